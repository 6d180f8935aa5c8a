/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP, on the lab host and in a guest:
 *
 *     datagram answer ADDRESS PORT     answers each datagram with "answer to " and what it said
 *     datagram ask ADDRESS PORT TEXT   prints the answer; asks again each second, ten times at most
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void answer(int fd, const struct sockaddr_in *address)
{
	struct sockaddr_in from;
	char text[2048] = "answer to ";
	const size_t begin = strlen(text);

	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		err(1, "bind");
	for (;;) {
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(fd, text + begin, sizeof(text) - begin, 0,
				       (struct sockaddr *)&from, &from_len);

		if (len < 0)
			err(1, "recvfrom");
		if (sendto(fd, text, begin + (size_t)len, 0, (struct sockaddr *)&from, from_len) <
		    0)
			err(1, "sendto");
	}
}

static int ask(int fd, const struct sockaddr_in *address, const char *question)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char text[2048];

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		err(1, "connect");
	for (unsigned int i = 0; i < 10; i++) {
		/* A port that nobody has yet is an error of the one before. */
		ssize_t len = send(fd, question, strlen(question), 0);

		if (poll(&ready, 1, 1000) <= 0)
			continue;
		len = recv(fd, text, sizeof(text), 0);
		if (len < 0)
			continue;
		printf("%.*s\n", (int)len, text);
		return 0;
	}
	errx(1, "no answer");
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc < 4 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1)
		errx(2, "usage: datagram answer|ask ADDRESS PORT [TEXT]");
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	if (!strcmp(argv[1], "answer"))
		answer(fd, &address);
	return argc == 5 ? ask(fd, &address, argv[4]) : 2;
}
