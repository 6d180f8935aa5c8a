/* SPDX-License-Identifier: Apache-2.0 */
/* Chains that the queue takes, with contents that the device cannot. */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/tap.h"

enum { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4, BLK_GET_ID = 8, BLK_DISCARD = 11 };
enum { BLK_OK, BLK_IOERR, BLK_UNSUPP };
#define NOT_WRITTEN 0xff

/* Makes the ring ready with the chain in ring.desc, COUNT descriptors from 0 on, and sends it. */
static bool send(const struct virtio *virtio, unsigned int count)
{
	struct queue_setup setup = ring_setup(&ring);

	for (unsigned int i = 0; i + 1 < count; i++) {
		ring.desc[i].flags |= DESC_NEXT;
		ring.desc[i].next = (uint16_t)(i + 1);
	}
	if (!virtio_start(virtio, FEATURE_VERSION_1))
		return false;
	virtio_queue(virtio, work_queue(virtio), &setup);
	virtio_set_status(virtio, virtio_status(virtio) | STATUS_DRIVER_OK);
	ring_submit(virtio, &ring, work_queue(virtio), 0);
	return true;
}

/* The device either gives the chain back or needs a reset; it does not just sit there. */
static bool was_answered(const struct virtio *virtio)
{
	uint64_t end = time_now() + 5 * TIME_SECOND;

	while (time_now() < end) {
		if (__atomic_load_n(&ring.used.idx, __ATOMIC_ACQUIRE) == 1 ||
		    virtio_status(virtio) & STATUS_NEEDS_RESET)
			return true;
	}
	return false;
}

static void answered(const struct virtio *virtio, const char *what)
{
	bool in_time = was_answered(virtio);
	bool again = works(virtio);

	tap(in_time && again, "%s: %s is %s%s", virtio_name(virtio), what,
	    in_time ? "answered" : "NOT ANSWERED",
	    again ? "" : ", AND IT DOES NOT WORK AFTERWARDS");
}

static void chain_start(const struct virtio *virtio)
{
	ring_clear(&ring);
	/* What a console prints of this is to be nothing that spoils the TAP lines. */
	memset(buffer, virtio->device == VIRTIO_CONSOLE ? '\n' : 0, sizeof(buffer));
}

/* ---- every device ---- */

static void any_device(const struct virtio *virtio)
{
	chain_start(virtio);
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 0, 0, 0};
	send(virtio, 1);
	answered(virtio, "an empty readable buffer");

	chain_start(virtio);
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 0, DESC_WRITE, 0};
	send(virtio, 1);
	answered(virtio, "an empty writable buffer");

	chain_start(virtio);
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 1, 0, 0};
	send(virtio, 1);
	answered(virtio, "a readable buffer of one byte");

	chain_start(virtio);
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 1, 0, 0};
	ring.desc[1] = (struct ring_desc){(uint64_t)buffer + 1, 1, DESC_WRITE, 0};
	send(virtio, 2);
	answered(virtio, "a readable and a writable byte");

	chain_start(virtio);
	for (unsigned int i = 0; i < RING_SIZE; i++)
		ring.desc[i] = (struct ring_desc){(uint64_t)buffer + i, 1, 0, 0};
	send(virtio, RING_SIZE);
	answered(virtio, "a chain of single bytes");

	/* The device writes over the ring that it reads from. */
	chain_start(virtio);
	ring.desc[0] = (struct ring_desc){(uint64_t)&ring, sizeof(ring.desc), DESC_WRITE, 0};
	send(virtio, 1);
	answered(virtio, "a buffer over the ring itself");
}

/* ---- block ---- */

/* One request of TYPE at SECTOR with LEN bytes of data; returns the status byte. */
static uint8_t blk_request(const struct virtio *virtio, uint32_t type, uint64_t sector,
			   uint32_t len, uint16_t data_flags)
{
	chain_start(virtio);
	memcpy(buffer, &type, sizeof(type));
	memcpy(buffer + 8, &sector, sizeof(sector));
	buffer[3000] = NOT_WRITTEN;
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, 0, 0};
	ring.desc[1] = (struct ring_desc){(uint64_t)buffer + 512, len, data_flags, 0};
	ring.desc[2] = (struct ring_desc){(uint64_t)buffer + 3000, 1, DESC_WRITE, 0};
	send(virtio, 3);
	if (!ring_wait(&ring, 1))
		return NOT_WRITTEN;
	return buffer[3000];
}

static void blk(const struct virtio *virtio)
{
	uint64_t sectors = io_read(virtio->config, 4) | io_read(virtio->config + 4, 4) << 32;

	tap(blk_request(virtio, 99, 0, 512, DESC_WRITE) == BLK_UNSUPP,
	    "blk: an unknown request is not supported");
	tap(blk_request(virtio, BLK_IN, sectors, 512, DESC_WRITE) == BLK_IOERR,
	    "blk: a read just beyond the end fails");
	tap(blk_request(virtio, BLK_IN, UINT64_MAX, 512, DESC_WRITE) == BLK_IOERR,
	    "blk: a read at the last sector number fails");
	tap(blk_request(virtio, BLK_IN, 1ull << 55, 1024, DESC_WRITE) == BLK_IOERR,
	    "blk: a read whose byte offset wraps fails");
	tap(blk_request(virtio, BLK_OUT, sectors, 512, 0) == BLK_IOERR,
	    "blk: a write just beyond the end fails");
	tap(blk_request(virtio, BLK_IN, 0, 100, DESC_WRITE) == BLK_IOERR,
	    "blk: a read of 100 bytes fails");
	tap(blk_request(virtio, BLK_OUT, 0, 100, 0) == BLK_IOERR,
	    "blk: a write of 100 bytes fails");
	blk_request(virtio, BLK_IN, 0, 512, 0);
	answered(virtio, "a read without room for data");
	blk_request(virtio, BLK_OUT, 0, 512, DESC_WRITE);
	answered(virtio, "a write without data");
	blk_request(virtio, BLK_GET_ID, 0, 1, DESC_WRITE);
	answered(virtio, "an ID that gets one byte");
	blk_request(virtio, BLK_DISCARD, 0, 7, 0);
	answered(virtio, "a discard of half a segment");
	blk_request(virtio, BLK_FLUSH, 12345, 512, DESC_WRITE);
	answered(virtio, "a flush with a sector and data");
}

/* ---- net ---- */

static void net(const struct virtio *virtio)
{
	static const uint32_t lens[] = {4, 11, 12, 13, 25, 26};

	for (unsigned int i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		chain_start(virtio);
		ring.desc[0] = (struct ring_desc){(uint64_t)buffer, lens[i], 0, 0};
		send(virtio, 1);
		if (!was_answered(virtio))
			tap(false, "net: a packet of %u bytes is answered", lens[i]);
	}
	tap(works(virtio), "net: works after packets that are too short");

	/* A header with every field wrong. */
	chain_start(virtio);
	memset(buffer, 0xff, 12);
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 100, 0, 0};
	send(virtio, 1);
	answered(virtio, "a packet header of all ones");

	chain_start(virtio);
	for (unsigned int i = 0; i < RING_SIZE; i++)
		ring.desc[i] = (struct ring_desc){MAP_RAM + 0x200000, 0x10000, 0, 0};
	send(virtio, RING_SIZE);
	answered(virtio, "a packet of 1 MiB");
}

void fault_requests(const struct virtio *virtio)
{
	any_device(virtio);
	if (virtio->device == VIRTIO_BLK)
		blk(virtio);
	if (virtio->device == VIRTIO_NET)
		net(virtio);
}
