/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network card's cable to libslirp: a network of its own (10.0.2.0/24) whose connections are
 * sockets of this process. No privileges, nothing to set up.
 *
 * libslirp wants to be asked which sockets to wait for before each wait, and to be told what became
 * ready after it. The task `turn` does both: whatever happens posts it.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/library.h"
#include "base/log.h"
#include "devices/net.h"

#define NS_PER_MS 1000000u

struct slirp_functions {
	__typeof__(slirp_new) *create;
	__typeof__(slirp_cleanup) *cleanup;
	__typeof__(slirp_input) *input;
	__typeof__(slirp_pollfds_fill) *pollfds_fill;
	__typeof__(slirp_pollfds_poll) *pollfds_poll;
};

static const struct library_function slirp_function_names[] = {
	{"slirp_new", offsetof(struct slirp_functions, create)},
	{"slirp_cleanup", offsetof(struct slirp_functions, cleanup)},
	{"slirp_input", offsetof(struct slirp_functions, input)},
	{"slirp_pollfds_fill", offsetof(struct slirp_functions, pollfds_fill)},
	{"slirp_pollfds_poll", offsetof(struct slirp_functions, pollfds_poll)},
};

/* It brings GLib along, which costs every start without a network card a millisecond. */
static const struct library libslirp = {
	.soname = "libslirp.so.0",
	.package = "libslirp0",
	.functions = slirp_function_names,
	.function_count = sizeof(slirp_function_names) / sizeof(slirp_function_names[0]),
};

/* A socket that libslirp waits on. */
struct socket_watch {
	struct loop_watch watch;
	bool active;
	bool wanted; /* in the turn under way */
	short revents;
};

struct user {
	struct machine *machine;
	struct virtio_device *device;
	struct slirp_functions functions;
	Slirp *slirp;
	struct loop_task turn;
	struct loop_timer timer;
	bool ready; /* a socket, or the time: to be told to libslirp */
	bool dying; /* nothing is posted any more: the loop must not call what is freed */

	/* By descriptor, grown as needed; a watch must not move while the loop has it. */
	struct socket_watch **sockets;
	size_t socket_slots;

	uint8_t frame[NET_MAX_FRAME];
};

static void something_happened(struct user *user)
{
	if (!user->dying)
		loop_post(machine_loop(user->machine), &user->turn);
}

/* ---- sockets ---- */

/*
 * POLLPRI is missing with intent: io_uring reports what a wake-up was for, and TCP wakes up for
 * POLLIN | POLLPRI whenever data came. libslirp would call each such byte urgent, and the guest
 * would take it out of the stream. Its sockets have urgent data in line, so none is lost.
 */
static const struct {
	short poll;
	int slirp;
} poll_events[] = {
	{POLLIN, SLIRP_POLL_IN},
	{POLLOUT, SLIRP_POLL_OUT},
	{POLLERR, SLIRP_POLL_ERR},
	{POLLHUP, SLIRP_POLL_HUP},
};

static short events_to_poll(int events)
{
	short result = 0;

	for (size_t i = 0; i < sizeof(poll_events) / sizeof(poll_events[0]); i++)
		if (events & poll_events[i].slirp)
			result |= poll_events[i].poll;
	return result;
}

static int events_to_slirp(short revents)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(poll_events) / sizeof(poll_events[0]); i++)
		if (revents & poll_events[i].poll)
			result |= poll_events[i].slirp;
	return result;
}

static void socket_ready(struct loop_watch *watch, short revents)
{
	struct user *user = watch->opaque;

	user->sockets[watch->fd]->revents |= revents;
	user->ready = true;
	something_happened(user);
}

static struct socket_watch *socket_at(const struct user *user, int fd)
{
	return fd >= 0 && (size_t)fd < user->socket_slots ? user->sockets[fd] : NULL;
}

static void socket_forget(struct user *user, struct socket_watch *socket)
{
	if (!socket || !socket->active)
		return;
	loop_watch_remove(machine_loop(user->machine), &socket->watch);
	socket->active = false;
	socket->revents = 0;
}

static struct socket_watch *socket_make(struct user *user, int fd)
{
	if ((size_t)fd >= user->socket_slots) {
		size_t slots = (size_t)fd + 64;
		struct socket_watch **sockets = realloc(user->sockets, slots * sizeof(*sockets));

		if (!sockets)
			return NULL;
		memset(sockets + user->socket_slots, 0,
		       (slots - user->socket_slots) * sizeof(*sockets));
		user->sockets = sockets;
		user->socket_slots = slots;
	}
	if (!user->sockets[fd])
		user->sockets[fd] = calloc(1, sizeof(*user->sockets[fd]));
	return user->sockets[fd];
}

/* libslirp: wait for EVENTS on FD. The index by which it asks later is FD itself. */
static int add_poll(int fd, int events, void *opaque)
{
	struct user *user = opaque;
	struct socket_watch *socket = socket_make(user, fd);

	if (!socket)
		return -1;
	socket->wanted = true;
	if (socket->active && socket->watch.events == events_to_poll(events))
		return fd;
	socket_forget(user, socket);
	socket->watch = (struct loop_watch){
		.fd = fd, .events = events_to_poll(events), .ready = socket_ready, .opaque = user};
	socket->active = loop_watch_add(machine_loop(user->machine), &socket->watch) == 0;
	return fd;
}

static int get_revents(int index, void *opaque)
{
	const struct socket_watch *socket = socket_at(opaque, index);

	return socket ? events_to_slirp(socket->revents) : 0;
}

/* ---- the turn ---- */

static void tell_slirp(struct user *user)
{
	user->ready = false;
	user->functions.pollfds_poll(user->slirp, 0, get_revents, user);
	for (size_t i = 0; i < user->socket_slots; i++)
		if (user->sockets[i])
			user->sockets[i]->revents = 0;
}

static void ask_slirp(struct user *user)
{
	uint32_t timeout = UINT32_MAX;

	for (size_t i = 0; i < user->socket_slots; i++)
		if (user->sockets[i])
			user->sockets[i]->wanted = false;
	user->functions.pollfds_fill(user->slirp, &timeout, add_poll, user);
	for (size_t i = 0; i < user->socket_slots; i++)
		if (user->sockets[i] && !user->sockets[i]->wanted)
			socket_forget(user, user->sockets[i]);
	/* 0 would mean no timer. */
	loop_timer_set(machine_loop(user->machine), &user->timer,
		       timeout == UINT32_MAX ? 0 : (uint64_t)(timeout ? timeout : 1) * NS_PER_MS);
}

static void turn(struct loop_task *task)
{
	struct user *user = task->opaque;

	if (user->ready)
		tell_slirp(user);
	ask_slirp(user);
	net_flush(user->device);
}

static void timer_expired(struct loop_timer *timer)
{
	struct user *user = timer->opaque;

	user->ready = true;
	something_happened(user);
}

/* ---- what libslirp calls ---- */

static slirp_ssize_t send_packet(const void *frame, size_t len, void *opaque)
{
	const struct user *user = opaque;

	/* Without buffers the frame is lost, and TCP slows down. */
	net_receive(user->device, frame, len);
	return (slirp_ssize_t)len;
}

static void guest_error(const char *message, void *opaque)
{
	const struct user *user = opaque;

	machine_guest_error(user->machine, user->device->name, "%s", message);
}

static int64_t clock_get_ns(void *opaque)
{
	(void)opaque;
	return (int64_t)clock_now();
}

/* Its timers are for IPv6 router advertisements, which are off. */
static void *timer_new(SlirpTimerCb callback, void *callback_opaque, void *opaque)
{
	(void)callback;
	(void)callback_opaque;
	return opaque;
}

static void timer_free(void *timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static void timer_mod(void *timer, int64_t expire_time, void *opaque)
{
	(void)timer;
	(void)expire_time;
	(void)opaque;
}

static void register_poll_fd(int fd, void *opaque)
{
	(void)fd;
	something_happened(opaque);
}

/* FD is about to be closed: a poll left behind would keep the connection open. */
static void unregister_poll_fd(int fd, void *opaque)
{
	struct user *user = opaque;

	socket_forget(user, socket_at(user, fd));
	something_happened(user);
}

static void notify(void *opaque)
{
	something_happened(opaque);
}

static const SlirpCb slirp_callbacks = {
	.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_get_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = register_poll_fd,
	.unregister_poll_fd = unregister_poll_fd,
	.notify = notify,
};

/* ---- the backend ---- */

static void user_send(void *state, const struct iovec *frame, unsigned int count, size_t len)
{
	struct user *user = state;
	size_t done = 0;

	for (unsigned int i = 0; i < count; i++) {
		memcpy(user->frame + done, frame[i].iov_base, frame[i].iov_len);
		done += frame[i].iov_len;
	}
	user->functions.input(user->slirp, user->frame, (int)len);
	something_happened(user);
}

static void user_free(void *state)
{
	struct user *user = state;

	user->dying = true;
	if (user->slirp)
		user->functions.cleanup(user->slirp);
	loop_timer_set(machine_loop(user->machine), &user->timer, 0);
	for (size_t i = 0; i < user->socket_slots; i++) {
		socket_forget(user, user->sockets[i]);
		free(user->sockets[i]);
	}
	free(user->sockets);
	free(user);
}

static const struct net_backend user_backend = {
	.send = user_send,
	.free = user_free,
};

static Slirp *start_slirp(struct user *user)
{
	const SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork.s_addr = htonl(0x0a000200),	 /* 10.0.2.0 */
		.vnetmask.s_addr = htonl(0xffffff00),	 /* /24 */
		.vhost.s_addr = htonl(0x0a000202),	 /* 10.0.2.2 */
		.vnameserver.s_addr = htonl(0x0a000203), /* 10.0.2.3 */
		.vdhcp_start.s_addr = htonl(0x0a00020f), /* 10.0.2.15 */
	};

	return user->functions.create(&config, &slirp_callbacks, user);
}

struct virtio_device *virtio_net_user_new(struct machine *machine, const char *name)
{
	struct user *user = calloc(1, sizeof(*user));
	struct virtio_device *device;
	char why[LIBRARY_MESSAGE_MAX];

	if (!user) {
		error("no memory for the network card");
		return NULL;
	}
	if (!library_load(&libslirp, &user->functions, why)) {
		error("--net user: %s", why);
		free(user);
		return NULL;
	}
	user->machine = machine;
	user->turn = (struct loop_task){.run = turn, .opaque = user};
	user->timer = (struct loop_timer){.expired = timer_expired, .opaque = user};
	device = net_new(machine, name, name, &user_backend, user);
	if (!device)
		return NULL;
	user->device = device;
	user->slirp = start_slirp(user);
	if (!user->slirp) {
		error("--net user: libslirp does not start");
		virtio_device_free(device);
		return NULL;
	}
	return device;
}
