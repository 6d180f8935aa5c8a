/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/virtio.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

/* What the driver may set; NEEDS_RESET is the device's. */
#define STATUS_OF_DRIVER                                                                           \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |            \
	 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED)

static const uint64_t core_features = 1ull << VIRTIO_F_VERSION_1 |
				      1ull << VIRTIO_F_RING_INDIRECT_DESC |
				      1ull << VIRTIO_F_RING_EVENT_IDX;

bool virtio_is_running(const struct virtio_device *device)
{
	return !device->resetting &&
	       (device->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
		       VIRTIO_STATUS_DRIVER_OK;
}

uint16_t virtio_device_queue_size(const struct virtio_device *device)
{
	return device->queue_size ? device->queue_size : VIRTIO_QUEUE_SIZE;
}

static void power_on_state(struct virtio_device *device)
{
	device->status = 0;
	device->driver_features = 0;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		virtqueue_reset(&device->queues[i]);
		device->queues[i].size = virtio_device_queue_size(device);
	}
}

void virtio_device_attach(struct virtio_device *device, const struct virtio_transport *transport,
			  void *transport_state)
{
	device->transport = transport;
	device->transport_state = transport_state;
	device->config_generation = 0;
	device->resetting = 0;
	power_on_state(device);
}

void virtio_device_free(struct virtio_device *device)
{
	device->class->free(device);
}

/* ---- features, section 2.2 ---- */

uint64_t virtio_device_features(struct virtio_device *device)
{
	return (core_features & ~device->withheld) | device->class->features(device);
}

void virtio_device_set_features(struct virtio_device *device, bool high, uint32_t bits)
{
	unsigned int shift = high ? 32 : 0;
	uint64_t offered = virtio_device_features(device) & 0xffffffffull << shift;

	if (device->resetting || device->status & VIRTIO_STATUS_FEATURES_OK) {
		machine_guest_error(device->machine, device->name,
				    "features are written after FEATURES_OK");
		return;
	}
	device->driver_features &= ~(0xffffffffull << shift);
	device->driver_features |= (uint64_t)bits << shift & offered;
}

/* ---- status, section 2.1 ---- */

static void reset(struct virtio_device *device)
{
	/* While the class waits, other vCPUs may touch the device: from now on it takes nothing. */
	device->resetting++;
	if (device->class->reset)
		device->class->reset(device);
	device->resetting--;
	power_on_state(device);
}

void virtio_device_set_status(struct virtio_device *device, uint8_t status)
{
	uint8_t new = status &STATUS_OF_DRIVER & ~device->status;

	if (status == 0) {
		reset(device);
		return;
	}
	if (device->resetting)
		return;
	if (device->status & ~status & STATUS_OF_DRIVER)
		machine_guest_error(device->machine, device->name,
				    "status bits are cleared without a reset");

	/* Section 3.1.1: a driver must not go on when it finds its FEATURES_OK gone. */
	if (new &VIRTIO_STATUS_FEATURES_OK && !virtio_has(device, VIRTIO_F_VERSION_1)) {
		machine_guest_error(device->machine, device->name,
				    "the driver does not take VIRTIO_F_VERSION_1");
		new &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	}
	if (new &VIRTIO_STATUS_DRIVER_OK && !((device->status | new) & VIRTIO_STATUS_FEATURES_OK)) {
		machine_guest_error(device->machine, device->name,
				    "DRIVER_OK comes before FEATURES_OK");
		new &= (uint8_t)~VIRTIO_STATUS_DRIVER_OK;
	}
	device->status |= new;
	if (new &VIRTIO_STATUS_DRIVER_OK && virtio_is_running(device) && device->class->started)
		device->class->started(device);
}

/* ---- queues ---- */

bool virtio_device_queue_enable(struct virtio_device *device, unsigned int queue)
{
	if (queue >= device->queue_count || device->resetting ||
	    !(device->status & VIRTIO_STATUS_FEATURES_OK)) {
		machine_guest_error(device->machine, device->name,
				    "queue %u cannot be enabled: out of range, or before "
				    "FEATURES_OK",
				    queue);
		return false;
	}
	struct virtqueue *target = &device->queues[queue];
	if (target->ready)
		return true;
	target->event_idx = virtio_has(device, VIRTIO_F_RING_EVENT_IDX);
	if (target->size > virtio_device_queue_size(device))
		target->broken = "the queue size is larger than was offered";
	if (virtqueue_start(target, machine_memory(device->machine)))
		return true;
	virtio_broken(device, target->broken);
	return false;
}

void virtio_device_rung(struct virtio_device *device, unsigned int queue)
{
	if (virtio_is_running(device) && queue < device->queue_count && device->queues[queue].ready)
		device->class->kick(device, queue);
}

void virtio_device_kick(struct virtio_device *device, unsigned int queue)
{
	if (queue >= device->queue_count || !device->queues[queue].ready ||
	    !(device->status & VIRTIO_STATUS_DRIVER_OK)) {
		machine_guest_error(device->machine, device->name,
				    "a doorbell for queue %u, which does not run", queue);
		return;
	}
	virtio_device_rung(device, queue);
}

int virtio_device_doorbell_fd(const struct virtio_device *device, unsigned int queue)
{
	return device->doorbell_fds ? device->doorbell_fds[queue] : 0;
}

void virtio_device_interrupts_moved(struct virtio_device *device)
{
	if (device->class->interrupts_moved && !device->resetting)
		device->class->interrupts_moved(device);
}

bool virtio_pop(struct virtio_device *device, unsigned int queue, struct virtqueue_chain *chain)
{
	if (!virtio_is_running(device))
		return false;
	int got = virtqueue_pop(&device->queues[queue], machine_memory(device->machine), chain);
	if (got < 0)
		virtio_broken(device, device->queues[queue].broken);
	return got > 0;
}

void virtio_push(struct virtio_device *device, unsigned int queue, uint16_t head, uint32_t len)
{
	virtqueue_push(&device->queues[queue], machine_memory(device->machine), head, len);
}

void virtio_push_all(struct virtio_device *device, unsigned int queue,
		     const struct virtqueue_used *used, unsigned int count)
{
	virtqueue_push_all(&device->queues[queue], machine_memory(device->machine), used, count);
}

void virtio_notify(struct virtio_device *device, unsigned int queue)
{
	if (virtqueue_wants_interrupt(&device->queues[queue], machine_memory(device->machine)))
		device->transport->interrupt(device, queue);
}

/* ---- configuration space, section 2.5 ---- */

uint64_t virtio_device_config_read(struct virtio_device *device, uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	device->class->config_read(device, offset, &value, size);
	return le64toh(value);
}

void virtio_device_config_write(struct virtio_device *device, uint64_t offset, unsigned size,
				uint64_t value)
{
	uint64_t bytes = htole64(value);

	if (device->resetting)
		return;
	if (device->class->config_write)
		device->class->config_write(device, offset, &bytes, size);
	else
		machine_guest_error(device->machine, device->name,
				    "the configuration is read-only (offset %" PRIu64 ")", offset);
}

void virtio_config_changed(struct virtio_device *device)
{
	device->config_generation++;
	/* Section 2.1.2: no notification before DRIVER_OK. */
	if (device->status & VIRTIO_STATUS_DRIVER_OK && !device->resetting)
		device->transport->config_changed(device);
}

void virtio_needs_reset(struct virtio_device *device)
{
	if (device->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	device->status |= VIRTIO_STATUS_NEEDS_RESET;
	virtio_config_changed(device);
}

void virtio_broken(struct virtio_device *device, const char *why)
{
	if (device->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	machine_guest_error(device->machine, device->name, "the device needs a reset: %s", why);
	virtio_needs_reset(device);
}
