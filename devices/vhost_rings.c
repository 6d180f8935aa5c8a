/* SPDX-License-Identifier: Apache-2.0 */
/* The rings of a device whose work another process does: handed over, and taken back. */
#include "devices/vhost_user.h"

#include <unistd.h>

static uint64_t address_of(struct vhost_user *user, uint64_t gpa)
{
	const struct guest_memory *memory = machine_memory(user->device.machine);

	return (uint64_t)(uintptr_t)guest_memory_at(memory, gpa, 0);
}

/* From where POSITIONS says. */
static void start_ring(struct vhost_user *user, uint32_t index)
{
	const struct virtqueue *queue = &user->device.queues[index];
	const struct vhost_ring_state size = {index, queue->size}, on = {index, 1};
	const uint64_t number = index;
	const struct vhost_ring_addresses addresses = {
		.index = index,
		.desc = address_of(user, queue->desc),
		.avail = address_of(user, queue->driver),
		.used = address_of(user, queue->device),
	};
	const struct vhost_ring_state *position = &user->positions[index];
	struct vhost_link *link = user->link;

	vhost_link_send(link, VHOST_SET_VRING_NUM, &size, sizeof(size), -1);
	vhost_link_send(link, VHOST_SET_VRING_BASE, position, sizeof(*position), -1);
	vhost_link_send(link, VHOST_SET_VRING_ADDR, &addresses, sizeof(addresses), -1);
	/* With its kick the ring starts, and may call. */
	vhost_link_send(link, VHOST_SET_VRING_CALL, &number, sizeof(number), user->calls[index].fd);
	vhost_link_send(link, VHOST_SET_VRING_KICK, &number, sizeof(number), user->kicks[index]);
	if (link->features >> VHOST_USER_F_PROTOCOL_FEATURES & 1)
		vhost_link_send(link, VHOST_SET_VRING_ENABLE, &on, sizeof(on), -1);
}

void vhost_ring_kick(struct virtio_device *device, unsigned int queue)
{
	const struct vhost_user *user = device->state;
	const uint64_t one = 1;
	ssize_t written = write(user->kicks[queue], &one, sizeof(one));

	(void)written; /* EAGAIN: it is kicked already */
}

void vhost_rings_start(struct vhost_user *user)
{
	user->running = true;
	for (unsigned int i = 0; i < user->device.queue_count; i++) {
		if (!user->device.queues[i].ready)
			continue;
		start_ring(user, i);
		/* What came while nobody listened. */
		vhost_ring_kick(&user->device, i);
	}
}

/* GET_VRING_BASE stops a ring; when all are, the back-end touches guest memory no more. */
void vhost_rings_stop(struct vhost_user *user)
{
	user->running = false;
	for (unsigned int i = 0; i < user->device.queue_count; i++) {
		struct vhost_ring_state *position = &user->positions[i];

		if (!user->device.queues[i].ready)
			continue;
		*position = (struct vhost_ring_state){.index = i};
		vhost_link_ask(user->link, VHOST_GET_VRING_BASE, position, sizeof(*position),
			       position, sizeof(*position));
	}
}

/* What the driver has offered is used. A ring that it has put nowhere has nothing under way. */
static bool ring_is_drained(const struct vhost_user *user, const struct virtqueue *queue)
{
	const struct guest_memory *memory = machine_memory(user->device.machine);
	const uint16_t *offered = guest_memory_at(memory, queue->driver + 2, sizeof(*offered));
	const uint16_t *used = guest_memory_at(memory, queue->device + 2, sizeof(*used));

	return !queue->ready || !offered || !used ||
	       __atomic_load_n(offered, __ATOMIC_RELAXED) ==
		       __atomic_load_n(used, __ATOMIC_ACQUIRE);
}

bool vhost_rings_are_drained(const struct vhost_user *user)
{
	for (unsigned int i = 0; i < user->device.queue_count; i++)
		if (!ring_is_drained(user, &user->device.queues[i]))
			return false;
	return true;
}
