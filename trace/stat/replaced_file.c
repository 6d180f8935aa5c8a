/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/replaced_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Whatever else is there would be gone: a device, a link to a file elsewhere. */
static bool can_be_replaced(const char *option, const char *path)
{
	struct stat is;

	if (lstat(path, &is) < 0 || S_ISREG(is.st_mode))
		return true;
	error("%s %s: it is no ordinary file, and would be replaced: give the path of one", option,
	      path);
	return false;
}

/* As fopen() makes files: with what the umask leaves. */
static bool set_mode(int fd)
{
	const mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0;
}

static bool write_all(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t wrote = write(fd, text + done, len - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		done += (size_t)wrote;
	}
	return true;
}

static void say_why(const char *option, const char *path, int why)
{
	error("%s %s: %s: its folder must take another file beside it", option, path,
	      strerror(why));
}

/* The file that is to take PATH's place; BESIDE becomes its path. -1 after error(). */
static int open_beside(const char *option, const char *path, char beside[PATH_MAX])
{
	int fd;

	if (!can_be_replaced(option, path))
		return -1;
	if (snprintf(beside, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
		error("%s: the path is too long: give a shorter one", option);
		return -1;
	}
	fd = mkstemp(beside);
	if (fd < 0)
		say_why(option, path, errno);
	return fd;
}

bool replaced_file_can(const char *option, const char *path)
{
	char beside[PATH_MAX];
	const int fd = open_beside(option, path, beside);

	if (fd < 0)
		return false;
	close(fd);
	unlink(beside);
	return true;
}

bool replaced_file_write(const char *option, const char *path, const char *text, size_t len)
{
	char beside[PATH_MAX];
	const int fd = open_beside(option, path, beside);
	int why;

	if (fd < 0)
		return false;
	bool good = set_mode(fd) && write_all(fd, text, len);
	why = errno;
	/* Some file systems say only here that there is no room. */
	if (close(fd) != 0 && good) {
		why = errno;
		good = false;
	}
	if (good && rename(beside, path) != 0) {
		why = errno;
		good = false;
	}
	if (!good) {
		say_why(option, path, why);
		unlink(beside);
	}
	return good;
}

bool replaced_file_print(const char *option, const char *path, int (*print)(void *opaque, FILE *to),
			 void *opaque)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int failed = to ? print(opaque, to) : -ENOMEM;

	if (to && fclose(to) != 0 && !failed)
		failed = -errno;
	if (failed)
		error("%s %s: %s", option, path, strerror(-failed));
	const bool good = !failed && replaced_file_write(option, path, text, len);
	free(text);
	return good;
}
