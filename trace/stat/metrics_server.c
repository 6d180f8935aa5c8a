/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/metrics_server.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/socket_path.h"

#define PATIENCE_NS (10 * NS_PER_S) /* with a client that takes nothing */

struct client {
	int fd; /* -1: there is none */
	char *text;
	size_t len, sent;
	uint64_t until; /* then it is dropped, if it has taken nothing */
};

struct metrics_server {
	const char *path;
	struct stat own; /* what is at PATH, unless somebody has put something else there */
	metrics_text *text;
	void *opaque;
	int listener, ready; /* ready: an epoll of it and all clients */
	bool listening;	     /* it is among them: there is room for a client */
	struct client clients[METRICS_CLIENTS];
};

static bool watch(struct metrics_server *server, int operation, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(server->ready, operation, fd, &event) == 0;
}

struct metrics_server *metrics_server_new(const char *path, metrics_text *text, void *opaque)
{
	struct metrics_server *server = calloc(1, sizeof(*server));

	if (!server) {
		error("no memory");
		return NULL;
	}
	*server = (struct metrics_server){.path = path, .text = text, .opaque = opaque};
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		server->clients[i].fd = -1;
	server->ready = epoll_create1(EPOLL_CLOEXEC);
	server->listener = socket_path_listen("--openmetrics", path);
	if (server->listener >= 0 && server->ready >= 0 && lstat(path, &server->own) == 0 &&
	    watch(server, EPOLL_CTL_ADD, server->listener, EPOLLIN)) {
		server->listening = true;
		return server;
	}
	if (server->listener >= 0)
		error("--openmetrics %s: %s", path, strerror(errno));
	metrics_server_free(server);
	return NULL;
}

static void drop(struct client *client)
{
	/* Which takes it out of the epoll, too. */
	if (client->fd >= 0)
		close(client->fd);
	free(client->text);
	*client = (struct client){.fd = -1};
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		drop(&server->clients[i]);
	if (server->listener >= 0) {
		socket_path_remove(server->path, &server->own);
		close(server->listener);
	}
	if (server->ready >= 0)
		close(server->ready);
	free(server);
}

int metrics_server_fd(const struct metrics_server *server)
{
	return server->ready;
}

/* As much as it takes now. */
static void send_to(struct client *client)
{
	while (client->sent < client->len) {
		const ssize_t sent = send(client->fd, client->text + client->sent,
					  client->len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (clock_now() < client->until)
				return;
			break;
		}
		if (sent <= 0)
			break;
		client->sent += (size_t)sent;
		client->until = clock_now() + PATIENCE_NS;
	}
	drop(client);
}

static struct client *free_client(struct metrics_server *server)
{
	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

/* False: nobody waits, or nobody can be taken now (there is no descriptor, say). */
static bool take_client(struct metrics_server *server, struct client *client)
{
	client->fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client->fd < 0)
		return false;
	client->until = clock_now() + PATIENCE_NS;
	client->text = server->text(server->opaque, &client->len);
	if (!client->text || !watch(server, EPOLL_CTL_ADD, client->fd, EPOLLOUT))
		drop(client);
	else
		send_to(client);
	return true;
}

/* Whether there is a client to be taken, without waiting. */
static bool somebody_waits(const struct metrics_server *server)
{
	struct epoll_event events[METRICS_CLIENTS + 1];
	const int count = epoll_wait(server->ready, events, METRICS_CLIENTS + 1, 0);

	for (int i = 0; i < count; i++)
		if (events[i].data.fd == server->listener)
			return true;
	return false;
}

/* Where one cannot be taken, the listener would wake the caller again and again: it is asked again
 * at the next call. */
static void listen_if(struct metrics_server *server, bool wanted)
{
	if (server->listening != wanted)
		watch(server, EPOLL_CTL_MOD, server->listener, wanted ? EPOLLIN : 0);
	server->listening = wanted;
}

void metrics_server_serve(struct metrics_server *server)
{
	struct client *client;
	bool taken = true;

	for (size_t i = 0; i < METRICS_CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			send_to(&server->clients[i]);
	listen_if(server, free_client(server) != NULL);
	/* One that comes as soon as another is done would keep the caller here. */
	for (size_t i = 0; i < METRICS_CLIENTS && taken && (client = free_client(server)) &&
			   somebody_waits(server);
	     i++)
		taken = take_client(server, client);
	listen_if(server, taken && free_client(server) != NULL);
}
