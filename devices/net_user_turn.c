/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libslirp waits for. It wants to be asked which sockets to wait for before each wait, and to
 * be told what became ready after it. The task `turn` does both: whatever happens posts it.
 */
#include "devices/net_user.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000u

/* A socket that libslirp waits on. */
struct socket_watch {
	struct loop_watch watch;
	bool active;
	bool wanted; /* in the turn under way */
	short revents;
};

void net_user_turn(struct net_user *user)
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
	struct net_user *user = watch->opaque;

	user->sockets[watch->fd]->revents |= revents;
	user->ready = true;
	net_user_turn(user);
}

static struct socket_watch *socket_at(const struct net_user *user, int fd)
{
	return fd >= 0 && (size_t)fd < user->socket_slots ? user->sockets[fd] : NULL;
}

static void socket_forget(struct net_user *user, struct socket_watch *socket)
{
	if (!socket || !socket->active)
		return;
	loop_watch_remove(machine_loop(user->machine), &socket->watch);
	socket->active = false;
	socket->revents = 0;
}

static struct socket_watch *socket_make(struct net_user *user, int fd)
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
	struct net_user *user = opaque;
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

static void tell_slirp(struct net_user *user)
{
	user->ready = false;
	user->functions.pollfds_poll(user->slirp, 0, get_revents, user);
	for (size_t i = 0; i < user->socket_slots; i++)
		if (user->sockets[i])
			user->sockets[i]->revents = 0;
}

static void ask_slirp(struct net_user *user)
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
	struct net_user *user = task->opaque;

	if (user->ready)
		tell_slirp(user);
	ask_slirp(user);
	net_flush(user->device, 0);
}

static void timer_expired(struct loop_timer *timer)
{
	struct net_user *user = timer->opaque;

	user->ready = true;
	net_user_turn(user);
}

void net_user_prepare(struct net_user *user)
{
	user->turn = (struct loop_task){.run = turn, .opaque = user};
	user->timer = (struct loop_timer){.expired = timer_expired, .opaque = user};
}

void net_user_forget(struct net_user *user, int fd)
{
	socket_forget(user, socket_at(user, fd));
}

void net_user_waits_end(struct net_user *user)
{
	loop_withdraw(machine_loop(user->machine), &user->turn);
	loop_timer_set(machine_loop(user->machine), &user->timer, 0);
	for (size_t i = 0; i < user->socket_slots; i++) {
		socket_forget(user, user->sockets[i]);
		free(user->sockets[i]);
	}
	free(user->sockets);
}

/* ---- its own timers: one advertises the IPv6 router ---- */

struct slirp_timer {
	struct net_user *user;
	struct loop_timer timer;
	SlirpTimerCb callback;
	void *opaque;
};

static void slirp_timer_expired(struct loop_timer *timer)
{
	const struct slirp_timer *slirp_timer = timer->opaque;
	struct net_user *user = slirp_timer->user;

	slirp_timer->callback(slirp_timer->opaque);
	net_user_turn(user);
}

void *net_user_timer_new(SlirpTimerCb callback, void *callback_opaque, void *opaque)
{
	struct slirp_timer *timer = calloc(1, sizeof(*timer));

	if (timer)
		*timer = (struct slirp_timer){
			.user = opaque,
			.timer = {.expired = slirp_timer_expired, .opaque = timer},
			.callback = callback,
			.opaque = callback_opaque,
		};
	return timer;
}

void net_user_timer_free(void *opaque_timer, void *opaque)
{
	struct slirp_timer *timer = opaque_timer;

	(void)opaque;
	if (timer)
		loop_timer_set(machine_loop(timer->user->machine), &timer->timer, 0);
	free(timer);
}

void net_user_timer_mod(void *opaque_timer, int64_t expire_ms, void *opaque)
{
	struct slirp_timer *timer = opaque_timer;
	const int64_t left = expire_ms - (int64_t)(clock_now() / NS_PER_MS);

	(void)opaque;
	/* Without memory for it a guest gets the router by asking for it. 0 would mean no timer. */
	if (timer)
		loop_timer_set(machine_loop(timer->user->machine), &timer->timer,
			       left > 0 ? (uint64_t)left * NS_PER_MS : 1);
}
