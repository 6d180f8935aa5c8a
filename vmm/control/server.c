/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "vmm/control/control.h"
#include "vmm/control/event_json.h"
#include "vmm/control/protocol.h"
#include "vmm/control/socket_path.h"
#include "vmm/control/verbs.h"

#define CLIENTS_MAX   16u
#define LAST_WORDS_NS NS_PER_S	      /* for what is to be sent at the end, to all */
#define SEND_NS	      (10 * NS_PER_S) /* a client that reads nothing for so long is gone */
#define PATIENCE_MS   100	      /* until there may be a descriptor again */

struct client {
	struct server *server;
	pthread_t thread;
	bool used;	  /* has a thread */
	atomic_bool over; /* which has ended, or is about to */
	int fd;
	struct events *told;  /* what it listens to */
	struct events *waits; /* what its verbs wait for */
	struct protocol_lines lines;
	bool asks;  /* there may be more requests */
	bool reads; /* what it is sent */
};

struct server {
	struct control *control;
	const char *path;
	struct stat own; /* what is at PATH, unless somebody has put something else there */
	int fd;
	int end_fd;	       /* readable: the machine is over */
	atomic_ullong last_ns; /* then, CLOCK_MONOTONIC: nothing is sent any more */
	pthread_t thread;
	struct client clients[CLIENTS_MAX]; /* the accepting thread's */
};

/* ---- one client ---- */

static bool is_over(struct server *server)
{
	return atomic_load(&server->last_ns) != UINT64_MAX;
}

/* The end of the machine wakes it, as that leaves less time. */
static bool wait_for_room(struct client *client, uint64_t until_ns)
{
	struct server *server = client->server;
	const uint64_t last_ns = atomic_load(&server->last_ns), now = clock_now();
	const uint64_t limit_ns = last_ns < until_ns ? last_ns : until_ns;
	struct pollfd fds[2] = {
		{.fd = client->fd, .events = POLLOUT},
		{.fd = last_ns == UINT64_MAX ? server->end_fd : -1, .events = POLLIN}};

	if (now >= limit_ns)
		return false;
	poll(fds, 2, (int)((limit_ns - now) / 1000000 + 1));
	return true;
}

static void send_all(struct client *client, const char *bytes, size_t len)
{
	uint64_t until_ns = clock_now() + SEND_NS;

	while (len > 0 && client->reads) {
		ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
			until_ns = clock_now() + SEND_NS;
		} else {
			client->reads = sent < 0 && (errno == EAGAIN || errno == EINTR) &&
					wait_for_room(client, until_ns);
		}
	}
}

static void send_object(struct client *client, json_object *object)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	send_all(client, text, len);
	send_all(client, "\n", 1);
	json_object_put(object);
}

static void greet(struct client *client)
{
	const char *name = client->server->control->config->name;
	json_object *greeting = json_object_new_object();

	json_object_object_add(greeting, "vhart", json_object_new_string(VHART_VERSION));
	json_object_object_add(greeting, "protocol", json_object_new_int(PROTOCOL_VERSION));
	json_object_object_add(greeting, "name", json_of_bytes(name, strlen(name)));
	json_object_object_add(greeting, "pid", json_object_new_int((int)getpid()));
	send_object(client, greeting);
}

static void answer(struct client *client, const char *line, size_t len)
{
	struct verb_call call = {.control = client->server->control,
				 .events = client->waits,
				 .listens = client->told,
				 .abort_fd = client->fd};
	json_object *result = NULL;
	struct request request;

	if (protocol_request(line, len, &request, call.error))
		result = verb_do(request.verb, request.args, &call);
	send_object(client, protocol_answer(request.id, result, call.error));
	protocol_request_free(&request);
}

static void answer_lines(struct client *client)
{
	size_t len;
	char *line;

	while (client->reads && (line = protocol_line(&client->lines, &len)))
		answer(client, line, len);
}

static void receive(struct client *client)
{
	size_t room;
	char *to = protocol_room(&client->lines, &room);
	ssize_t got;

	if (!to) {
		send_object(client, protocol_answer(NULL, NULL, "the line is too long"));
		client->reads = false;
		return;
	}
	got = recv(client->fd, to, room, MSG_DONTWAIT);
	client->asks = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
	if (got > 0) {
		protocol_filled(&client->lines, (size_t)got);
		answer_lines(client);
	}
}

static void send_lost(struct client *client, uint64_t lost)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "event", json_object_new_string("lost"));
	json_object_object_add(object, "count", json_object_new_uint64(lost));
	send_object(client, object);
}

static void send_events(struct client *client)
{
	struct event *event;
	uint64_t lost;

	while (client->reads && (event = events_take(client->told, &lost))) {
		json_object *object = json_object_new_object();

		if (lost)
			send_lost(client, lost);
		event_to_json(event, object);
		send_object(client, object);
		free(event);
	}
}

/* A client that has asked for all it wants, and only listens, is told until it goes. */
static bool goes_on(const struct client *client)
{
	return client->reads && !is_over(client->server) &&
	       (client->asks || events_wants_any(client->told));
}

static void serve(struct client *client)
{
	struct pollfd fds[] = {{.fd = client->fd},
			       {.fd = events_fd(client->told), .events = POLLIN},
			       {.fd = client->server->end_fd, .events = POLLIN}};

	greet(client);
	while (goes_on(client)) {
		fds[0].events = client->asks ? POLLIN : 0;
		poll(fds, 3, -1);
		if (fds[1].revents)
			send_events(client);
		if (fds[0].revents && client->asks)
			receive(client);
		else if (fds[0].revents)
			client->reads = false;
	}
	/* What was posted before the machine was over. */
	send_events(client);
}

static void *client_thread(void *opaque)
{
	struct client *client = opaque;

	pthread_setname_np(pthread_self(), "control");
	serve(client);
	protocol_free(&client->lines);
	events_free(client->told);
	events_free(client->waits);
	shutdown(client->fd, SHUT_RDWR);
	atomic_store(&client->over, true);
	return NULL;
}

static void clean_up(struct client *client)
{
	pthread_join(client->thread, NULL);
	close(client->fd);
	client->used = false;
}

/* ---- all of them ---- */

static struct client *free_client(struct server *server)
{
	struct client *found = NULL;

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->used && atomic_load(&client->over))
			clean_up(client);
		if (!client->used)
			found = client;
	}
	return found;
}

static bool start_client(struct server *server, int fd)
{
	const unsigned int all = EVENTS_ALL & ~EVENT_BIT(EVENT_CONSOLE);
	struct client *client = free_client(server);

	if (!client)
		return false;
	*client = (struct client){.server = server, .fd = fd, .asks = true, .reads = true};
	client->told = events_new(&server->control->hub, 0);
	client->waits = events_new(&server->control->hub, all);
	if (client->waits)
		events_add_states(client->waits);
	client->used = client->told && client->waits &&
		       pthread_create(&client->thread, NULL, client_thread, client) == 0;
	if (client->used)
		return true;
	events_free(client->told);
	events_free(client->waits);
	return false;
}

static void refuse(int fd)
{
	static const char words[] =
		"{\"id\":null,\"error\":\"there are too many clients already\"}\n";

	send(fd, words, sizeof(words) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* False: there is no descriptor or memory for one now. */
static bool accept_one(struct server *server)
{
	int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
	if (!start_client(server, fd))
		refuse(fd);
	return true;
}

static void *accept_thread(void *opaque)
{
	struct server *server = opaque;
	struct pollfd fds[] = {{.fd = server->end_fd, .events = POLLIN},
			       {.fd = server->fd, .events = POLLIN}};

	pthread_setname_np(pthread_self(), "control");
	while (!is_over(server)) {
		poll(fds, 2, -1);
		if (fds[1].revents && !accept_one(server))
			poll(fds, 1, PATIENCE_MS);
	}
	return NULL;
}

/* The accepting thread never waits in accept4(): who has knocked may be gone. */
static bool listen_at(struct server *server)
{
	server->fd = socket_path_listen("--control", server->path);
	if (server->fd < 0)
		return false;
	fcntl(server->fd, F_SETFL, O_NONBLOCK);
	if (lstat(server->path, &server->own) < 0)
		server->own = (struct stat){.st_ino = 0};
	return true;
}

static void release(struct server *server)
{
	if (server->fd >= 0) {
		socket_path_remove(server->path, &server->own);
		close(server->fd);
	}
	if (server->end_fd >= 0)
		close(server->end_fd);
	free(server);
}

struct server *server_new(struct control *control, const char *path)
{
	struct server *server = calloc(1, sizeof(*server));
	int result;

	if (!server) {
		error("no memory");
		return NULL;
	}
	*server =
		(struct server){.control = control, .path = path, .fd = -1, .last_ns = UINT64_MAX};
	server->end_fd = eventfd(0, EFD_CLOEXEC);
	if (server->end_fd < 0) {
		error("--control: %s", strerror(errno));
	} else if (listen_at(server)) {
		result = pthread_create(&server->thread, NULL, accept_thread, server);
		if (result == 0)
			return server;
		error("--control: no thread for it: %s", strerror(result));
	}
	release(server);
	return NULL;
}

static void tell_end(struct server *server)
{
	const uint64_t one = 1;
	ssize_t written;

	atomic_store(&server->last_ns, clock_now() + LAST_WORDS_NS);
	written = write(server->end_fd, &one, sizeof(one));
	(void)written; /* it was 0, and has room */
}

void server_free(struct server *server)
{
	if (!server)
		return;
	tell_end(server);
	pthread_join(server->thread, NULL);
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].used)
			clean_up(&server->clients[i]);
	release(server);
}
