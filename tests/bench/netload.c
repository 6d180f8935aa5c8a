/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP between a guest and the host, and how long it took:
 *
 *     netload serve PORT                          on the host: prints its process id once it
 * listens netload out|in|trips ADDRESS PORT CARD COUNT
 *
 * The guest always calls: that is the way that every user network has. COUNT bytes go out of the
 * guest or come in, or a byte goes out and is answered COUNT times. The line:
 * "netload out|in|trips COUNT NANOSECONDS SENT RECEIVED", the last two being packets of CARD (eth0,
 * say), as its driver counts them: one that the card is left to cut into segments is one. What is
 * slow only once (the first packets of a connection, the guest's pages) comes before, with less of
 * the same, on the same connection.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE 131072u

/* What the guest asks for: two rounds, of which the second is measured. */
struct request {
	char kind; /* the first letter */
	uint64_t counts[2];
};

static char piece[PIECE];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void give(int fd, uint64_t count)
{
	while (count > 0) {
		ssize_t sent = send(fd, piece, count < PIECE ? count : PIECE, MSG_NOSIGNAL);

		if (sent < 0)
			err(1, "send");
		count -= (uint64_t)sent;
	}
}

static void take(int fd, uint64_t count)
{
	while (count > 0) {
		ssize_t got = recv(fd, piece, count < PIECE ? count : PIECE, 0);

		if (got < 0)
			err(1, "recv");
		if (got == 0)
			errx(1, "the connection ended %llu bytes early", (unsigned long long)count);
		count -= (uint64_t)got;
	}
}

/* One round, as the guest has it and as the host has it. */
static void ask(int fd, char kind, uint64_t count)
{
	switch (kind) {
	case 'o':
		give(fd, count);
		take(fd, 1);
		break;
	case 'i':
		give(fd, 1);
		take(fd, count);
		break;
	default:
		for (uint64_t i = 0; i < count; i++) {
			give(fd, 1);
			take(fd, 1);
		}
	}
}

static void answer(int fd, char kind, uint64_t count)
{
	switch (kind) {
	case 'o':
		take(fd, count);
		give(fd, 1);
		break;
	case 'i':
		take(fd, 1);
		give(fd, count);
		break;
	default:
		for (uint64_t i = 0; i < count; i++) {
			take(fd, 1);
			give(fd, 1);
		}
	}
}

static void at_once(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
		err(1, "TCP_NODELAY");
}

static void serve(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct request request;

	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 4))
		err(1, "port %u", port);
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid > 0) {
		printf("%d\n", (int)pid);
		return;
	}
	close(STDOUT_FILENO);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			err(1, "accept");
		/* A guest that dies takes only its own connection with it. */
		if (fork() == 0) {
			at_once(fd);
			if (recv(fd, &request, sizeof(request), MSG_WAITALL) !=
			    (ssize_t)sizeof(request))
				errx(1, "a request that is none");
			for (unsigned int round = 0; round < 2; round++)
				answer(fd, request.kind, request.counts[round]);
			_exit(0);
		}
		close(fd);
	}
}

static uint64_t packets_of(const char *card, const char *way)
{
	char path[128];
	unsigned long long count = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s_packets", card, way);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &count) != 1)
		err(1, "%s", path);
	fclose(file);
	return count;
}

static void measure(int fd, const char *kind, const char *card, uint64_t count)
{
	struct request request;

	memset(&request, 0, sizeof(request));
	request.kind = kind[0];
	request.counts[0] = count / 16 + 1;
	request.counts[1] = count;
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		err(1, "send");
	ask(fd, request.kind, request.counts[0]);
	uint64_t sent = packets_of(card, "tx"), received = packets_of(card, "rx");
	uint64_t start = now_ns();

	ask(fd, request.kind, request.counts[1]);
	uint64_t ns = now_ns() - start;

	printf("netload %s %llu %llu %llu %llu\n", kind, (unsigned long long)count,
	       (unsigned long long)ns, (unsigned long long)(packets_of(card, "tx") - sent),
	       (unsigned long long)(packets_of(card, "rx") - received));
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (argc == 3 && !strcmp(argv[1], "serve")) {
		serve((uint16_t)atoi(argv[2]));
		return 0;
	}
	if (argc != 6 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1)
		errx(2, "usage: netload serve PORT | out|in|trips ADDRESS PORT CARD COUNT");
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s:%s", argv[2], argv[3]);
	at_once(fd);
	measure(fd, argv[1], argv[4], strtoull(argv[5], NULL, 10));
	return 0;
}
