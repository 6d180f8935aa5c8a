/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets without a network, on the lab host and in a guest:
 *
 *     vsock answer PORT     gives each connection all bytes back that came, when it sends no more
 *     vsock ask CID PORT    sends standard input, prints the answer; tries for a minute to connect
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define MOST (16u << 20)

static char bytes[MOST];

static struct sockaddr_vm address(unsigned int cid, const char *port)
{
	return (struct sockaddr_vm){.svm_family = AF_VSOCK,
				    .svm_cid = cid,
				    .svm_port = (unsigned int)strtoul(port, NULL, 0)};
}

static size_t read_all(int fd)
{
	size_t len = 0;

	while (len < MOST) {
		const ssize_t got = read(fd, bytes + len, MOST - len);

		if (got < 0)
			err(1, "read");
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return len;
}

static void write_all(int fd, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t part = write(fd, bytes + done, len - done);

		if (part < 0)
			err(1, "write");
		done += (size_t)part;
	}
}

static void answer(const struct sockaddr_vm *at)
{
	const int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)) || listen(fd, 4))
		err(1, "listen");
	for (;;) {
		const int peer = accept(fd, NULL, NULL);

		if (peer < 0)
			err(1, "accept");
		write_all(peer, read_all(peer));
		close(peer);
	}
}

/* A guest that has not come so far refuses, or resets, or is not there. */
static int connect_to(const struct sockaddr_vm *at)
{
	const struct timespec moment = {.tv_nsec = 100000000};

	for (unsigned int i = 0; i < 600; i++) {
		const int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			err(1, "socket");
		if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
			return fd;
		close(fd);
		nanosleep(&moment, NULL);
	}
	errx(1, "nobody answers");
}

static void ask(const struct sockaddr_vm *at)
{
	const size_t len = read_all(STDIN_FILENO);
	const int fd = connect_to(at);

	write_all(fd, len);
	if (shutdown(fd, SHUT_WR))
		err(1, "shutdown");
	write_all(STDOUT_FILENO, read_all(fd));
}

int main(int argc, char **argv)
{
	struct sockaddr_vm at;

	if (argc == 3 && !strcmp(argv[1], "answer")) {
		at = address(VMADDR_CID_ANY, argv[2]);
		answer(&at);
	}
	if (argc != 4 || strcmp(argv[1], "ask") != 0)
		errx(2, "usage: vsock answer PORT | ask CID PORT");
	at = address((unsigned int)strtoul(argv[2], NULL, 0), argv[3]);
	ask(&at);
	return 0;
}
