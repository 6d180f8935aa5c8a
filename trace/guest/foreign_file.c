/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/foreign_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/openat2.h>

#include "base/image_formats.h"
#include "trace/guest/helper.h"

/* Reading takes so long at most, ns: the largest kernel from a slow disk. */
#define PATIENCE 30000000000ull
#define PIECE	 65536u
/* What is looked at before the rest is read. */
#define BEGINNING 64u

/* ---- whose it is ---- */

/* What follows NAME at the beginning of a line. A process may have it in its own name, too. */
static const char *line_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (text && strncmp(text, name, length) != 0) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text ? text + length : NULL;
}

bool foreign_user_read(const char *text, struct foreign_user *user)
{
	const char *uid = line_of(text, "Uid:"), *gid = line_of(text, "Gid:");
	const char *groups = line_of(text, "Groups:");
	char *end;

	*user = (struct foreign_user){0};
	if (!uid || !gid || !groups || sscanf(uid, "%u", &user->uid) != 1 ||
	    sscanf(gid, "%u", &user->gid) != 1)
		return false;
	while (user->group_count < FOREIGN_GROUPS) {
		groups += strspn(groups, " \t");
		unsigned long group = strtoul(groups, &end, 10);

		if (*groups < '0' || *groups > '9')
			break;
		user->groups[user->group_count++] = (gid_t)group;
		groups = end;
	}
	return true;
}

/* ---- in the helper ---- */

/* What comes before the file's bytes. */
struct answer {
	enum { ANSWER_FILE, ANSWER_ERROR, ANSWER_KIND, ANSWER_SIZE } what;
	int error;
	uint64_t size;
};

struct request {
	pid_t pid;
	const char *folder; /* NULL: what PATH means is not up to one */
	const char *path;
	uint64_t limit;
	bool text;
};

struct foreign_process {
	struct foreign_user user;
	int root, cwd;
};

/* All by one handle: a process of the same number that comes later is another one. */
static bool look_at_process(pid_t pid, struct foreign_process *process)
{
	char path[64], text[16384];
	ssize_t size = -1;
	int proc, status;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return false;
	status = openat(proc, "status", O_RDONLY | O_CLOEXEC);
	if (status >= 0)
		size = read(status, text, sizeof(text) - 1);
	if (size < 0)
		return false;
	text[size] = '\0';
	process->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	process->cwd = openat(proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	errno = EACCES;
	return foreign_user_read(text, &process->user) && process->root >= 0 && process->cwd >= 0;
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capset, &header, none) == 0;
}

/*
 * From here on this process is as little as the other one's user. Who may not become that is that
 * user, or no more than it: then its own rights have to do.
 */
static bool become(const struct foreign_process *process)
{
	const struct foreign_user *user = &process->user;

	if (geteuid() == 0 && (fchdir(process->root) < 0 || chroot(".") < 0))
		return false;
	if (geteuid() == 0 && user->uid != 0 &&
	    (setgroups(user->group_count, user->groups) < 0 ||
	     setresgid(user->gid, user->gid, user->gid) < 0 ||
	     setresuid(user->uid, user->uid, user->uid) < 0))
		return false;
	return drop_capabilities() && fchdir(process->cwd) == 0;
}

/* What PATH is, without opening it. */
static int find(const struct foreign_process *process, const struct request *request)
{
	const char *path = request->path;
	bool in_root = request->folder || (*path == '/' && process->root != AT_FDCWD);
	/* A link of /proc leads to what its process has open, whoever may see that. */
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
				     .resolve = RESOLVE_NO_MAGICLINKS |
						(in_root ? RESOLVE_IN_ROOT : 0)};

	return (int)syscall(SYS_openat2, in_root ? process->root : AT_FDCWD, path, &how,
			    sizeof(how));
}

/* Opens what FOUND is, if it is a regular file of a possible size. OWN is /proc/self/fd. */
static int open_found(int own, int found, const struct request *request, struct answer *answer)
{
	struct stat status;
	char name[16];
	int fd;

	answer->what = ANSWER_ERROR;
	if (fstat(found, &status) < 0) {
		answer->error = errno;
		return -1;
	}
	answer->size = (uint64_t)status.st_size;
	if (!S_ISREG(status.st_mode))
		answer->what = ANSWER_KIND;
	else if (answer->size > request->limit)
		answer->what = ANSWER_SIZE;
	else
		answer->what = ANSWER_FILE;
	if (answer->what != ANSWER_FILE)
		return -1;
	snprintf(name, sizeof(name), "%d", found);
	fd = openat(own, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		*answer = (struct answer){.what = ANSWER_ERROR, .error = errno};
	return fd;
}

static void send_bytes(int fd, uint64_t left, int out)
{
	static char bytes[PIECE];

	while (left > 0) {
		ssize_t got = read(fd, bytes, left < sizeof(bytes) ? (size_t)left : sizeof(bytes));

		if (got <= 0 || !helper_write(out, bytes, (size_t)got))
			return;
		left -= (uint64_t)got;
	}
}

/* Makes this process the one that REQUEST is about. False with errno. */
static bool go_to(const struct request *request, struct foreign_process *process)
{
	*process = (struct foreign_process){.root = AT_FDCWD, .cwd = AT_FDCWD};
	if (request->folder) {
		process->root = open(request->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return process->root >= 0;
	}
	return !request->pid || (look_at_process(request->pid, process) && become(process));
}

static void read_for(void *opaque, int out)
{
	const struct request *request = opaque;
	struct answer answer = {.what = ANSWER_ERROR};
	struct foreign_process process;
	int own = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC), found, fd = -1;

	if (own >= 0 && go_to(request, &process)) {
		found = find(&process, request);
		answer.error = errno;
		if (found >= 0)
			fd = open_found(own, found, request, &answer);
	} else {
		answer.error = errno;
	}
	if (helper_write(out, &answer, sizeof(answer)) && fd >= 0)
		send_bytes(fd, answer.size, out);
}

/* ---- what came ---- */

/* As image_unpack() and the loaders know them. */
static bool begins_as_kernel(const struct blob *file)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

	return image_is_elf(file) || image_is_linux(file) || image_has(file, 0, gzip, 2) ||
	       image_has(file, 0, zstd, 4) || image_has(file, 4, "zimg", 4);
}

static bool refuse_answer(const struct answer *answer, uint64_t limit,
			  char message[IMAGE_MESSAGE_MAX])
{
	switch (answer->what) {
	case ANSWER_KIND: return image_refuse(message, "is no regular file");
	case ANSWER_SIZE:
		return image_refuse(message, "has more than %" PRIu64 " MiB", limit >> 20);
	default: return image_refuse(message, "%s", strerror(answer->error));
	}
}

static bool read_answer(const struct helper *helper, uint64_t limit, struct answer *answer,
			char message[IMAGE_MESSAGE_MAX])
{
	if (!helper_read(helper, answer, sizeof(*answer)))
		return image_refuse(message, "%s", errno ? strerror(errno) : "cannot be read");
	if (answer->what != ANSWER_FILE)
		return refuse_answer(answer, limit, message);
	return answer->size <= limit || image_refuse(message, "is too large");
}

static bool refuse_rest(char message[IMAGE_MESSAGE_MAX])
{
	return image_refuse(message, "%s",
			    errno ? strerror(errno) : "became shorter while being read");
}

static bool read_file(const struct helper *helper, const struct request *request, struct blob *file,
		      char message[IMAGE_MESSAGE_MAX])
{
	struct answer answer;
	uint8_t beginning[BEGINNING];
	struct blob first = {.bytes = beginning};

	if (!read_answer(helper, request->limit, &answer, message))
		return false;
	first.len = answer.size < sizeof(beginning) ? answer.size : sizeof(beginning);
	if (!request->text && first.len < sizeof(beginning))
		return image_refuse(message, "is no kernel");
	if (!helper_read(helper, beginning, first.len))
		return refuse_rest(message);
	if (!request->text && !begins_as_kernel(&first))
		return image_refuse(message, "is no kernel");
	*file = (struct blob){.bytes = malloc(answer.size + 1), .len = answer.size};
	if (!file->bytes)
		return image_refuse(message, "finds no memory");
	memcpy(file->bytes, beginning, first.len);
	if (helper_read(helper, file->bytes + first.len, file->len - first.len))
		return true;
	refuse_rest(message);
	blob_free(file);
	return false;
}

static bool load(struct request *request, struct blob *file, char message[IMAGE_MESSAGE_MAX])
{
	struct helper helper;
	bool good;

	*file = (struct blob){0};
	if (!helper_start(&helper, read_for, request, PATIENCE))
		return image_refuse(message, "%s", strerror(errno));
	good = read_file(&helper, request, file, message);
	helper_end(&helper);
	return good;
}

bool foreign_file_load(pid_t pid, const char *path, uint64_t limit, struct blob *file,
		       char message[IMAGE_MESSAGE_MAX])
{
	return load(&(struct request){.pid = pid, .path = path, .limit = limit}, file, message);
}

bool foreign_file_load_in(const char *folder, const char *path, bool text, uint64_t limit,
			  struct blob *file, char message[IMAGE_MESSAGE_MAX])
{
	return load(&(struct request){.folder = folder, .path = path, .limit = limit, .text = text},
		    file, message);
}
