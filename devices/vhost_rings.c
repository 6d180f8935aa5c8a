/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_rings.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"

/* A driver may enable a queue after the device's start, which is too late, and disable one that the
 * back-end has. */
static bool is_its(const struct vhost_device *vhost, unsigned int index)
{
	return vhost->handed >> index & 1;
}

/* ---- their events ---- */

/* Another process has these eventfds too, and could make them ones that block. */
static bool take_event(int fd)
{
	uint64_t count;
	const struct iovec iov = {.iov_base = &count, .iov_len = sizeof(count)};

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) == sizeof(count);
}

static void send_event(int fd)
{
	const uint64_t one = 1;
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	ssize_t written;

	/* Full: it is kicked already. */
	if (poll(&room, 1, 0) <= 0)
		return;
	written = write(fd, &one, sizeof(one));
	(void)written;
}

static void call_ready(struct loop_watch *watch, short revents)
{
	struct vhost_device *vhost = watch->opaque;

	(void)revents;
	if (take_event(watch->fd) && virtio_is_running(&vhost->device))
		vhost->device.transport->interrupt(&vhost->device,
						   (unsigned int)(watch - vhost->calls));
}

static bool make_event(struct vhost_device *vhost, unsigned int queue)
{
	struct loop_watch *call = &vhost->calls[queue];

	vhost->kicks[queue] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*call = (struct loop_watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				    .events = POLLIN,
				    .ready = call_ready,
				    .opaque = vhost};
	if (vhost->kicks[queue] >= 0 && call->fd >= 0 &&
	    loop_watch_add(machine_loop(vhost->device.machine), call) == 0)
		return true;
	if (call->fd >= 0)
		close(call->fd);
	call->fd = 0;
	error("%s: no eventfd for its queues: %s", vhost->device.name, strerror(errno));
	return false;
}

bool vhost_rings_make_events(struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < vhost->device.queue_count; i++)
		if (!make_event(vhost, i))
			return false;
	return true;
}

/* The calls of a ring are nobody's. */
static void take_calls(struct vhost_device *vhost, unsigned int index)
{
	struct loop_watch *call = &vhost->calls[index];

	if (vhost->msis[index])
		machine_msi_remove_irqfd(vhost->msis[index], call->fd);
	else
		loop_watch_remove(machine_loop(vhost->device.machine), call);
	vhost->msis[index] = NULL;
}

/*
 * Whose the calls of a ring are: KVM's, which makes an MSI of each, or this process's. The back-end
 * is not asked; it has the same eventfd all the time.
 */
static void give_calls(struct vhost_device *vhost, unsigned int index, struct msi *msi)
{
	struct loop *loop = machine_loop(vhost->device.machine);
	struct loop_watch *call = &vhost->calls[index];

	if (msi == vhost->msis[index])
		return;
	take_calls(vhost, index);
	if (msi && machine_msi_add_irqfd(msi, call->fd) == 0)
		vhost->msis[index] = msi;
	/* There was no memory for that. */
	if (!vhost->msis[index] && loop_watch_add(loop, call) < 0)
		virtio_needs_reset(&vhost->device);
}

void vhost_rings_free_events(struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		if (vhost->kicks[i] > 0)
			close(vhost->kicks[i]);
		if (vhost->calls[i].fd <= 0)
			continue;
		take_calls(vhost, i);
		close(vhost->calls[i].fd);
	}
}

/* The ring is the back-end's. */
static void place_calls(struct vhost_device *vhost, unsigned int index)
{
	const struct virtio_transport *transport = vhost->device.transport;

	give_calls(vhost, index,
		   transport->interrupt_msi ? transport->interrupt_msi(&vhost->device, index)
					    : NULL);
}

/* ---- handed over, and taken back ---- */

static uint64_t address_of(struct vhost_device *vhost, uint64_t gpa)
{
	const struct guest_memory *memory = machine_memory(vhost->device.machine);

	return (uint64_t)(uintptr_t)guest_memory_at(memory, gpa, 0);
}

/* From where its position says. */
static void start_ring(struct vhost_device *vhost, unsigned int index)
{
	const struct virtqueue *queue = &vhost->device.queues[index];
	const struct vhost_ring ring = {
		.index = index,
		.size = queue->size,
		.desc = address_of(vhost, queue->desc),
		.avail = address_of(vhost, queue->driver),
		.used = address_of(vhost, queue->device),
		.kick = vhost->kicks[index],
		.call = vhost->calls[index].fd,
	};

	vhost->handed |= 1u << index;
	place_calls(vhost, index);
	vhost->backend->operations->start_ring(vhost->backend, &ring, &vhost->positions[index]);
}

void vhost_rings_kick(const struct vhost_device *vhost, unsigned int queue)
{
	send_event(vhost->kicks[queue]);
}

void vhost_rings_take_kick(const struct vhost_device *vhost, unsigned int queue)
{
	take_event(vhost->kicks[queue]);
}

void vhost_rings_kick_all(const struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (is_its(vhost, i))
			vhost_rings_kick(vhost, i);
}

uint16_t vhost_rings_largest(const struct vhost_device *vhost)
{
	uint16_t largest = 0;

	for (unsigned int i = 0; i < vhost->rings; i++)
		if (vhost->device.queues[i].ready && vhost->device.queues[i].size > largest)
			largest = vhost->device.queues[i].size;
	return largest;
}

static void give_inflight(struct vhost_device *vhost)
{
	struct vhost_ring_state sizes[VIRTIO_MAX_QUEUES];
	unsigned int count = 0;

	for (unsigned int i = 0; i < vhost->rings; i++)
		if (vhost->device.queues[i].ready)
			sizes[count++] = (struct vhost_ring_state){i, vhost->device.queues[i].size};
	vhost->backend->operations->give_inflight(vhost->backend, sizes, count);
}

void vhost_rings_start(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;

	vhost->running = true;
	if (operations->give_inflight)
		give_inflight(vhost);
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (vhost->device.queues[i].ready && vhost->enabled >> i & 1)
			start_ring(vhost, i);
	if (operations->run)
		operations->run(vhost->backend, true);
	/* What came while nobody listened. */
	vhost_rings_kick_all(vhost);
}

void vhost_rings_stop(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;

	vhost->running = false;
	if (operations->run)
		operations->run(vhost->backend, false);
	for (unsigned int i = 0; i < vhost->rings; i++) {
		if (!is_its(vhost, i))
			continue;
		vhost->positions[i] = (struct vhost_ring_state){.index = i};
		operations->stop_ring(vhost->backend, &vhost->positions[i]);
	}
	vhost_rings_take_calls(vhost);
	vhost->handed = 0;
}

void vhost_rings_move_calls(struct vhost_device *vhost)
{
	for (unsigned int i = 0; vhost->running && i < vhost->rings; i++)
		if (is_its(vhost, i))
			place_calls(vhost, i);
}

void vhost_rings_take_calls(struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < vhost->rings; i++)
		give_calls(vhost, i, NULL);
}

/* Of what its driver has put at GPA: how much of the ring was offered, or used. */
static bool load_index(const struct vhost_device *vhost, uint64_t gpa, uint16_t *index)
{
	const struct guest_memory *memory = machine_memory(vhost->device.machine);
	const uint16_t *at = guest_memory_at(memory, gpa + 2, sizeof(*at));

	if (at)
		*index = le16toh(__atomic_load_n(at, __ATOMIC_ACQUIRE));
	return at;
}

/* What the driver has offered is used. One that it has disabled may be anywhere by now. */
static bool is_drained(const struct vhost_device *vhost, unsigned int index)
{
	const struct virtqueue *queue = &vhost->device.queues[index];
	uint16_t offered, used;

	return !queue->ready || !load_index(vhost, queue->driver, &offered) ||
	       !load_index(vhost, queue->device, &used) || offered == used;
}

void vhost_rings_find(struct vhost_device *vhost)
{
	for (unsigned int i = 0; i < vhost->rings; i++) {
		const struct virtqueue *queue = &vhost->device.queues[i];
		uint16_t used = 0;

		if (!(vhost->orphaned >> i & 1) || !queue->ready)
			continue;
		load_index(vhost, queue->device, &used);
		vhost->positions[i] = (struct vhost_ring_state){i, used};
	}
}

bool vhost_rings_are_drained(const struct vhost_device *vhost, uint32_t rings)
{
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (rings >> i & 1 && !is_drained(vhost, i))
			return false;
	return true;
}
