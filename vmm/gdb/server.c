/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/gdb/debuggee.h"
#include "vmm/gdb/dispatch.h"
#include "vmm/gdb/listen.h"
#include "vmm/gdb/resume.h"

#define SEND_S		10 /* a gdb that reads nothing for so long is gone */
#define REFUSAL		"E.another gdb is attached to this VM: it has room for one"
#define RECEIVE_AT_ONCE 4096u

struct gdb_server {
	struct control *control;
	char address[CONTROL_ERROR_MAX];
	bool is_path;
	int fd, stop_fd;
	pthread_t thread;

	int gdb;	     /* its connection; -1: nobody is there */
	int refused;	     /* the last that came while one was there; -1: none */
	struct events *told; /* since gdb came */
	struct debuggee debuggee;
	struct gdb_session session;
	struct gdb_resume resume;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- one comes ---- */

static bool begin(struct gdb_server *server)
{
	const struct gdb_stop first = {.hart = 0, .signal = GDB_SIGNAL_TRAP};
	char why[CONTROL_ERROR_MAX] = "there is no machine";

	debuggee_hold_lives(&server->debuggee, true);
	if (!control_pause(server->control, why) || !debuggee_look(&server->debuggee)) {
		warning("gdb: %s", why);
		return false;
	}
	gdb_session_begin(&server->session, &debuggee_target, &server->debuggee, &first);
	server->resume = (struct gdb_resume){
		.debuggee = &server->debuggee, .session = &server->session, .told = server->told};
	return true;
}

static void detach(struct gdb_server *server)
{
	debuggee_close(&server->debuggee);
	events_free(server->told);
	server->told = NULL;
	close_fd(&server->gdb);
	verbose("gdb: left");
}

static void attach(struct gdb_server *server, int fd)
{
	const unsigned int kinds = EVENT_BIT(EVENT_BREAKPOINT) | EVENT_BIT(EVENT_PAUSED) |
				   EVENT_BIT(EVENT_RESET) | EVENT_BIT(EVENT_ENDED);

	server->gdb = fd;
	server->told = events_new(&server->control->hub, kinds);
	if (server->told && debuggee_open(&server->debuggee, server->control, fd) && begin(server))
		verbose("gdb: attached");
	else
		detach(server);
}

/* It reads the answer to its first packet, and then the end. What it sends meanwhile is read, so
 * that its system does not throw that answer away. */
static void refuse(struct gdb_server *server, int fd)
{
	static struct gdb_text text;
	uint8_t frame[GDB_FRAME_MOST];
	size_t len;

	close_fd(&server->refused);
	text = (struct gdb_text){.len = 0};
	gdb_print(&text, "%s", REFUSAL);
	len = gdb_frame(&text, frame);
	send(fd, "+", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	send(fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	server->refused = fd;
	note("gdb: a second one came and was refused");
}

static void prepare(const struct gdb_server *server, int fd)
{
	const struct timeval limit = {.tv_sec = SEND_S};
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	/* Packets are small, and each is waited for. */
	if (!server->is_path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void accept_one(struct gdb_server *server)
{
	const int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	prepare(server, fd);
	if (server->gdb < 0)
		attach(server, fd);
	else
		refuse(server, fd);
}

/* ---- it is served ---- */

static void receive(struct gdb_server *server)
{
	char bytes[RECEIVE_AT_ONCE];
	const ssize_t got = recv(server->gdb, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		server->session.over = true;
		return;
	}
	gdb_session_heard(&server->session);
	for (ssize_t i = 0; i < got; i++) {
		gdb_session_take(&server->session, bytes + i, 1);
		gdb_resume_serve(&server->resume);
	}
}

static void discard(struct gdb_server *server)
{
	char bytes[RECEIVE_AT_ONCE];

	if (recv(server->refused, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
		close_fd(&server->refused);
}

enum { LISTENING, GDB, REFUSED, TOLD, STOP, FDS };

static void serve(struct gdb_server *server, const struct pollfd *fds)
{
	if (fds[REFUSED].revents)
		discard(server);
	if (fds[TOLD].revents)
		gdb_resume_hear(&server->resume);
	if (fds[GDB].revents)
		receive(server);
	if (server->gdb >= 0 && server->session.over)
		detach(server);
	if (fds[LISTENING].revents)
		accept_one(server);
}

/* Not before: a gdb that is not answered for some seconds gives up, and a machine may take as long
 * to start. */
static void announce(const struct gdb_server *server)
{
	if (!control_take(server->control))
		return;
	control_release(server->control);
	/* Who asks by the verb has it in the answer. */
	if (server->control->config->gdb)
		note("gdb: target remote %s", server->address);
}

static void *server_thread(void *opaque)
{
	struct gdb_server *server = opaque;
	struct pollfd fds[FDS] = {{.fd = 0}};

	pthread_setname_np(pthread_self(), "gdb");
	announce(server);
	do {
		const bool attached = server->gdb >= 0;

		fds[LISTENING] = (struct pollfd){.fd = server->fd, .events = POLLIN};
		fds[GDB] = (struct pollfd){.fd = server->gdb, .events = POLLIN};
		fds[REFUSED] = (struct pollfd){.fd = server->refused, .events = POLLIN};
		fds[TOLD] = (struct pollfd){.fd = attached ? events_fd(server->told) : -1,
					    .events = POLLIN};
		fds[STOP] = (struct pollfd){.fd = server->stop_fd, .events = POLLIN};
		if (poll(fds, FDS, -1) > 0)
			serve(server, fds);
	} while (!fds[STOP].revents);
	if (server->gdb >= 0)
		detach(server);
	close_fd(&server->refused);
	return NULL;
}

/* ---- from outside ---- */

static bool start(struct gdb_server *server, char why[CONTROL_ERROR_MAX])
{
	int result;

	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	result = server->stop_fd < 0 ? errno
				     : pthread_create(&server->thread, NULL, server_thread, server);
	if (result == 0)
		return true;
	snprintf(why, CONTROL_ERROR_MAX, "gdb: no thread for it: %s", strerror(result));
	return false;
}

static void put_away(struct gdb_server *server)
{
	close_fd(&server->fd);
	close_fd(&server->stop_fd);
	if (server->is_path)
		unlink(server->address);
	free(server);
}

static struct gdb_server *serve_at(struct control *control, const char *where,
				   char why[CONTROL_ERROR_MAX])
{
	struct gdb_server *server = calloc(1, sizeof(*server));

	if (!server) {
		snprintf(why, CONTROL_ERROR_MAX, "gdb: no memory");
		return NULL;
	}
	*server = (struct gdb_server){.control = control, .stop_fd = -1, .gdb = -1, .refused = -1};
	server->fd = gdb_listen(where, server->address, why, CONTROL_ERROR_MAX);
	if (server->fd < 0) {
		free(server);
		return NULL;
	}
	server->is_path = !gdb_is_port(where);
	if (start(server, why))
		return server;
	put_away(server);
	return NULL;
}

bool gdb_server_open(struct control *control, const char *where, char said[CONTROL_ERROR_MAX])
{
	if (control->gdb) {
		snprintf(said, CONTROL_ERROR_MAX, "gdb: it is served already: target remote %.128s",
			 control->gdb->address);
		return false;
	}
	control->gdb = serve_at(control, where, said);
	if (control->gdb)
		snprintf(said, CONTROL_ERROR_MAX, "%s", control->gdb->address);
	return control->gdb;
}

bool gdb_server_begin(struct control *control)
{
	const char *where = control->config->gdb;
	char why[CONTROL_ERROR_MAX];

	control->open_gdb = gdb_server_open;
	if (!where)
		return true;
	control->gdb = serve_at(control, where, why);
	if (!control->gdb)
		error("--%s", why);
	return control->gdb;
}

void gdb_server_free(struct gdb_server *server)
{
	const uint64_t one = 1;

	if (!server)
		return;
	if (write(server->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(server->thread, NULL);
	put_away(server);
}
