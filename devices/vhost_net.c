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
#define RINGS  2u /* of a pair */

_Static_assert(VHOST_KERNEL_FILES >= NET_PAIRS_MOST, "a file for each pair");

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

/* A ring works while it has a queue of the interface, and each pair has one of its own. */
static void run(struct vhost_kernel *kernel, bool on)
{
	for (uint32_t i = 0; i < RINGS * kernel->file_count; i++) {
		struct vhost_vring_file file = {.index = i % RINGS, .fd = VHOST_FILE_UNBIND};

		if (!on) {
			kernel->call(kernel, i / RINGS, VHOST_NET_SET_BACKEND, &file);
		} else if (kernel->started >> i & 1) {
			file.fd = net_of(kernel)->tap.fds[i / RINGS];
			vhost_kernel_ask_ring(kernel, i, VHOST_NET_SET_BACKEND, &file,
					      "does not join a queue and the tap interface");
		}
	}
}

static bool set_pairs(struct vhost_kernel *kernel, unsigned int pairs)
{
	return tap_attach(&net_of(kernel)->tap, pairs);
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
	net->gone =
		(struct loop_watch){.fd = net->tap.fds[0], .ready = interface_gone, .opaque = net};
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
	.set_pairs = set_pairs,
	.free = free_net,
};

static void close_files(struct vhost_net_files *files)
{
	while (files->count)
		close(files->each[--files->count]);
}

static void say_why(const char *name, int err, bool wanted)
{
	if (!wanted)
		verbose("%s: no vhost-net: " DEVICE ": %s", name, strerror(err));
	else
		error("%s: vhost=on: " DEVICE ": %s: %sleave vhost= out", name, strerror(err),
		      vhost_kernel_advice(err, "load the module (sudo modprobe vhost_net), or "));
}

void vhost_net_open(struct vhost_net_files *files, const char *name, unsigned int count,
		    bool wanted)
{
	files->count = 0;
	while (files->count < count) {
		const int file = vhost_kernel_open(DEVICE);

		if (file < 0) {
			say_why(name, errno, wanted);
			close_files(files);
			return;
		}
		files->each[files->count++] = file;
	}
}

struct virtio_device *vhost_net_new(struct machine *machine, const char *name,
				    const struct net_options *options, struct tap *tap,
				    struct vhost_net_files *files)
{
	struct vhost_net *net = calloc(1, sizeof(*net));
	struct virtio_device *card;
	int result = ENOMEM;
	struct vhost_options vhost = {
		.type = &vhost_net_type,
		.mac = options->mac,
		.mtu = options->mtu,
		.pairs = files->count,
		.features = tap_features(tap),
		.who = "the host's kernel (vhost-net)",
		.way_out = ": vhost=off does without it",
	};

	if (net)
		result = vhost_kernel_init(&net->kernel, &net_kind, files->each, files->count);
	if (!net || result) {
		error("%s: no vhost-net: %s", name, strerror(result));
		free(net);
		tap_close(tap);
		close_files(files);
		return NULL;
	}
	net->tap = *tap;
	vhost.backend = &net->kernel.backend;
	card = vhost_device_new(machine, name, &vhost);
	if (card)
		watch_interface(net, card);
	return card;
}
