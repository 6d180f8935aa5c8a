/* SPDX-License-Identifier: Apache-2.0 */
/* CMD's process. */
#include <errno.h>
#include <fcntl.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

#define PATH_ROOM  4096u
#define WORDS_MOST 65536u

static const char search_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* What execve() takes. */
struct words {
	const char *home, *user, *logname, *pwd;
	/* One place more in front, for the shell of a script that names none. */
	const char *arguments[WORDS_MOST + 2];
};

/* False: too many. */
static bool cut_words(struct words *cut, const char *words, size_t len)
{
	size_t count = 0;

	for (size_t at = 0; at < len; at += strlen(words + at) + 1) {
		if (count == WORDS_MOST)
			return false;
		cut->arguments[1 + count++] = words + at;
	}
	return count > 0;
}

static long execute(const struct words *words, const char *path, const char *const *arguments)
{
	const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		words->home,
		words->user,
		words->logname,
		"SHELL=/bin/sh",
		"TERM=dumb",
		words->pwd,
		NULL,
	};

	return CALL3(SYS_execve, path, arguments, environment);
}

/* As execvp() does it. Returns -errno. */
static long run_file(struct words *words, const char *path)
{
	long result = execute(words, path, words->arguments + 1);

	if (result != -ENOEXEC)
		return result;
	words->arguments[0] = "/bin/sh";
	words->arguments[1] = path;
	return execute(words, words->arguments[0], words->arguments);
}

/* The next folder of the search path, in PATH with NAME behind it. NULL: there is no more. */
static const char *next_path(const char *from, const char *name, char path[PATH_ROOM])
{
	size_t len = 0;

	if (!*from)
		return NULL;
	while (from[len] && from[len] != ':')
		len++;
	path[0] = '\0';
	if (len + 1 + strlen(name) < PATH_ROOM) {
		memcpy(path, from, len);
		path[len] = '/';
		memcpy(path + len + 1, name, strlen(name) + 1);
	}
	return from + len + (from[len] == ':');
}

static long run_words(struct words *words)
{
	const char *name = words->arguments[1], *at = search_path;
	char path[PATH_ROOM];
	long result = -ENOENT;

	for (size_t i = 0; name[i]; i++)
		if (name[i] == '/')
			return run_file(words, name);
	while (*name && (at = next_path(at, name, path)) != NULL) {
		long tried = run_file(words, path);
		/* A file that may not be run says more than one that is not there. */
		if (tried != -ENOENT && tried != -ENOTDIR)
			result = tried;
	}
	return result;
}

/* Who CMD is, and where. */
static void settle(struct words *words, const struct command_root *root)
{
	if (!root) {
		words->home = sys_exists("/root") ? "HOME=/root" : "HOME=/";
		words->user = "USER=root";
		words->logname = "LOGNAME=root";
		words->pwd = "PWD=/";
		return;
	}
	words->home = root->home;
	words->user = root->user;
	words->logname = root->logname;
	root_become_user(root);
	words->pwd = root_go_to_folder(root);
}

static void become_command(struct words *words, const struct command_root *root, const int fds[3],
			   int failure)
{
	uint32_t failed;

	CALL0(SYS_setsid);
	for (int i = 0; i < 3; i++)
		CALL3(SYS_dup3, fds[i], i, 0);
	settle(words, root);
	failed = (uint32_t)-run_words(words);
	sys_write(failure, &failed, sizeof(failed));
	sys_exit(127);
}

static bool make_pipe(int ends[2])
{
	return CALL2(SYS_pipe2, ends, O_CLOEXEC) == 0;
}

static void never_wait(int fd)
{
	CALL3(SYS_fcntl, fd, F_SETFL, CALL2(SYS_fcntl, fd, F_GETFL) | O_NONBLOCK);
}

struct spawned spawn(const char *words, size_t len, const struct command_root *root)
{
	static struct words cut;
	struct spawned spawned = {.in = -1, .out = -1, .err = -1};
	int in[2], out[2], err[2], failure[2];

	if (!cut_words(&cut, words, len)) {
		spawned.failed = E2BIG;
		return spawned;
	}
	if (!make_pipe(in) || !make_pipe(out) || !make_pipe(err) || !make_pipe(failure)) {
		spawned.failed = EMFILE;
		return spawned;
	}
	spawned.pid = sys_fork();
	if (spawned.pid == 0)
		become_command(&cut, root, (const int[]){in[0], out[1], err[1]}, failure[1]);
	sys_close(in[0]);
	sys_close(out[1]);
	sys_close(err[1]);
	sys_close(failure[1]);
	if (spawned.pid < 0)
		spawned.failed = (uint32_t)-spawned.pid;
	else if (sys_read(failure[0], &spawned.failed, sizeof(spawned.failed)) <= 0)
		spawned.failed = 0;
	sys_close(failure[0]);
	spawned.in = in[1];
	spawned.out = out[0];
	spawned.err = err[0];
	never_wait(spawned.in);
	never_wait(spawned.out);
	never_wait(spawned.err);
	return spawned;
}
