/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define TRIES 16 /* that its owner takes it away while we look at it */

static int lock(int fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &all);
}

/* Whether there is nothing in it, or a number, with or without a newline, which TEXT has then. */
static bool read_number(int fd, char text[32])
{
	const ssize_t len = pread(fd, text, 32, 0);
	size_t digits;

	if (len < 0 || len == 32)
		return false;
	text[len] = '\0';
	digits = strspn(text, "0123456789");
	if (digits < (size_t)len && (text[digits] != '\n' || digits + 1 < (size_t)len))
		return false;
	text[digits] = '\0';
	return true;
}

static bool refuse(const struct pidfile *file, int fd, const char *why)
{
	error("--pidfile %s: %s", file->path, why);
	if (fd >= 0)
		close(fd);
	return false;
}

static bool refuse_locked(const struct pidfile *file, int fd)
{
	char text[32], why[96];
	const bool known = read_number(fd, text) && *text;

	snprintf(why, sizeof(why),
		 "process %s has it, and lives: end that one, or take another name",
		 known ? text : "(unknown)");
	return refuse(file, fd, why);
}

/* Still the file of that name, and not what its owner has just taken away. */
static bool is_at_path(const struct pidfile *file, int fd)
{
	struct stat is, named;

	return fstat(fd, &is) == 0 && stat(file->path, &named) == 0 && is.st_dev == named.st_dev &&
	       is.st_ino == named.st_ino;
}

/* Its number goes into FD, which is locked. */
static bool take(struct pidfile *file, int fd)
{
	char text[32];
	int len;

	if (!read_number(fd, text))
		return refuse(file, fd, "there is something else in this file: take another name");
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	errno = ENOSPC; /* of a short write */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return refuse(file, fd, strerror(errno));
	file->fd = fd;
	return true;
}

bool pidfile_open(struct pidfile *file, const char *path)
{
	*file = (struct pidfile){.path = path, .fd = -1};
	for (int tries = 0; tries < TRIES; tries++) {
		struct stat is;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

		if (fd < 0)
			return refuse(file, fd, strerror(errno));
		if (fstat(fd, &is) < 0 || !S_ISREG(is.st_mode))
			return refuse(file, fd, "expected a file: take another name");
		if (lock(fd) < 0 && (errno == EAGAIN || errno == EACCES))
			return refuse_locked(file, fd);
		if (lock(fd) < 0)
			return refuse(file, fd, strerror(errno));
		if (is_at_path(file, fd))
			return take(file, fd);
		close(fd);
	}
	return refuse(file, -1, "other processes come and go there: take another name");
}

void pidfile_close(struct pidfile *file)
{
	if (file->fd < 0)
		return;
	/* Who opens it now finds, with the lock, that it is gone. */
	if (is_at_path(file, file->fd))
		unlink(file->path);
	close(file->fd);
	file->fd = -1;
}
