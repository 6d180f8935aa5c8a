/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio driver that keeps nothing from its caller: every register and every byte of a queue can
 * be set to anything.
 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

enum { VIRTIO_NET = 1, VIRTIO_BLK = 2, VIRTIO_CONSOLE = 3, VIRTIO_RNG = 4 };

enum {
	STATUS_ACKNOWLEDGE = 1,
	STATUS_DRIVER = 2,
	STATUS_DRIVER_OK = 4,
	STATUS_FEATURES_OK = 8,
	STATUS_NEEDS_RESET = 64,
};

#define FEATURE_VERSION_1 (1ull << 32)
#define FEATURE_INDIRECT  (1ull << 28)

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct virtio {
	bool pci;
	unsigned int slot; /* of PCI, or of virtio-mmio */
	uint32_t device;   /* VIRTIO_NET, .. */
	uint64_t regs;	   /* virtio-mmio: all registers; PCI: the common configuration */
	uint64_t notify, isr, config;
	uint32_t notify_multiplier;
};

/* The device in SLOT, if there is one. PCI: gives it addresses. */
bool virtio_find_mmio(struct virtio *virtio, unsigned int slot);
bool virtio_find_pci(struct virtio *virtio, unsigned int slot);
const char *virtio_name(const struct virtio *virtio);

uint8_t virtio_status(const struct virtio *virtio);
void virtio_set_status(const struct virtio *virtio, uint8_t status);
/* Writes 0 and waits until it reads 0. */
bool virtio_reset(const struct virtio *virtio);
uint64_t virtio_features(const struct virtio *virtio);
void virtio_set_features(const struct virtio *virtio, uint64_t features);
/* Reset, ACKNOWLEDGE, DRIVER, FEATURES_OK with FEATURES. False: refused. */
bool virtio_start(const struct virtio *virtio, uint64_t features);
void virtio_kick(const struct virtio *virtio, uint16_t queue);

/* A split queue, with the real thing inside. */
#define RING_SIZE 16u

struct ring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct ring {
	_Alignas(4096) struct ring_desc desc[RING_SIZE];
	struct {
		uint16_t flags, idx, ring[RING_SIZE], used_event;
	} avail;
	_Alignas(4) struct {
		uint16_t flags, idx;
		struct {
			uint32_t id, len;
		} ring[RING_SIZE];
		uint16_t avail_event;
	} used;
};

struct queue_setup {
	uint16_t size;
	uint64_t desc, driver, device;
};

struct queue_setup ring_setup(const struct ring *ring);
void ring_clear(struct ring *ring);
void virtio_queue(const struct virtio *virtio, uint16_t queue, const struct queue_setup *setup);
/* Puts HEAD into the ring and rings the doorbell. */
void ring_submit(const struct virtio *virtio, struct ring *ring, uint16_t queue, uint16_t head);
/* Waits a while until COUNT chains were given back. */
bool ring_wait(const struct ring *ring, uint16_t count);

#endif
