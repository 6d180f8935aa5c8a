/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/guest_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_STRIDE 0x4000ull

static void interrupt(struct virtio_device *device, unsigned int queue)
{
	struct guest_driver *driver = device->transport_state;

	driver->interrupts[queue]++;
}

static void config_changed(struct virtio_device *device)
{
	struct guest_driver *driver = device->transport_state;

	driver->config_changes++;
}

static const struct virtio_transport guest_transport = {
	.name = "fake", .interrupt = interrupt, .config_changed = config_changed};

static void bring_up(struct guest_driver *driver, uint64_t features)
{
	struct virtio_device *device = driver->device;

	features |= 1ull << VIRTIO_F_VERSION_1;
	virtio_device_set_status(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	virtio_device_set_features(device, false, (uint32_t)features);
	virtio_device_set_features(device, true, (uint32_t)(features >> 32));
	virtio_device_set_status(device, device->status | VIRTIO_STATUS_FEATURES_OK);
	for (unsigned int i = 0; i < device->queue_count; i++) {
		uint64_t gpa = FAKE_RAM_BASE + i * QUEUE_STRIDE;
		struct fake_queue *queue = &driver->queues[i];

		memset(guest_memory_at(&driver->machine->memory, gpa, QUEUE_STRIDE), 0,
		       QUEUE_STRIDE);
		fake_queue_init(queue, driver->machine, gpa, GUEST_QUEUE_SIZE);
		driver->next_desc[i] = 0;
		device->queues[i].size = GUEST_QUEUE_SIZE;
		device->queues[i].desc = queue->desc;
		device->queues[i].driver = queue->driver;
		device->queues[i].device = queue->device;
		virtio_device_queue_enable(device, i);
	}
	virtio_device_set_status(device, device->status | VIRTIO_STATUS_DRIVER_OK);
}

void guest_driver_start(struct guest_driver *driver, struct machine *machine,
			struct virtio_device *device, uint64_t features)
{
	*driver = (struct guest_driver){.machine = machine, .device = device};
	virtio_device_attach(device, &guest_transport, driver);
	bring_up(driver, features);
}

void guest_driver_restart(struct guest_driver *driver, uint64_t features)
{
	virtio_device_set_status(driver->device, 0);
	bring_up(driver, features);
}

uint16_t guest_driver_add(struct guest_driver *driver, unsigned int queue,
			  const struct guest_buffer *buffers, unsigned int count)
{
	struct fake_queue *ring = &driver->queues[queue];
	uint16_t head = driver->next_desc[queue] % GUEST_QUEUE_SIZE;

	for (unsigned int i = 0; i < count; i++) {
		uint16_t index = driver->next_desc[queue]++ % GUEST_QUEUE_SIZE;
		uint16_t flags = (uint16_t)((buffers[i].writable ? DESC_WRITE : 0) |
					    (i + 1 < count ? DESC_NEXT : 0));

		fake_desc(driver->machine, ring->desc, index, buffers[i].gpa, buffers[i].len, flags,
			  (index + 1) % GUEST_QUEUE_SIZE);
	}
	fake_queue_offer(ring, head);
	return head;
}

void guest_driver_kick(struct guest_driver *driver, unsigned int queue)
{
	virtio_device_kick(driver->device, queue);
}

bool guest_driver_used(struct guest_driver *driver, unsigned int queue, uint32_t *len)
{
	uint32_t id;

	return fake_queue_take(&driver->queues[queue], &id, len);
}

uint32_t guest_driver_wait(struct guest_driver *driver, unsigned int queue)
{
	uint32_t len;

	for (unsigned int i = 0; i < 10000; i++) {
		if (guest_driver_used(driver, queue, &len))
			return len;
		fake_machine_run_for(driver->machine, 1000000);
	}
	fprintf(stderr, "guest_driver: nothing was used within ten seconds\n");
	abort();
}
