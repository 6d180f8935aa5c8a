/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network card's cable to libslirp: a network of its own whose connections are sockets of this
 * process. No privileges, nothing to set up.
 */
#include "devices/net_user.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"
#include "base/log.h"

static const struct library_function slirp_function_names[] = {
	{"slirp_new", offsetof(struct slirp_functions, create)},
	{"slirp_cleanup", offsetof(struct slirp_functions, cleanup)},
	{"slirp_input", offsetof(struct slirp_functions, input)},
	{"slirp_pollfds_fill", offsetof(struct slirp_functions, pollfds_fill)},
	{"slirp_pollfds_poll", offsetof(struct slirp_functions, pollfds_poll)},
	{"slirp_add_hostfwd", offsetof(struct slirp_functions, add_hostfwd)},
};

/* It brings GLib along, which costs every start without a network card a millisecond. */
static const struct library libslirp = {
	.soname = "libslirp.so.0",
	.package = "libslirp0",
	.functions = slirp_function_names,
	.function_count = sizeof(slirp_function_names) / sizeof(slirp_function_names[0]),
};

/* ---- what libslirp calls ---- */

static slirp_ssize_t send_packet(const void *frame, size_t len, void *opaque)
{
	const struct net_user *user = opaque;

	/* Without buffers the frame is lost, and TCP slows down. */
	net_receive(user->device, 0, NULL, frame, len);
	return (slirp_ssize_t)len;
}

static void guest_error(const char *message, void *opaque)
{
	const struct net_user *user = opaque;

	machine_guest_error(user->machine, user->device->name, "%s", message);
}

static int64_t clock_get_ns(void *opaque)
{
	(void)opaque;
	return (int64_t)clock_now();
}

static void register_poll_fd(int fd, void *opaque)
{
	(void)fd;
	net_user_turn(opaque);
}

/* FD is about to be closed: a poll left behind would keep the connection open. */
static void unregister_poll_fd(int fd, void *opaque)
{
	struct net_user *user = opaque;

	net_user_forget(user, fd);
	net_user_turn(user);
}

static void notify(void *opaque)
{
	net_user_turn(opaque);
}

static const SlirpCb slirp_callbacks = {
	.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_get_ns,
	.timer_new = net_user_timer_new,
	.timer_free = net_user_timer_free,
	.timer_mod = net_user_timer_mod,
	.register_poll_fd = register_poll_fd,
	.unregister_poll_fd = unregister_poll_fd,
	.notify = notify,
};

/* ---- the backend ---- */

static void user_send(void *state, unsigned int pair, const struct net_frame *frame)
{
	struct net_user *user = state;
	size_t done = 0;

	(void)pair; /* there is one */
	/* libslirp takes whole frames only, and nothing else was offered: no header. */
	for (unsigned int i = 0; i < frame->count; i++) {
		memcpy(user->frame + done, frame->pieces[i].iov_base, frame->pieces[i].iov_len);
		done += frame->pieces[i].iov_len;
	}
	user->functions.input(user->slirp, user->frame, (int)frame->len);
	net_user_turn(user);
}

static void user_free(void *state)
{
	struct net_user *user = state;

	user->dying = true;
	if (user->slirp)
		user->functions.cleanup(user->slirp);
	net_user_waits_end(user);
	free(user);
}

static const struct net_backend user_backend = {
	.send = user_send,
	.free = user_free,
};

static Slirp *start_slirp(struct net_user *user, const struct net_user_options *options)
{
	SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = net_user_address(options->subnet, 0),
		.vnetmask.s_addr = htonl(0xffffff00), /* /24 */
		.vhost = net_user_address(options->subnet, 2),
		.vnameserver = net_user_address(options->subnet, 3),
		.vdhcp_start = net_user_address(options->subnet, 15),
		.in6_enabled = true,
		.vprefix_addr6.s6_addr = {0xfe, 0xc0},
		.vprefix_len = 64,
		.if_mtu = options->card.mtu,
		.if_mru = options->card.mtu,
	};

	config.vprefix_addr6.s6_addr[7] = (uint8_t)(options->subnet - NET_USER_SUBNET);
	config.vhost6 = config.vnameserver6 = config.vprefix_addr6;
	config.vhost6.s6_addr[15] = 2;
	config.vnameserver6.s6_addr[15] = 3;
	return user->functions.create(&config, &slirp_callbacks, user);
}

struct virtio_device *virtio_net_user_new(struct machine *machine, const char *name,
					  const struct net_user_options *options)
{
	struct net_user *user = calloc(1, sizeof(*user));
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
	net_user_prepare(user);
	device = net_new(machine, name, &options->card, &user_backend, user);
	if (!device)
		return NULL;
	user->device = device;
	user->slirp = start_slirp(user, options);
	if (!user->slirp)
		error("--net user: libslirp does not start");
	if (user->slirp && net_user_forward(user, options))
		return device;
	virtio_device_free(device);
	return NULL;
}
