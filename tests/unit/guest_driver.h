/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's driver for any virtio device, over the fake machine and a transport of its own that
 * counts interrupts. Everything is open, so a test can also do what a driver must not.
 */
#ifndef VHART_GUEST_DRIVER_H
#define VHART_GUEST_DRIVER_H

#include "tests/unit/fake_driver.h"

#define GUEST_QUEUE_SIZE 64u
#define GUEST_RAM	 (2ull << 20)
#define GUEST_DATA	 (FAKE_RAM_BASE + 0x80000ull) /* RAM from here on is the test's */

struct guest_driver {
	struct machine *machine;
	struct virtio_device *device;
	unsigned int interrupts[VIRTIO_MAX_QUEUES];
	unsigned int config_changes;
	struct fake_queue queues[VIRTIO_MAX_QUEUES];
	uint16_t next_desc[VIRTIO_MAX_QUEUES];
};

struct guest_buffer {
	uint64_t gpa;
	uint32_t len;
	bool writable;
};

/* Attaches DEVICE and brings it to DRIVER_OK with those of FEATURES that it offers. */
void guest_driver_start(struct guest_driver *driver, struct machine *machine,
			struct virtio_device *device, uint64_t features);
/* Resets the device and starts it again. */
void guest_driver_restart(struct guest_driver *driver, uint64_t features);

/* Makes a chain available, without a doorbell. Returns its head. */
uint16_t guest_driver_add(struct guest_driver *driver, unsigned int queue,
			  const struct guest_buffer *buffers, unsigned int count);
void guest_driver_kick(struct guest_driver *driver, unsigned int queue);
/* Takes the next used chain; false when there is none. */
bool guest_driver_used(struct guest_driver *driver, unsigned int queue, uint32_t *len);
/* Runs the loop until a chain was used, ten seconds at most. Returns its length. */
uint32_t guest_driver_wait(struct guest_driver *driver, unsigned int queue);

#endif
