/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of virtio, for tests: a driver's half of a split virtqueue in the fake machine's
 * RAM, and a device of no kind that records what the core and the transports ask of it.
 */
#ifndef VHART_FAKE_DRIVER_H
#define VHART_FAKE_DRIVER_H

#include "devices/virtio.h"
#include "tests/unit/fake_machine.h"

#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

struct fake_queue {
	struct machine *machine;
	uint16_t size;
	uint64_t desc, driver, device; /* guest-physical */
	uint16_t avail, used;	       /* the driver's indices */
};

/* Lays out an empty queue at GPA (16-aligned); returns the first address behind it. */
uint64_t fake_queue_init(struct fake_queue *queue, struct machine *machine, uint64_t gpa,
			 uint16_t size);
/* Writes descriptor INDEX of the TABLE at a guest-physical address. */
void fake_desc(struct machine *machine, uint64_t table, unsigned int index, uint64_t addr,
	       uint32_t len, uint16_t flags, uint16_t next);
/* Makes the chain at HEAD available. */
void fake_queue_offer(struct fake_queue *queue, uint16_t head);
/* Takes a used element, if there is one. */
bool fake_queue_take(struct fake_queue *queue, uint32_t *id, uint32_t *len);
void fake_queue_set_used_event(struct fake_queue *queue, uint16_t event);
uint16_t fake_queue_avail_event(const struct fake_queue *queue);
uint16_t fake_queue_used_flags(const struct fake_queue *queue);
void fake_queue_set_avail_flags(struct fake_queue *queue, uint16_t flags);

/* ---- the device ---- */

#define FAKE_DEVICE_ID	     42u
#define FAKE_DEVICE_CLASS    0x00ff00u
#define FAKE_DEVICE_FEATURES 0x5ull
#define FAKE_CONFIG_LEN	     16u

struct fake_device {
	struct virtio_device device;
	uint8_t config[FAKE_CONFIG_LEN];
	bool idle; /* the test's: do nothing on a kick, else give every chain back, filled with 'x'
		    */
	/* the test's: what another vCPU does while a reset waits; may be NULL */
	void (*during_reset)(struct fake_device *fake, void *opaque);
	void *opaque;
	unsigned int kicks[VIRTIO_MAX_QUEUES], starts, resets, *freed;
};

/* *FREED, if given, is incremented when the device is freed. */
struct fake_device *fake_device_new(struct machine *machine, unsigned int queue_count,
				    unsigned int *freed);

#endif
