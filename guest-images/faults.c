/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does everything wrong, to every device that it finds, and looks whether the machine
 * goes on: each broken device must work again after a reset. Run it over PCI and over MMIO.
 */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/pci.h"
#include "vhart-guest/print.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

struct ring ring;
uint8_t buffer[4096];

uint16_t work_queue(const struct virtio *virtio)
{
	/* Queue 0 of these two is the receiving one: nothing happens there until input comes. */
	return virtio->device == VIRTIO_NET || virtio->device == VIRTIO_CONSOLE;
}

/* Fills the ring with one proper request; returns how many bytes the device will write. */
static void prepare_request(const struct virtio *virtio)
{
	static const char text[] = "#\n";

	memset(buffer, 0, sizeof(buffer));
	ring_clear(&ring);
	ring.desc[0] = (struct ring_desc){.addr = (uint64_t)buffer, .len = 72};
	switch (virtio->device) {
	case VIRTIO_RNG: ring.desc[0].flags = DESC_WRITE; break;
	case VIRTIO_CONSOLE:
		memcpy(buffer, text, sizeof(text));
		ring.desc[0].len = sizeof(text) - 1;
		break;
	case VIRTIO_BLK:
		/* Read sector 0: header, data, status. */
		ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT, 1};
		ring.desc[1] =
			(struct ring_desc){(uint64_t)buffer + 512, 512, DESC_NEXT | DESC_WRITE, 2};
		ring.desc[2] = (struct ring_desc){(uint64_t)buffer + 1024, 1, DESC_WRITE, 0};
		buffer[1024] = 0xff;
		break;
	default: break; /* net: a header of 12 bytes and a frame of 60 */
	}
}

static bool request_was_done(const struct virtio *virtio)
{
	uint32_t written = ring.used.ring[0].len;

	if (ring.used.ring[0].id != 0)
		return false;
	switch (virtio->device) {
	case VIRTIO_RNG: return written > 0 && written <= 72;
	case VIRTIO_BLK: return written == 513 && buffer[1024] == 0;
	default: return written == 0;
	}
}

bool works(const struct virtio *virtio)
{
	return virtio_start(virtio, FEATURE_VERSION_1) && request_works(virtio);
}

bool request_works(const struct virtio *virtio)
{
	struct queue_setup setup = ring_setup(&ring);

	prepare_request(virtio);
	virtio_queue(virtio, work_queue(virtio), &setup);
	virtio_set_status(virtio, virtio_status(virtio) | STATUS_DRIVER_OK);
	ring_submit(virtio, &ring, work_queue(virtio), 0);
	return ring_wait(&ring, 1) && request_was_done(virtio);
}

static void fault_device(const struct virtio *virtio)
{
	tap_note("%s in %s slot %u", virtio_name(virtio), virtio->pci ? "PCI" : "MMIO",
		 virtio->slot);
	if (!tap(works(virtio), "%s works", virtio_name(virtio)))
		return;
	fault_setup(virtio);
	fault_chains(virtio);
	fault_requests(virtio);
	fault_device_registers(virtio);
	if (virtio->pci)
		fault_msix(virtio);
	virtio_reset(virtio);
}

void main(uint64_t hart, const void *fdt)
{
	struct virtio virtio;
	unsigned int found = 0;

	(void)hart;
	(void)fdt;
	trap_record()->expected = true;
	fault_registers();
	fault_pci();
	for (unsigned int slot = 0; slot < BOARD_VIRTIO_SLOTS; slot++) {
		if (virtio_find_mmio(&virtio, slot)) {
			fault_device(&virtio);
			found++;
		}
	}
	for (unsigned int slot = 0; slot < PCI_SLOTS; slot++) {
		if (virtio_find_pci(&virtio, slot)) {
			fault_device(&virtio);
			found++;
		}
	}
	tap_note("%u virtio devices, %lu exceptions", found, trap_record()->exceptions);
	tap_end();
}
