/* SPDX-License-Identifier: Apache-2.0 */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

void blob_free(struct blob *blob)
{
	free(blob->bytes);
	*blob = (struct blob){0};
}

static bool read_all(int fd, uint8_t *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = pread(fd, bytes + done, len - done, (off_t)done);
		if (got > 0) {
			done += (size_t)got;
		} else if (got == 0) {
			errno = 0; /* shorter than it was a moment ago */
			return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool is_regular(const struct stat *status, const char *what, const char *path)
{
	if (S_ISREG(status->st_mode))
		return true;
	error("%s %s is %s: a regular file is needed", what, path,
	      S_ISDIR(status->st_mode) ? "a directory" : "a device, pipe or socket");
	return false;
}

static void too_big(const char *what, const char *path, uint64_t size, uint64_t limit,
		    const char *way_out)
{
	const bool small = limit < 1u << 20;
	const unsigned int shift = small ? 10 : 20;

	error("%s %s is too big: it has %" PRIu64 " %s, and no more than %" PRIu64 " are taken%s%s",
	      what, path, (size + (1u << shift) - 1) >> shift, small ? "KiB" : "MiB",
	      limit >> shift, way_out ? ": " : "", way_out ? way_out : "");
}

bool file_load_open(int fd, const char *what, const char *path, uint64_t limit, const char *way_out,
		    struct blob *blob)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		error("%s %s: %s", what, path, strerror(errno));
		return false;
	}
	if (!is_regular(&status, what, path))
		return false;
	if (status.st_size == 0) {
		error("%s %s is empty", what, path);
		return false;
	}
	if ((uint64_t)status.st_size > limit) {
		too_big(what, path, (uint64_t)status.st_size, limit, way_out);
		return false;
	}
	blob->len = (size_t)status.st_size;
	blob->bytes = malloc(blob->len);
	if (!blob->bytes) {
		error("%s %s: no memory for its %zu MiB", what, path, blob->len >> 20);
		return false;
	}
	if (!read_all(fd, blob->bytes, blob->len)) {
		error("%s %s: %s", what, path,
		      errno ? strerror(errno) : "it became shorter while being read");
		blob_free(blob);
		return false;
	}
	return true;
}

int file_open(const char *what, const char *path)
{
	struct stat status;
	int fd;

	/* Opening is an order to some devices: a watchdog starts. */
	if (stat(path, &status) == 0 && !is_regular(&status, what, path))
		return -1;
	/* Non-blocking: a pipe that nobody writes to must not hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		error("%s %s: %s", what, path, strerror(errno));
	return fd;
}

bool file_load(const char *what, const char *path, uint64_t limit, struct blob *blob)
{
	bool loaded;
	int fd;

	*blob = (struct blob){0};
	fd = file_open(what, path);
	if (fd < 0)
		return false;
	loaded = file_load_open(fd, what, path, limit, NULL, blob);
	close(fd);
	return loaded;
}
