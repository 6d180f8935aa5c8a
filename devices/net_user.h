/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of a network card's cable to libslirp (net_user*.c). */
#ifndef VHART_NET_USER_H
#define VHART_NET_USER_H

#include <slirp/libslirp.h>

#include "base/clock.h"
#include "devices/net.h"

struct slirp_functions {
	__typeof__(slirp_new) *create;
	__typeof__(slirp_cleanup) *cleanup;
	__typeof__(slirp_input) *input;
	__typeof__(slirp_pollfds_fill) *pollfds_fill;
	__typeof__(slirp_pollfds_poll) *pollfds_poll;
	__typeof__(slirp_add_hostfwd) *add_hostfwd;
};

struct socket_watch;

struct net_user {
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

/* ---- net_user_turn.c: the sockets and the time that libslirp waits for ---- */

void net_user_prepare(struct net_user *user);
/* libslirp may wait for something else now. */
void net_user_turn(struct net_user *user);
/* FD is closed soon. */
void net_user_forget(struct net_user *user, int fd);
/* For slirp_callbacks: its timers. */
void *net_user_timer_new(SlirpTimerCb callback, void *callback_opaque, void *opaque);
void net_user_timer_free(void *timer, void *opaque);
void net_user_timer_mod(void *timer, int64_t expire_ms, void *opaque);
/* When libslirp is gone. */
void net_user_waits_end(struct net_user *user);

/* ---- net_user_forward.c ---- */

/* False after error(). */
bool net_user_forward(struct net_user *user, const struct net_user_options *options);

#endif
