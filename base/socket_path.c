/* SPDX-License-Identifier: Apache-2.0 */

#include "base/socket_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 16

static bool fill(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address->sun_path, path, strlen(path));
	return true;
}

static int connect_to(const char *path, int flags)
{
	struct sockaddr_un address;
	int fd, why;

	if (!fill(&address, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

int socket_path_connect(const char *path)
{
	return connect_to(path, 0);
}

int socket_path_connect_at_once(const char *path)
{
	return connect_to(path, SOCK_NONBLOCK);
}

/* What an earlier run left that was killed. */
static bool is_left_over(const char *path)
{
	struct stat is;
	int fd;

	if (lstat(path, &is) < 0 || !S_ISSOCK(is.st_mode))
		return false;
	/* One whose owner is stopped and whose queue is full would make this wait. */
	fd = socket_path_connect_at_once(path);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ECONNREFUSED;
}

/* The mode is set before the name appears: the socket's own, which bind() takes. */
static int bind_at(int fd, const struct sockaddr_un *address)
{
	if (fchmod(fd, 0600) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)address, sizeof(*address));
}

static const char *why_not(int number)
{
	switch (number) {
	case EADDRINUSE: return "there is something already: take another name";
	case ENOENT: return "there is no such folder: make it first";
	default: return strerror(number);
	}
}

int socket_path_open(const char *path, char *why, size_t room)
{
	struct sockaddr_un address;
	int fd, result;

	if (!fill(&address, path)) {
		snprintf(why, room, "a socket's path has at most %zu bytes: take a shorter one",
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	result = fd < 0 ? -1 : bind_at(fd, &address);
	if (result < 0 && errno == EADDRINUSE && is_left_over(path)) {
		unlink(path);
		result = bind_at(fd, &address);
	}
	if (result == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	snprintf(why, room, "%s", why_not(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int socket_path_listen(const char *option, const char *path)
{
	char why[128];
	int fd = socket_path_open(path, why, sizeof(why));

	if (fd < 0)
		error("%s %s: %s", option, path, why);
	return fd;
}

void socket_path_remove(const char *path, const struct stat *own)
{
	struct stat now;

	if (lstat(path, &now) == 0 && now.st_dev == own->st_dev && now.st_ino == own->st_ino)
		unlink(path);
}
