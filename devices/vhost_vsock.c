/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets between host and guest without a network (AF_VSOCK), by the kernel's vhost-vsock. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vhost.h>

#include "base/log.h"
#include "devices/vhost_device.h"
#include "devices/vhost_kernel.h"

#define DEVICE "/dev/vhost-vsock"

#define RINGS 2u /* the third is ours: no kernel has events */

/* The kernel starts both or none: without one of them the guest's driver has made a mistake. */
static void run(struct vhost_kernel *kernel, bool on)
{
	int running = on;

	if (on && kernel->started != (1u << RINGS) - 1)
		return;
	if (on)
		vhost_kernel_ask(kernel, VHOST_VSOCK_SET_RUNNING, &running,
				 "does not start the guest's sockets");
	else
		kernel->call(kernel, 0, VHOST_VSOCK_SET_RUNNING, &running);
}

static void free_vsock(struct vhost_kernel *kernel)
{
	free(kernel);
}

static const struct vhost_kernel_kind vsock_kind = {
	.ring_count = RINGS,
	.run = run,
	.free = free_vsock,
};

static int open_device(uint32_t cid)
{
	const int device = vhost_kernel_open(DEVICE);

	if (device < 0)
		error("--vsock %" PRIu32 ": " DEVICE ": %s: %sleave --vsock out", cid,
		      strerror(errno),
		      vhost_kernel_advice(errno,
					  "load the module (sudo modprobe vhost_vsock), or "));
	return device;
}

static void cid_error(uint32_t cid, int err)
{
	if (err == EADDRINUSE)
		error("--vsock %" PRIu32 ": another VM of this host has this CID: take another one",
		      cid);
	else
		error("--vsock %" PRIu32 ": the host's kernel does not take it: %s: take another "
		      "one, or leave --vsock out",
		      cid, strerror(err));
}

/* NULL after error(). */
static struct vhost_kernel *open_kernel(const char *name, uint32_t cid)
{
	const int device = open_device(cid);
	struct vhost_kernel *kernel;
	int result = ENOMEM;

	if (device < 0)
		return NULL;
	kernel = calloc(1, sizeof(*kernel));
	if (kernel)
		result = vhost_kernel_init(kernel, &vsock_kind, &device, 1);
	if (result == 0)
		return kernel;
	error("%s: %s", name, strerror(result));
	close(device);
	free(kernel);
	return NULL;
}

struct virtio_device *virtio_vhost_vsock_new(struct machine *machine, const char *name,
					     uint32_t cid)
{
	struct vhost_kernel *kernel = open_kernel(name, cid);
	struct vhost_options options = {
		.type = &vhost_vsock_type,
		.cid = cid,
		.who = "the host's kernel (vhost-vsock)",
		.way_out = ": leave --vsock out",
	};
	uint64_t number = cid;
	int result;

	if (!kernel)
		return NULL;
	options.backend = &kernel->backend;
	result = kernel->call(kernel, 0, VHOST_VSOCK_SET_GUEST_CID, &number);
	if (result == 0)
		return vhost_device_new(machine, name, &options);
	cid_error(cid, result);
	kernel->backend.operations->free(&kernel->backend);
	return NULL;
}
