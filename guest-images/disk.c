/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to a disk, flushes it and reads it back, over and over, while hart 1, if there is one, is
 * started and stops itself each time; says so every 16 rounds. Ends when a character is typed, with
 * how many rounds there were: the disk held what was written in all of them. For what disturbs a
 * machine at work, such as pauses.
 */
#include <stdbool.h>
#include <string.h>

#include "base/memory_map.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pci.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/uart.h"
#include "vhart-guest/virtio.h"

enum { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4 };
enum { SECTOR = 512, SECTORS = 64, AT_ONCE = 16, BYTES = AT_ONCE * SECTOR };

static struct virtio disk;
static struct ring ring;
static uint8_t data[BYTES], status;
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} head;
static uint16_t requests;
static uint64_t starts;

static bool find_disk(void)
{
	for (unsigned int slot = 0; slot < PCI_SLOTS; slot++)
		if (virtio_find_pci(&disk, slot) && disk.device == VIRTIO_BLK)
			return true;
	return false;
}

static bool start_disk(void)
{
	const struct queue_setup setup = ring_setup(&ring);

	if (!virtio_start(&disk, FEATURE_VERSION_1))
		return false;
	ring_clear(&ring);
	virtio_queue(&disk, 0, &setup);
	virtio_set_status(&disk, virtio_status(&disk) | STATUS_DRIVER_OK);
	return true;
}

/* Waits for ever: how long a request takes is not what is tested. */
static bool request(uint32_t type, uint64_t sector)
{
	const bool has_data = type != BLK_FLUSH;

	head.type = type;
	head.sector = sector;
	status = 0xff;
	ring.desc[0] = (struct ring_desc){(uint64_t)&head, sizeof(head), DESC_NEXT, 1};
	if (has_data)
		ring.desc[1] = (struct ring_desc){(uint64_t)data, BYTES,
						  DESC_NEXT | (type == BLK_IN ? DESC_WRITE : 0), 2};
	ring.desc[has_data ? 2 : 1] = (struct ring_desc){(uint64_t)&status, 1, DESC_WRITE, 0};
	ring_submit(&disk, &ring, 0, 0);
	requests++;
	while (__atomic_load_n(&ring.used.idx, __ATOMIC_ACQUIRE) != requests)
		;
	return status == 0;
}

static uint8_t pattern(uint64_t round, unsigned int index)
{
	return (uint8_t)(round * 7 + index + index / SECTOR);
}

static bool verify(uint64_t round)
{
	for (unsigned int i = 0; i < BYTES; i++)
		if (data[i] != pattern(round, i))
			return false;
	return true;
}

static bool write_and_read(uint64_t round)
{
	const uint64_t sector = round * AT_ONCE % SECTORS;

	for (unsigned int i = 0; i < BYTES; i++)
		data[i] = pattern(round, i);
	if (!request(BLK_OUT, sector) || !request(BLK_FLUSH, 0))
		return false;
	memset(data, 0, BYTES);
	return request(BLK_IN, sector) && verify(round);
}

static void started(uint64_t hart)
{
	(void)hart;
	__atomic_fetch_add(&starts, 1, __ATOMIC_RELAXED);
	hart_stop();
}

static bool is_typed(void)
{
	return io_read(MAP_UART + UART_LSR, 1) & UART_LSR_READY;
}

void main(uint64_t hart, const void *fdt)
{
	uint64_t rounds = 0, good = 0;

	(void)hart;
	(void)fdt;
	if (!find_disk() || !start_disk())
		tap_bail_out("there is no disk that works");
	while (!is_typed()) {
		if (sbi_hart_get_status(1).value == SBI_HSM_STOPPED)
			hart_start(1, started);
		good += write_and_read(rounds++);
		if (rounds % 16 == 0)
			print("rounds: %lu\n", rounds);
	}
	uart_get();
	tap_note("hart 1 was started %lu times", __atomic_load_n(&starts, __ATOMIC_RELAXED));
	tap_eq(good, rounds, "what was written is read back");
	tap_end();
}
