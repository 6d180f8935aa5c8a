/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/socket_path.h"

bool gdb_is_port(const char *where)
{
	return *where && strspn(where, "0123456789") == strlen(where);
}

/* This machine's only: who is at a port may do everything to the guest. */
static int listen_at(unsigned int port, unsigned int *bound)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	const int on = 1;
	int why, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* That of an earlier VM may still wait for its last packets. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &len) == 0) {
		*bound = ntohs(address.sin_port);
		return fd;
	}
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static int listen_at_port(const char *where, char *address, char *why, size_t room)
{
	const unsigned long port = strtoul(where, NULL, 10);
	unsigned int bound;
	int fd;

	if (strlen(where) > 5 || port > UINT16_MAX) {
		snprintf(why, room, "gdb: %.32s: a port is a number up to 65535", where);
		return -1;
	}
	fd = listen_at((unsigned int)port, &bound);
	if (fd < 0)
		snprintf(why, room, "gdb: port %lu: %s: take another, or 0 for one that is free",
			 port, strerror(errno));
	else
		snprintf(address, room, "127.0.0.1:%u", bound);
	return fd;
}

int gdb_listen(const char *where, char *address, char *why, size_t room)
{
	char reason[128];
	int fd;

	if (gdb_is_port(where))
		return listen_at_port(where, address, why, room);
	fd = socket_path_open(where, reason, sizeof(reason));
	if (fd < 0)
		snprintf(why, room, "gdb: %.64s: %s", where, reason);
	else
		snprintf(address, room, "%s", where);
	return fd;
}
