/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes and offsets of virtio 1.2, section 2.7. */
enum { DESC_LEN = 16, USED_LEN = 8, RING_IDX = 2, RING_ENTRIES = 4 };

uint64_t fake_queue_init(struct fake_queue *queue, struct machine *machine, uint64_t gpa,
			 uint16_t size)
{
	*queue = (struct fake_queue){.machine = machine, .size = size, .desc = gpa};
	queue->driver = gpa + (uint64_t)DESC_LEN * size;
	queue->device = (queue->driver + RING_ENTRIES + 2 * (size + 1ull) + 3) & ~3ull;
	return (queue->device + RING_ENTRIES + (uint64_t)USED_LEN * size + 2 + 15) & ~15ull;
}

void fake_desc(struct machine *machine, uint64_t table, unsigned int index, uint64_t addr,
	       uint32_t len, uint16_t flags, uint16_t next)
{
	uint64_t at = table + (uint64_t)index * DESC_LEN;

	fake_store(machine, at, 8, addr);
	fake_store(machine, at + 8, 4, len);
	fake_store(machine, at + 12, 2, flags);
	fake_store(machine, at + 14, 2, next);
}

void fake_queue_offer(struct fake_queue *queue, uint16_t head)
{
	fake_store(queue->machine, queue->driver + RING_ENTRIES + queue->avail % queue->size * 2u,
		   2, head);
	queue->avail++;
	fake_store(queue->machine, queue->driver + RING_IDX, 2, queue->avail);
}

bool fake_queue_take(struct fake_queue *queue, uint32_t *id, uint32_t *len)
{
	if (fake_load(queue->machine, queue->device + RING_IDX, 2) == queue->used)
		return false;
	uint64_t at = queue->device + RING_ENTRIES + queue->used % queue->size * (uint64_t)USED_LEN;
	*id = (uint32_t)fake_load(queue->machine, at, 4);
	*len = (uint32_t)fake_load(queue->machine, at + 4, 4);
	queue->used++;
	return true;
}

void fake_queue_set_used_event(struct fake_queue *queue, uint16_t event)
{
	fake_store(queue->machine, queue->driver + RING_ENTRIES + 2ull * queue->size, 2, event);
}

uint16_t fake_queue_avail_event(const struct fake_queue *queue)
{
	return (uint16_t)fake_load(
		queue->machine, queue->device + RING_ENTRIES + (uint64_t)USED_LEN * queue->size, 2);
}

uint16_t fake_queue_used_flags(const struct fake_queue *queue)
{
	return (uint16_t)fake_load(queue->machine, queue->device, 2);
}

void fake_queue_set_avail_flags(struct fake_queue *queue, uint16_t flags)
{
	fake_store(queue->machine, queue->driver, 2, flags);
}

/* ---- the device ---- */

static uint64_t features(struct virtio_device *device)
{
	(void)device;
	return FAKE_DEVICE_FEATURES;
}

static void config_read(struct virtio_device *device, uint64_t offset, void *to, unsigned size)
{
	const struct fake_device *fake = device->state;

	if (offset + size <= FAKE_CONFIG_LEN)
		memcpy(to, fake->config + offset, size);
}

static void config_write(struct virtio_device *device, uint64_t offset, const void *from,
			 unsigned size)
{
	struct fake_device *fake = device->state;

	if (offset + size <= FAKE_CONFIG_LEN)
		memcpy(fake->config + offset, from, size);
}

static void started(struct virtio_device *device)
{
	struct fake_device *fake = device->state;

	fake->starts++;
}

static void kick(struct virtio_device *device, unsigned int queue)
{
	struct fake_device *fake = device->state;
	struct virtqueue_chain chain;

	fake->kicks[queue]++;
	while (!fake->idle && virtio_pop(device, queue, &chain)) {
		for (uint64_t i = 0; i < chain.writable_len && i < 4096; i++)
			virtqueue_write(&chain, i, "x", 1);
		virtio_push(device, queue, chain.head, (uint32_t)chain.writable_len);
	}
	virtio_notify(device, queue);
}

static void reset(struct virtio_device *device)
{
	struct fake_device *fake = device->state;

	fake->resets++;
	if (fake->during_reset)
		fake->during_reset(fake, fake->opaque);
}

static void free_device(struct virtio_device *device)
{
	struct fake_device *fake = device->state;

	if (fake->freed)
		(*fake->freed)++;
	free(fake);
}

static const struct virtio_class class = {
	.name = "fake",
	.device_id = FAKE_DEVICE_ID,
	.pci_class = FAKE_DEVICE_CLASS,
	.features = features,
	.config_read = config_read,
	.config_write = config_write,
	.started = started,
	.kick = kick,
	.reset = reset,
	.free = free_device,
};

struct fake_device *fake_device_new(struct machine *machine, unsigned int queue_count,
				    unsigned int *freed)
{
	struct fake_device *fake = calloc(1, sizeof(*fake));

	if (!fake)
		abort();
	fake->device.class = &class;
	fake->device.machine = machine;
	fake->device.queue_count = queue_count;
	snprintf(fake->device.name, sizeof(fake->device.name), "fake0");
	fake->device.state = fake;
	fake->freed = freed;
	for (unsigned int i = 0; i < FAKE_CONFIG_LEN; i++)
		fake->config[i] = (uint8_t)(0x10 + i);
	return fake;
}
