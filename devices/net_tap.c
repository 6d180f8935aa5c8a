/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network card's cable to a tap interface of the host, which the user made. The host's kernel
 * moves the frames where it can (vhost_net.c), else this process does.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/net.h"
#include "devices/tap.h"
#include "devices/vhost_net.h"

#define TURN_FRAMES 64u

struct tap_cable {
	struct machine *machine;
	struct virtio_device *device;
	struct tap tap;
	bool watching;
	bool gone; /* the interface was deleted */
	struct loop_watch watch;
	size_t pending; /* bytes of PACKET that wait for buffers; 0: none */
	struct {
		struct net_header header;
		uint8_t frame[NET_MAX_FRAME];
	} packet;
};

/* ---- frames ---- */

static void watch(struct tap_cable *cable, bool on)
{
	struct loop *loop = machine_loop(cable->machine);

	if (on == cable->watching || (on && cable->gone))
		return;
	cable->watching = on;
	if (!on)
		loop_watch_remove(loop, &cable->watch);
	else if (loop_watch_add(loop, &cable->watch) < 0)
		cable->watching = false;
}

/* False: the guest has no buffers; the frame stays pending, the others in the kernel's queue. */
static bool deliver(struct tap_cable *cable)
{
	if (net_receive(cable->device, &cable->packet.header, cable->packet.frame,
			cable->pending - NET_HEADER_LEN) == NET_FULL)
		return false;
	cable->pending = 0;
	return true;
}

static bool read_frame(struct tap_cable *cable)
{
	ssize_t len = read(cable->tap.fd, &cable->packet, sizeof(cable->packet));

	if (len <= (ssize_t)NET_HEADER_LEN)
		return false;
	cable->pending = (size_t)len;
	return true;
}

static void receive(struct tap_cable *cable)
{
	bool room = !cable->pending || deliver(cable);

	for (unsigned int i = 0; room && i < TURN_FRAMES && read_frame(cable); i++)
		room = deliver(cable);
	net_flush(cable->device);
	watch(cable, room);
}

static void tap_ready(struct loop_watch *ready, short revents)
{
	struct tap_cable *cable = ready->opaque;

	/* The interface was deleted under us: it is not coming back. */
	if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
		warning("%s: the tap interface is gone", cable->device->name);
		cable->gone = true;
		watch(cable, false);
		return;
	}
	receive(cable);
}

static void tap_send(void *state, const struct net_header *header, const struct iovec *frame,
		     unsigned int count, size_t len)
{
	const struct tap_cable *cable = state;
	struct iovec whole[VIRTQUEUE_MAX_SEGMENTS + 1];
	ssize_t written;

	(void)len;
	whole[0] =
		(struct iovec){.iov_base = (void *)(uintptr_t)header, .iov_len = sizeof(*header)};
	memcpy(whole + 1, frame, count * sizeof(*frame));
	written = writev(cable->tap.fd, whole, (int)count + 1);
	/* Else the interface is down, or its queue full: a lost frame, as on any wire. */
	if (written < 0 && errno == EINVAL)
		machine_guest_error(cable->machine, cable->device->name,
				    "a frame that the host's kernel does not take");
}

static uint64_t cable_features(void *state)
{
	const struct tap_cable *cable = state;

	return tap_features(&cable->tap);
}

static void tap_started(void *state, uint64_t features)
{
	struct tap_cable *cable = state;

	tap_set_features(&cable->tap, features);
	watch(cable, true);
}

static void tap_stopped(void *state)
{
	struct tap_cable *cable = state;

	cable->pending = 0;
	watch(cable, false);
}

static void tap_has_buffers(void *state)
{
	receive(state);
}

static void tap_free(void *state)
{
	struct tap_cable *cable = state;

	watch(cable, false);
	tap_close(&cable->tap);
	free(cable);
}

static const struct net_backend tap_backend = {
	.features = cable_features,
	.send = tap_send,
	.started = tap_started,
	.stopped = tap_stopped,
	.has_buffers = tap_has_buffers,
	.free = tap_free,
};

static struct virtio_device *own_card(struct machine *machine, const char *name,
				      const struct net_options *options, struct tap *tap)
{
	struct tap_cable *cable = calloc(1, sizeof(*cable));
	struct virtio_device *device;

	if (!cable) {
		error("no memory for the network card");
		tap_close(tap);
		return NULL;
	}
	cable->machine = machine;
	cable->tap = *tap;
	cable->watch = (struct loop_watch){
		.fd = tap->fd, .events = POLLIN, .ready = tap_ready, .opaque = cable};
	device = net_new(machine, name, options, &tap_backend, cable);
	if (device)
		cable->device = device;
	return device;
}

struct virtio_device *virtio_net_tap_new(struct machine *machine, const char *name,
					 const struct net_options *options, const char *ifname,
					 enum net_vhost vhost)
{
	struct tap tap;
	int kernel = -1;

	if (!tap_open(&tap, ifname))
		return NULL;
	if (vhost != NET_VHOST_OFF)
		kernel = vhost_net_open(name, vhost == NET_VHOST_ON);
	if (kernel < 0 && vhost == NET_VHOST_ON) {
		tap_close(&tap);
		return NULL;
	}
	verbose("%s: %s moves the packets of %s", name,
		kernel < 0 ? "this process" : "the host's kernel (vhost-net)", ifname);
	return kernel < 0 ? own_card(machine, name, options, &tap)
			  : vhost_net_new(machine, name, options, &tap, kernel);
}
