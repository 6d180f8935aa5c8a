/* SPDX-License-Identifier: Apache-2.0 */
/* Virtio 1.2: PCI (section 4.1), MMIO (4.2), split queues (2.7). */
#include "vhart-guest/virtio.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/pci.h"

#define WAIT (5 * TIME_SECOND)

/* ---- the two transports: where each register is ---- */

enum reg {
	REG_DEVICE_FEATURE_SELECT,
	REG_DEVICE_FEATURE,
	REG_DRIVER_FEATURE_SELECT,
	REG_DRIVER_FEATURE,
	REG_STATUS,
	REG_QUEUE_SELECT,
	REG_QUEUE_SIZE,
	REG_QUEUE_ENABLE,
	REG_QUEUE_DESC,
	REG_QUEUE_DRIVER,
	REG_QUEUE_DEVICE,
	REG_COUNT,
};

struct reg_place {
	uint16_t offset, size;
};

static const struct reg_place places[2][REG_COUNT] = {
	{
		[REG_DEVICE_FEATURE_SELECT] = {0x14, 4},
		[REG_DEVICE_FEATURE] = {0x10, 4},
		[REG_DRIVER_FEATURE_SELECT] = {0x24, 4},
		[REG_DRIVER_FEATURE] = {0x20, 4},
		[REG_STATUS] = {0x70, 4},
		[REG_QUEUE_SELECT] = {0x30, 4},
		[REG_QUEUE_SIZE] = {0x38, 4},
		[REG_QUEUE_ENABLE] = {0x44, 4},
		[REG_QUEUE_DESC] = {0x80, 4},
		[REG_QUEUE_DRIVER] = {0x90, 4},
		[REG_QUEUE_DEVICE] = {0xa0, 4},
	},
	{
		[REG_DEVICE_FEATURE_SELECT] = {0x00, 4},
		[REG_DEVICE_FEATURE] = {0x04, 4},
		[REG_DRIVER_FEATURE_SELECT] = {0x08, 4},
		[REG_DRIVER_FEATURE] = {0x0c, 4},
		[REG_STATUS] = {0x14, 1},
		[REG_QUEUE_SELECT] = {0x16, 2},
		[REG_QUEUE_SIZE] = {0x18, 2},
		[REG_QUEUE_ENABLE] = {0x1c, 2},
		[REG_QUEUE_DESC] = {0x20, 4},
		[REG_QUEUE_DRIVER] = {0x28, 4},
		[REG_QUEUE_DEVICE] = {0x30, 4},
	},
};

static uint64_t get(const struct virtio *virtio, enum reg reg)
{
	const struct reg_place *place = &places[virtio->pci][reg];

	return io_read(virtio->regs + place->offset, place->size);
}

static void set(const struct virtio *virtio, enum reg reg, uint64_t value)
{
	const struct reg_place *place = &places[virtio->pci][reg];

	io_write(virtio->regs + place->offset, place->size, value);
}

static void set64(const struct virtio *virtio, enum reg reg, uint64_t value)
{
	uint64_t at = virtio->regs + places[virtio->pci][reg].offset;

	io_write(at, 4, value & 0xffffffff);
	io_write(at + 4, 4, value >> 32);
}

/* ---- finding ---- */

#define MMIO_MAGIC	   0x74726976u
#define MMIO_NOTIFY	   0x50u
#define MMIO_ISR	   0x60u
#define MMIO_CONFIG	   0x100u
#define PCI_VIRTIO	   0x1af4u
#define PCI_MODERN	   0x1040u
#define PCI_CAP_ID	   0x09u
#define PCI_CAP_TYPE	   3u
#define PCI_CAP_BAR	   4u
#define PCI_CAP_AT	   8u
#define PCI_CAP_MULTIPLIER 16u

enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };

bool virtio_find_mmio(struct virtio *virtio, unsigned int slot)
{
	uint64_t at = MAP_VIRTIO + slot * MAP_VIRTIO_STRIDE;

	*virtio = (struct virtio){
		.slot = slot,
		.regs = at,
		.notify = at + MMIO_NOTIFY,
		.isr = at + MMIO_ISR,
		.config = at + MMIO_CONFIG,
	};
	if (io_read(at, 4) != MMIO_MAGIC || io_read(at + 4, 4) != 2)
		return false;
	virtio->device = (uint32_t)io_read(at + 8, 4);
	return virtio->device != 0;
}

bool virtio_find_pci(struct virtio *virtio, unsigned int slot)
{
	uint32_t id = pci_id(slot);

	*virtio = (struct virtio){.pci = true, .slot = slot, .device = (id >> 16) - PCI_MODERN};
	if ((id & 0xffff) != PCI_VIRTIO || id >> 16 < PCI_MODERN)
		return false;
	pci_enable(slot);
	for (unsigned int cap = 0; (cap = pci_capability(slot, PCI_CAP_ID, cap)) != 0;) {
		unsigned int bar = (unsigned int)io_read(pci_config(slot, cap + PCI_CAP_BAR), 1);
		uint64_t at = io_read(pci_config(slot, cap + PCI_CAP_AT), 4);
		if (bar < 6)
			at += pci_bar(slot, bar);
		switch (io_read(pci_config(slot, cap + PCI_CAP_TYPE), 1)) {
		case CAP_COMMON: virtio->regs = at; break;
		case CAP_NOTIFY:
			virtio->notify = at;
			virtio->notify_multiplier =
				(uint32_t)io_read(pci_config(slot, cap + PCI_CAP_MULTIPLIER), 4);
			break;
		case CAP_ISR: virtio->isr = at; break;
		case CAP_DEVICE: virtio->config = at; break;
		default: break;
		}
	}
	return virtio->regs && virtio->notify;
}

const char *virtio_name(const struct virtio *virtio)
{
	static const char *const names[] = {"?", "net", "blk", "console", "rng"};

	return virtio->device < sizeof(names) / sizeof(names[0]) ? names[virtio->device] : "?";
}

/* ---- status and features ---- */

uint8_t virtio_status(const struct virtio *virtio)
{
	return (uint8_t)get(virtio, REG_STATUS);
}

void virtio_set_status(const struct virtio *virtio, uint8_t status)
{
	set(virtio, REG_STATUS, status);
}

bool virtio_reset(const struct virtio *virtio)
{
	uint64_t end = time_now() + WAIT;

	virtio_set_status(virtio, 0);
	while (virtio_status(virtio) != 0) {
		if (time_now() > end)
			return false;
	}
	return true;
}

uint64_t virtio_features(const struct virtio *virtio)
{
	set(virtio, REG_DEVICE_FEATURE_SELECT, 0);
	uint64_t low = get(virtio, REG_DEVICE_FEATURE);
	set(virtio, REG_DEVICE_FEATURE_SELECT, 1);
	return low | get(virtio, REG_DEVICE_FEATURE) << 32;
}

void virtio_set_features(const struct virtio *virtio, uint64_t features)
{
	set(virtio, REG_DRIVER_FEATURE_SELECT, 0);
	set(virtio, REG_DRIVER_FEATURE, features & 0xffffffff);
	set(virtio, REG_DRIVER_FEATURE_SELECT, 1);
	set(virtio, REG_DRIVER_FEATURE, features >> 32);
}

bool virtio_start(const struct virtio *virtio, uint64_t features)
{
	const uint8_t known = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

	if (!virtio_reset(virtio))
		return false;
	virtio_set_status(virtio, STATUS_ACKNOWLEDGE);
	virtio_set_status(virtio, known);
	virtio_set_features(virtio, features);
	virtio_set_status(virtio, known | STATUS_FEATURES_OK);
	return virtio_status(virtio) & STATUS_FEATURES_OK;
}

void virtio_kick(const struct virtio *virtio, uint16_t queue)
{
	if (virtio->pci)
		/* Our devices have queue_notify_off = queue. */
		io_write(virtio->notify + (uint64_t)queue * virtio->notify_multiplier, 2, queue);
	else
		io_write(virtio->notify, 4, queue);
}

/* ---- queues ---- */

struct queue_setup ring_setup(const struct ring *ring)
{
	return (struct queue_setup){
		.size = RING_SIZE,
		.desc = (uint64_t)ring->desc,
		.driver = (uint64_t)&ring->avail,
		.device = (uint64_t)&ring->used,
	};
}

void ring_clear(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
}

void virtio_queue(const struct virtio *virtio, uint16_t queue, const struct queue_setup *setup)
{
	set(virtio, REG_QUEUE_SELECT, queue);
	set(virtio, REG_QUEUE_SIZE, setup->size);
	set64(virtio, REG_QUEUE_DESC, setup->desc);
	set64(virtio, REG_QUEUE_DRIVER, setup->driver);
	set64(virtio, REG_QUEUE_DEVICE, setup->device);
	set(virtio, REG_QUEUE_ENABLE, 1);
}

void ring_submit(const struct virtio *virtio, struct ring *ring, uint16_t queue, uint16_t head)
{
	uint16_t idx = ring->avail.idx;

	ring->avail.ring[idx % RING_SIZE] = head;
	__atomic_store_n(&ring->avail.idx, (uint16_t)(idx + 1), __ATOMIC_RELEASE);
	virtio_kick(virtio, queue);
}

bool ring_wait(const struct ring *ring, uint16_t count)
{
	uint64_t end = time_now() + WAIT;

	while (__atomic_load_n(&ring->used.idx, __ATOMIC_ACQUIRE) != count) {
		if (time_now() > end)
			return false;
	}
	return true;
}
