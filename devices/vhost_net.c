/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost-net: the kernel takes frames out of the guest's queue and puts them into the tap interface,
 * and the other way round. The interface is what knows of checksums and segments, so the guest's
 * features for these are its.
 */
#include "devices/vhost_net.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vhost.h>

#include "base/log.h"
#include "devices/vhost_device.h"
#include "devices/vhost_kernel.h"

#define DEVICE "/dev/vhost-net"
#define RINGS  2u

struct vhost_net {
	struct vhost_kernel kernel;
	struct tap tap;
	struct loop *loop;	/* of the watch; NULL: there is none */
	struct loop_watch gone; /* of the interface's end, of nothing else */
	const char *name;
};

static struct vhost_net *net_of(struct vhost_kernel *kernel)
{
	return (struct vhost_net *)((uint8_t *)kernel - offsetof(struct vhost_net, kernel));
}

/* A ring works while it has the interface. */
static void run(struct vhost_kernel *kernel, bool on)
{
	for (uint32_t i = 0; i < RINGS; i++) {
		struct vhost_vring_file file = {
			.index = i, .fd = on ? net_of(kernel)->tap.fd : VHOST_FILE_UNBIND};

		if (!on)
			kernel->call(kernel, VHOST_NET_SET_BACKEND, &file);
		else if (kernel->started >> i & 1)
			vhost_kernel_ask(kernel, VHOST_NET_SET_BACKEND, &file,
					 "does not join a queue and the tap interface");
	}
}

static void negotiated(struct vhost_kernel *kernel, uint64_t features)
{
	tap_set_features(&net_of(kernel)->tap, features);
}

/* ---- the interface's end, of which the kernel tells nobody ---- */

static void stop_watching(struct vhost_net *net)
{
	if (net->loop)
		loop_watch_remove(net->loop, &net->gone);
	net->loop = NULL;
}

static void interface_gone(struct loop_watch *watch, short revents)
{
	struct vhost_net *net = watch->opaque;

	(void)revents;
	warning("%s: the tap interface is gone", net->name);
	stop_watching(net);
}

static void watch_interface(struct vhost_net *net, const struct virtio_device *device)
{
	struct loop *loop = machine_loop(device->machine);

	net->name = device->name;
	net->gone = (struct loop_watch){.fd = net->tap.fd, .ready = interface_gone, .opaque = net};
	if (loop_watch_add(loop, &net->gone) == 0)
		net->loop = loop;
}

static void free_net(struct vhost_kernel *kernel)
{
	struct vhost_net *net = net_of(kernel);

	stop_watching(net);
	tap_close(&net->tap);
	free(net);
}

static const struct vhost_kernel_kind net_kind = {
	.ring_count = RINGS,
	.run = run,
	.negotiated = negotiated,
	.free = free_net,
};

int vhost_net_open(const char *name, bool wanted)
{
	const int device = vhost_kernel_open(DEVICE);

	if (device >= 0)
		return device;
	if (!wanted)
		verbose("%s: no vhost-net: " DEVICE ": %s", name, strerror(errno));
	else
		error("%s: vhost=on: " DEVICE ": %s: %sleave vhost= out", name, strerror(errno),
		      vhost_kernel_advice(errno, "load the module (sudo modprobe vhost_net), or "));
	return -1;
}

struct virtio_device *vhost_net_new(struct machine *machine, const char *name,
				    const struct net_options *options, const struct tap *tap,
				    int device)
{
	struct vhost_net *net = calloc(1, sizeof(*net));
	struct virtio_device *card;
	int result = ENOMEM;
	struct vhost_options vhost = {
		.type = &vhost_net_type,
		.mac = options->mac,
		.mtu = options->mtu,
		.features = tap_features(tap),
		.who = "the host's kernel (vhost-net)",
		.way_out = ": vhost=off does without it",
	};

	if (net)
		result = vhost_kernel_init(&net->kernel, &net_kind, device);
	if (!net || result) {
		error("%s: no vhost-net: %s", name, strerror(result));
		free(net);
		tap_close(&(struct tap){.fd = tap->fd});
		close(device);
		return NULL;
	}
	net->tap = *tap;
	vhost.backend = &net->kernel.backend;
	card = vhost_device_new(machine, name, &vhost);
	if (card)
		watch_interface(net, card);
	return card;
}
