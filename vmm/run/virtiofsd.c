/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/virtiofsd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define LISTENER 3 /* the number of its socket there */
#define END_MS	 3000

extern char **environ;

/* Distributions have it where programs are that nobody types. */
static const char *const places[] = {"/usr/libexec/virtiofsd",	     "/usr/lib/virtiofsd",
				     "/usr/lib/qemu/virtiofsd",	     "/usr/bin/virtiofsd",
				     "/usr/local/libexec/virtiofsd", "/usr/local/bin/virtiofsd"};

static const char *find_program(const char *option)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	error("%s: there is no virtiofsd on this host, which serves the folder: install the "
	      "package virtiofsd",
	      option);
	return NULL;
}

const char *virtiofsd_sandbox(unsigned int index)
{
	static const char *const of_root[] = {"namespace", "chroot", "none", NULL};
	static const char *const of_users[] = {"namespace", "none", NULL};

	return geteuid() == 0 ? of_root[index] : of_users[index];
}

/* ---- the socket: connected before the process exists, and without a name from then on ---- */

static bool meet(const struct sockaddr_un *address, int *listener, int *socket_fd)
{
	const struct sockaddr *name = (const struct sockaddr *)address;

	return bind(*listener, name, sizeof(*address)) == 0 && listen(*listener, 1) == 0 &&
	       connect(*socket_fd, name, sizeof(*address)) == 0;
}

/* In a folder that is this user's alone: nobody else gets in between. */
static bool make_sockets(const char *option, int *listener, int *socket_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/vhart-share.XXXXXX";
	bool good = false;

	*listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*listener >= 0 && *socket_fd >= 0 && mkdtemp(folder)) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
		good = meet(&address, listener, socket_fd);
		unlink(address.sun_path);
		rmdir(folder);
	}
	if (!good) {
		error("%s: no socket for virtiofsd: %s", option, strerror(errno));
		close(*listener);
		close(*socket_fd);
	}
	return good;
}

/* ---- the process ---- */

/* A session of its own: what is typed at the console is not for it. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
							    POSIX_SPAWN_SETSIGDEF);
}

static void set_files(posix_spawn_file_actions_t *actions, int listener, int words)
{
	posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(actions, words, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(actions, words, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(actions, listener, LISTENER);
	posix_spawn_file_actions_addclosefrom_np(actions, LISTENER + 1);
}

static int spawn(pid_t *pid, const char *const *arguments, int listener, int words)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int result;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	set_files(&actions, listener, words);
	set_attributes(&attributes);
	result = posix_spawn(pid, arguments[0], &actions, &attributes,
			     (char *const *)(uintptr_t)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return result;
}

/* SOCKET_FD is moved beyond LISTENER, so that dup2() does not leave it close-on-exec. */
int virtiofsd_spawn(struct virtiofsd *process, const char *const *arguments, int socket_fd)
{
	int ends[2], high, result;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return errno;
	high = fcntl(socket_fd, F_DUPFD_CLOEXEC, LISTENER + 1);
	result = high < 0 ? errno : spawn(&process->pid, arguments, high, ends[1]);
	close(high);
	close(ends[1]);
	process->words = ends[0];
	process->pidfd = result ? -1 : pidfd_open(process->pid, 0);
	if (result) {
		close(ends[0]);
		process->pid = 0;
	}
	return result;
}

/* 0, or an errno. */
static int run(struct virtiofsd *process, const char *program, const struct config_backend *share,
	       const char *sandbox, int listener_fd)
{
	const char *arguments[10] = {program,	  "--fd=3", "--shared-dir",	 share->share,
				     "--sandbox", sandbox,  "--log-level=error", NULL};
	unsigned int count = 7;

	if (share->read_only)
		arguments[count++] = "--readonly";
	/* A root has mounts below it, and a guest that is told of them cannot reach all of them. */
	if (share->root)
		arguments[count++] = "--no-announce-submounts";
	return virtiofsd_spawn(process, arguments, listener_fd);
}

bool virtiofsd_start(struct virtiofsd *process, const struct config_backend *share,
		     const char *sandbox, int *socket_fd)
{
	const char *option = share->root ? "--root" : "--share";
	const char *program = find_program(option);
	int listener, result;

	*process = (struct virtiofsd){.pid = 0};
	if (!program || !make_sockets(option, &listener, socket_fd))
		return false;
	result = run(process, program, share, sandbox, listener);
	close(listener);
	if (result == 0)
		return true;
	close(*socket_fd);
	error("%s %s: %s does not start: %s", option, share->share, program, strerror(result));
	return false;
}

/* "[2026-01-01T00:00:00Z ERROR virtiofsd] words" */
static const char *without_time(const char *line)
{
	const char *end = *line == '[' ? strstr(line, "] ") : NULL;

	return end ? end + 2 : line;
}

void virtiofsd_last_words(const struct virtiofsd *process, char *words, size_t size)
{
	char bytes[4096];
	ssize_t len = read(process->words, bytes, sizeof(bytes) - 1);
	char *line;

	*words = '\0';
	if (len <= 0)
		return;
	bytes[len] = '\0';
	/* What a Rust program that panics says of itself is behind the reason. */
	line = strstr(bytes, "\nnote: run with");
	if (line)
		len = line - bytes;
	bytes[len] = '\0';
	while (len > 0 && bytes[len - 1] == '\n')
		bytes[--len] = '\0';
	line = strrchr(bytes, '\n');
	snprintf(words, size, "%s", without_time(line ? line + 1 : bytes));
}

bool virtiofsd_await_end(const struct virtiofsd *process)
{
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

	return poll(&ended, 1, END_MS) > 0;
}

void virtiofsd_end(struct virtiofsd *process)
{
	if (!process->pid)
		return;
	/* With the child that does the work, where it has one. */
	if (!virtiofsd_await_end(process))
		kill(-process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(process->pidfd);
	close(process->words);
	process->pid = 0;
}
