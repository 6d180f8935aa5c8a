/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vhost.h>

_Static_assert(sizeof(struct vhost_ring_state) == sizeof(struct vhost_vring_state),
	       "as the kernel lays it out");

static struct vhost_kernel *kernel_of(struct vhost_backend *backend)
{
	return (struct vhost_kernel *)((uint8_t *)backend - offsetof(struct vhost_kernel, backend));
}

static bool ask_file(struct vhost_kernel *kernel, unsigned int file, unsigned long request,
		     void *argument, const char *refused)
{
	int result;

	if (kernel->backend.broken)
		return false;
	result = kernel->call(kernel, file, request, argument);
	if (result == 0)
		return true;
	kernel->backend.broken = refused;
	kernel->backend.broken_error = result;
	/* Of what runs, nothing goes on: the guest will be told that nothing works. */
	kernel->kind->run(kernel, false);
	return false;
}

bool vhost_kernel_ask(struct vhost_kernel *kernel, unsigned long request, void *argument,
		      const char *refused)
{
	for (unsigned int i = 0; i < kernel->file_count; i++)
		if (!ask_file(kernel, i, request, argument, refused))
			return false;
	return true;
}

bool vhost_kernel_ask_ring(struct vhost_kernel *kernel, uint32_t ring, unsigned long request,
			   void *argument, const char *refused)
{
	return ask_file(kernel, ring / kernel->kind->ring_count, request, argument, refused);
}

/* In its file. */
static uint32_t number_of(const struct vhost_kernel *kernel, uint32_t ring)
{
	return ring % kernel->kind->ring_count;
}

/* ---- the operations ---- */

static bool greet(struct vhost_backend *backend, int timeout_ms)
{
	struct vhost_kernel *kernel = kernel_of(backend);

	(void)timeout_ms;
	backend->ring_count = (uint64_t)kernel->kind->ring_count * kernel->file_count;
	return vhost_kernel_ask(kernel, VHOST_GET_FEATURES, &backend->features,
				"does not say what it can do");
}

/* The worker sees this process's memory, so it need not be shared. */
static void share_memory(struct vhost_backend *backend, const struct guest_memory *memory)
{
	union {
		struct vhost_memory table;
		uint8_t room[sizeof(struct vhost_memory) + sizeof(struct vhost_memory_region)];
	} all = {.table.nregions = 1};

	all.table.regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = memory->base,
		.memory_size = memory->size,
		.userspace_addr = (uint64_t)(uintptr_t)memory->host,
	};
	vhost_kernel_ask(kernel_of(backend), VHOST_SET_MEM_TABLE, &all,
			 "does not take the guest's memory");
}

static void set_features(struct vhost_backend *backend, uint64_t features)
{
	struct vhost_kernel *kernel = kernel_of(backend);
	uint64_t its = features & backend->features;

	if (vhost_kernel_ask(kernel, VHOST_SET_FEATURES, &its,
			     "does not take the features of the guest's driver") &&
	    kernel->kind->negotiated)
		kernel->kind->negotiated(kernel, features);
}

static void set_file(struct vhost_kernel *kernel, unsigned long request, uint32_t ring, int fd)
{
	struct vhost_vring_file file = {.index = number_of(kernel, ring), .fd = fd};

	vhost_kernel_ask_ring(kernel, ring, request, &file,
			      "does not take the eventfds of a queue");
}

static void start_ring(struct vhost_backend *backend, const struct vhost_ring *ring,
		       const struct vhost_ring_state *from)
{
	static const char refused[] = "does not take a queue";
	struct vhost_kernel *kernel = kernel_of(backend);
	const uint32_t number = number_of(kernel, ring->index);
	struct vhost_vring_state size = {.index = number, .num = ring->size};
	struct vhost_vring_state base = {.index = number, .num = from->num};
	struct vhost_vring_addr addresses = {
		.index = number,
		.desc_user_addr = ring->desc,
		.avail_user_addr = ring->avail,
		.used_user_addr = ring->used,
	};

	vhost_kernel_ask_ring(kernel, ring->index, VHOST_SET_VRING_NUM, &size, refused);
	vhost_kernel_ask_ring(kernel, ring->index, VHOST_SET_VRING_BASE, &base, refused);
	vhost_kernel_ask_ring(kernel, ring->index, VHOST_SET_VRING_ADDR, &addresses, refused);
	set_file(kernel, VHOST_SET_VRING_CALL, ring->index, ring->call);
	set_file(kernel, VHOST_SET_VRING_ERR, ring->index, backend->fd);
	set_file(kernel, VHOST_SET_VRING_KICK, ring->index, ring->kick);
	kernel->started |= 1u << ring->index;
}

static void run(struct vhost_backend *backend, bool on)
{
	struct vhost_kernel *kernel = kernel_of(backend);

	if (!backend->broken)
		kernel->kind->run(kernel, on);
}

/* It does not run any more. */
static void stop_ring(struct vhost_backend *backend, struct vhost_ring_state *position)
{
	struct vhost_kernel *kernel = kernel_of(backend);
	struct vhost_vring_state state = {.index = number_of(kernel, position->index)};

	kernel->started &= ~(1u << position->index);
	vhost_kernel_ask_ring(kernel, position->index, VHOST_GET_VRING_BASE, &state,
			      "does not say where a queue is");
	position->num = state.num;
}

static bool set_pairs(struct vhost_backend *backend, unsigned int pairs)
{
	struct vhost_kernel *kernel = kernel_of(backend);

	return kernel->kind->set_pairs && kernel->kind->set_pairs(kernel, pairs);
}

/* A descriptor that points nowhere, or the like. */
static void read_errors(struct vhost_backend *backend)
{
	eventfd_t count;

	if (eventfd_read(backend->fd, &count) == 0)
		backend->bad_rings = "the host's kernel finds that its queues are wrong";
}

static bool settle(struct vhost_backend *backend, int timeout_ms)
{
	(void)timeout_ms;
	return !backend->broken;
}

static void free_kernel(struct vhost_backend *backend)
{
	struct vhost_kernel *kernel = kernel_of(backend);

	for (unsigned int i = 0; i < kernel->file_count; i++)
		close(kernel->files[i]);
	close(backend->fd);
	kernel->kind->free(kernel);
}

static const struct vhost_operations operations = {
	.greet = greet,
	.share_memory = share_memory,
	.set_features = set_features,
	.start_ring = start_ring,
	.run = run,
	.stop_ring = stop_ring,
	.set_pairs = set_pairs,
	.read = read_errors,
	.settle = settle,
	.free = free_kernel,
};

/* ---- the host ---- */

static int call_host(struct vhost_kernel *kernel, unsigned int file, unsigned long request,
		     void *argument)
{
	return ioctl(kernel->files[file], request, argument) < 0 ? errno : 0;
}

int vhost_kernel_open(const char *path)
{
	const int device = open(path, O_RDWR | O_CLOEXEC);
	int result;

	if (device < 0 || ioctl(device, VHOST_SET_OWNER) == 0)
		return device;
	result = errno;
	close(device);
	errno = result;
	return -1;
}

const char *vhost_kernel_advice(int err, const char *load)
{
	if (err == EACCES || err == EPERM)
		return "join the group that has it (kvm, mostly), or ";
	return err == ENOENT || err == ENODEV || err == ENXIO ? load : "";
}

int vhost_kernel_init(struct vhost_kernel *kernel, const struct vhost_kernel_kind *kind,
		      const int *files, unsigned int count)
{
	const int errors = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (errors < 0)
		return errno;
	*kernel = (struct vhost_kernel){
		.backend = {.operations = &operations, .fd = errors},
		.kind = kind,
		.file_count = count,
		.call = call_host,
	};
	memcpy(kernel->files, files, count * sizeof(*files));
	return 0;
}
