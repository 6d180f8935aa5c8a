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

/* What of the host's comes by one queue of the interface goes to one of the guest's. */
struct tap_queue {
	struct tap_cable *cable;
	bool watching;
	struct loop_watch watch;
	size_t pending; /* bytes of PACKET that wait for buffers; 0: none */
	struct {
		struct net_header header;
		uint8_t frame[NET_MAX_FRAME];
	} packet;
};

struct tap_cable {
	struct machine *machine;
	struct virtio_device *device;
	struct tap tap;
	bool gone; /* the interface was deleted */
	struct tap_queue queues[];
};

static unsigned int pair_of(const struct tap_queue *queue)
{
	return (unsigned int)(queue - queue->cable->queues);
}

/* ---- frames ---- */

static void watch(struct tap_queue *queue, bool on)
{
	struct loop *loop = machine_loop(queue->cable->machine);

	if (on == queue->watching || (on && queue->cable->gone))
		return;
	queue->watching = on;
	if (!on)
		loop_watch_remove(loop, &queue->watch);
	else if (loop_watch_add(loop, &queue->watch) < 0)
		queue->watching = false;
}

static void forget(struct tap_queue *queue)
{
	queue->pending = 0;
	watch(queue, false);
}

/* False: the guest has no buffers; the frame stays pending, the others in the kernel's queue. */
static bool deliver(struct tap_queue *queue)
{
	if (net_receive(queue->cable->device, pair_of(queue), &queue->packet.header,
			queue->packet.frame, queue->pending - NET_HEADER_LEN) == NET_FULL)
		return false;
	queue->pending = 0;
	return true;
}

static bool read_frame(struct tap_queue *queue)
{
	ssize_t len = read(queue->watch.fd, &queue->packet, sizeof(queue->packet));

	if (len <= (ssize_t)NET_HEADER_LEN)
		return false;
	queue->pending = (size_t)len;
	return true;
}

static void receive(struct tap_queue *queue)
{
	bool room = !queue->pending || deliver(queue);

	for (unsigned int i = 0; room && i < TURN_FRAMES && read_frame(queue); i++)
		room = deliver(queue);
	net_flush(queue->cable->device, pair_of(queue));
	watch(queue, room);
}

/* The interface was deleted under us: it is not coming back. */
static void lose_interface(struct tap_cable *cable)
{
	warning("%s: the tap interface is gone", cable->device->name);
	cable->gone = true;
	for (unsigned int i = 0; i < cable->tap.queues; i++)
		watch(&cable->queues[i], false);
}

static void tap_ready(struct loop_watch *ready, short revents)
{
	struct tap_queue *queue = ready->opaque;

	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		lose_interface(queue->cable);
	else
		receive(queue);
}

/* By the queue of the pair, so that the kernel brings what is answered by it, too. */
static void tap_send(void *state, unsigned int pair, const struct net_frame *frame)
{
	const struct tap_cable *cable = state;
	struct iovec whole[VIRTQUEUE_MAX_SEGMENTS + 1];
	ssize_t written;

	whole[0] = (struct iovec){.iov_base = (void *)(uintptr_t)frame->header,
				  .iov_len = sizeof(*frame->header)};
	memcpy(whole + 1, frame->pieces, frame->count * sizeof(*frame->pieces));
	written = writev(cable->tap.fds[pair], whole, (int)frame->count + 1);
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
	watch(&cable->queues[0], true);
}

static bool tap_set_pairs(void *state, unsigned int pairs)
{
	struct tap_cable *cable = state;

	if (!tap_attach(&cable->tap, pairs))
		return false;
	for (unsigned int i = 0; i < cable->tap.queues; i++) {
		if (i >= pairs)
			forget(&cable->queues[i]);
		else if (!cable->queues[i].pending)
			watch(&cable->queues[i], true);
	}
	return true;
}

static void tap_stopped(void *state)
{
	struct tap_cable *cable = state;

	for (unsigned int i = 0; i < cable->tap.queues; i++)
		forget(&cable->queues[i]);
	tap_attach(&cable->tap, 1);
}

static void tap_has_buffers(void *state, unsigned int pair)
{
	struct tap_cable *cable = state;

	receive(&cable->queues[pair]);
}

static void tap_free(void *state)
{
	struct tap_cable *cable = state;

	for (unsigned int i = 0; i < cable->tap.queues; i++)
		watch(&cable->queues[i], false);
	tap_close(&cable->tap);
	free(cable);
}

static const struct net_backend tap_backend = {
	.features = cable_features,
	.send = tap_send,
	.started = tap_started,
	.set_pairs = tap_set_pairs,
	.stopped = tap_stopped,
	.has_buffers = tap_has_buffers,
	.free = tap_free,
};

static struct virtio_device *own_card(struct machine *machine, const char *name,
				      const struct net_options *options, struct tap *tap)
{
	struct tap_cable *cable =
		calloc(1, sizeof(*cable) + tap->queues * sizeof(cable->queues[0]));
	struct virtio_device *device;

	if (!cable) {
		error("no memory for the network card");
		tap_close(tap);
		return NULL;
	}
	cable->machine = machine;
	cable->tap = *tap;
	for (unsigned int i = 0; i < tap->queues; i++) {
		struct tap_queue *queue = &cable->queues[i];

		queue->cable = cable;
		queue->watch = (struct loop_watch){
			.fd = tap->fds[i], .events = POLLIN, .ready = tap_ready, .opaque = queue};
	}
	device = net_new(machine, name, options, &tap_backend, cable);
	if (device)
		cable->device = device;
	return device;
}

static void say_who_moves(const char *name, const char *ifname, bool kernel, unsigned int pairs)
{
	const char *who = kernel ? "the host's kernel (vhost-net)" : "this process";

	if (pairs > 1)
		verbose("%s: %s moves the packets of %s, by %u pairs of queues", name, who, ifname,
			pairs);
	else
		verbose("%s: %s moves the packets of %s", name, who, ifname);
}

struct virtio_device *virtio_net_tap_new(struct machine *machine, const char *name,
					 const struct net_options *options, const char *ifname,
					 enum net_vhost vhost)
{
	struct net_options card = *options;
	struct vhost_net_files kernel = {.count = 0};
	struct tap tap;

	if (!tap_open(&tap, ifname, options))
		return NULL;
	card.pairs = tap.queues;
	if (vhost != NET_VHOST_OFF)
		vhost_net_open(&kernel, name, card.pairs, vhost == NET_VHOST_ON);
	if (!kernel.count && vhost == NET_VHOST_ON) {
		tap_close(&tap);
		return NULL;
	}
	say_who_moves(name, ifname, kernel.count, card.pairs);
	return kernel.count ? vhost_net_new(machine, name, &card, &tap, &kernel)
			    : own_card(machine, name, &card, &tap);
}
