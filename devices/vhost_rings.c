/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/vhost_rings.h"

#include <unistd.h>

static uint64_t address_of(struct vhost_device *vhost, uint64_t gpa)
{
	const struct guest_memory *memory = machine_memory(vhost->device.machine);

	return (uint64_t)(uintptr_t)guest_memory_at(memory, gpa, 0);
}

/* Where its calls are to go: to KVM if both sides can, else through here. */
static int call_of(struct vhost_device *vhost, unsigned int index)
{
	const struct virtio_transport *transport = vhost->device.transport;
	int direct = 0;

	if (vhost->backend->operations->set_call && transport->interrupt_fd)
		direct = transport->interrupt_fd(&vhost->device, index);
	return direct ? direct : vhost->calls[index].fd;
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
		.call = call_of(vhost, index),
	};

	vhost->given_calls[index] = ring.call;
	vhost->backend->operations->start_ring(vhost->backend, &ring, &vhost->positions[index]);
}

static bool is_its(const struct vhost_device *vhost, unsigned int index)
{
	return index < vhost->rings && vhost->device.queues[index].ready;
}

void vhost_rings_kick(const struct vhost_device *vhost, unsigned int queue)
{
	const uint64_t one = 1;
	ssize_t written = write(vhost->kicks[queue], &one, sizeof(one));

	(void)written; /* EAGAIN: it is kicked already */
}

void vhost_rings_start(struct vhost_device *vhost)
{
	const struct vhost_operations *operations = vhost->backend->operations;

	vhost->running = true;
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (is_its(vhost, i))
			start_ring(vhost, i);
	if (operations->run)
		operations->run(vhost->backend, true);
	/* What came while nobody listened. */
	for (unsigned int i = 0; i < vhost->rings; i++)
		if (is_its(vhost, i))
			vhost_rings_kick(vhost, i);
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
}

void vhost_rings_move_calls(struct vhost_device *vhost)
{
	for (unsigned int i = 0; vhost->running && i < vhost->rings; i++) {
		const int call = call_of(vhost, i);

		if (!is_its(vhost, i) || call == vhost->given_calls[i])
			continue;
		vhost->given_calls[i] = call;
		vhost->backend->operations->set_call(vhost->backend, i, call);
	}
}
