/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a socket, on the lab host:
 *
 *     peer connect PATH     sends its input, and prints what comes until the other side hangs up
 *     peer datagrams PATH   prints the datagrams that come to PATH; one that begins with @ is a
 * name in no file system
 */
#include <err.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* False: FROM has ended. */
static int carry(int from, int to)
{
	char bytes[4096];
	ssize_t len = read(from, bytes, sizeof(bytes));

	for (ssize_t done = 0, put; done < len; done += put) {
		put = write(to, bytes + done, (size_t)(len - done));
		if (put < 0)
			err(1, "write");
	}
	return len > 0;
}

static void talk(int fd)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};

	for (;;) {
		poll(fds, 2, -1);
		if (fds[0].revents && !carry(STDIN_FILENO, fd))
			fds[0].fd = -1;
		if (fds[1].revents && !carry(fd, STDOUT_FILENO))
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int datagrams = argc == 3 && !strcmp(argv[1], "datagrams");
	const size_t len = argc == 3 ? strlen(argv[2]) : 0;
	int fd = socket(AF_UNIX, datagrams ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (!len || len >= sizeof(address.sun_path) ||
	    (!datagrams && strcmp(argv[1], "connect") != 0))
		errx(2, "usage: peer connect|datagrams PATH");
	memcpy(address.sun_path, argv[2], len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	const socklen_t used = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (datagrams ? bind(fd, (const struct sockaddr *)&address, used)
		      : connect(fd, (const struct sockaddr *)&address, used))
		err(1, "%s", argv[2]);
	if (!datagrams) {
		talk(fd);
		return 0;
	}
	while (carry(fd, STDOUT_FILENO))
		;
	return 0;
}
