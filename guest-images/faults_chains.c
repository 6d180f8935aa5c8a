/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and indices that no driver may write (virtio 1.2, section 2.7). */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/tap.h"

#define WILD_HIGH (1ull << 40)

/* Each makes one chain, at head 0 unless it says so; the index is 1 when it is done. */

static void wild(uint64_t addr, uint32_t len)
{
	ring.desc[0] = (struct ring_desc){.addr = addr, .len = len};
}

static void below_ram(void)
{
	wild(0x1000, 64);
}

static void over_the_uart(void)
{
	wild(MAP_UART, 8);
}

static void across_the_start_of_ram(void)
{
	wild(MAP_RAM - 8, 64);
}

static void beyond_ram(void)
{
	wild(WILD_HIGH, 64);
}

static void that_wraps(void)
{
	wild(UINT64_MAX - 7, 64);
}

static void that_wraps_into_ram(void)
{
	wild(UINT64_MAX - 7, 0xfffffff0);
}

static void second_is_wild(void)
{
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT, 1};
	ring.desc[1] = (struct ring_desc){WILD_HIGH, 16, DESC_WRITE, 0};
}

static void next_to_itself(void)
{
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT, 0};
}

static void loop_of(unsigned int count, uint32_t len)
{
	for (unsigned int i = 0; i < count; i++)
		ring.desc[i] = (struct ring_desc){(uint64_t)buffer, len, DESC_NEXT,
						  (uint16_t)((i + 1) % count)};
}

static void loop_of_two(void)
{
	loop_of(2, 16);
}

static void loop_of_all(void)
{
	loop_of(RING_SIZE, 16);
}

static void loop_of_nothing(void)
{
	loop_of(RING_SIZE, 0);
}

static void next_is_out_of_range(void)
{
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT, RING_SIZE};
}

static void next_is_the_last_number(void)
{
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT, 0xffff};
}

static void readable_after_writable(void)
{
	ring.desc[0] = (struct ring_desc){(uint64_t)buffer, 16, DESC_NEXT | DESC_WRITE, 1};
	ring.desc[1] = (struct ring_desc){(uint64_t)buffer, 16, 0, 0};
}

static void head_is_out_of_range(void)
{
	ring.avail.ring[0] = RING_SIZE;
}

static void head_is_the_last_number(void)
{
	ring.avail.ring[0] = 0xffff;
}

static void index_one_too_far(void)
{
	ring.avail.idx = RING_SIZE + 1;
}

static void index_far_ahead(void)
{
	ring.avail.idx = 0x8000;
}

static void index_behind(void)
{
	ring.avail.idx = 0xffff;
}

/* ---- indirect tables ---- */

static struct ring_desc table[64];

static void indirect(uint64_t addr, uint32_t len, uint16_t flags)
{
	ring.desc[0] = (struct ring_desc){addr, len, (uint16_t)(DESC_INDIRECT | flags), 1};
	ring.desc[1] = (struct ring_desc){(uint64_t)buffer, 16, 0, 0};
}

static void table_is_wild(void)
{
	indirect(WILD_HIGH, 32, 0);
}

static void table_is_empty(void)
{
	indirect((uint64_t)table, 0, 0);
}

static void table_of_half_a_descriptor(void)
{
	indirect((uint64_t)table, 24, 0);
}

static void table_of_four_gigabytes(void)
{
	indirect(UINT64_MAX - 0xffff, 0xfffffff0, 0);
}

static void table_and_next(void)
{
	table[0] = (struct ring_desc){(uint64_t)buffer, 16, 0, 0};
	indirect((uint64_t)table, 16, DESC_NEXT);
}

static void table_in_table(void)
{
	table[0] = (struct ring_desc){(uint64_t)table, sizeof(table), DESC_INDIRECT, 0};
	indirect((uint64_t)table, sizeof(table), 0);
}

static void table_in_a_loop(void)
{
	table[0] = (struct ring_desc){(uint64_t)buffer, 1, DESC_NEXT, 1};
	table[1] = (struct ring_desc){(uint64_t)buffer, 1, DESC_NEXT, 0};
	indirect((uint64_t)table, 32, 0);
}

static void next_leaves_the_table(void)
{
	table[0] = (struct ring_desc){(uint64_t)buffer, 1, DESC_NEXT, 2};
	indirect((uint64_t)table, 32, 0);
}

static void table_longer_than_the_queue(void)
{
	for (unsigned int i = 0; i < 64; i++)
		table[i] = (struct ring_desc){(uint64_t)buffer, 1, DESC_NEXT, (uint16_t)(i + 1)};
	table[63].flags = 0;
	indirect((uint64_t)table, sizeof(table), 0);
}

static const struct {
	const char *what;
	void (*make)(void);
} misdeeds[] = {
	{"a buffer below RAM", below_ram},
	{"a buffer over the UART", over_the_uart},
	{"a buffer across the start of RAM", across_the_start_of_ram},
	{"a buffer beyond RAM", beyond_ram},
	{"a buffer that wraps", that_wraps},
	{"a buffer that wraps into RAM", that_wraps_into_ram},
	{"a second buffer beyond RAM", second_is_wild},
	{"a descriptor that leads to itself", next_to_itself},
	{"a loop of two", loop_of_two},
	{"a loop of all descriptors", loop_of_all},
	{"a loop of empty descriptors", loop_of_nothing},
	{"a next descriptor out of range", next_is_out_of_range},
	{"a next descriptor of 65535", next_is_the_last_number},
	{"a readable buffer after a writable one", readable_after_writable},
	{"a head out of range", head_is_out_of_range},
	{"a head of 65535", head_is_the_last_number},
	{"an index one too far ahead", index_one_too_far},
	{"an index far ahead", index_far_ahead},
	{"an index that runs backwards", index_behind},
	{"an indirect table beyond RAM", table_is_wild},
	{"an empty indirect table", table_is_empty},
	{"an indirect table of one and a half", table_of_half_a_descriptor},
	{"an indirect table of 4 GiB that wraps", table_of_four_gigabytes},
	{"an indirect descriptor with a next one", table_and_next},
	{"an indirect table in an indirect table", table_in_table},
	{"a loop in an indirect table", table_in_a_loop},
	{"a descriptor that leaves its indirect table", next_leaves_the_table},
	{"an indirect table longer than the queue", table_longer_than_the_queue},
};

/* Starts the device with the chain that MAKE makes. False: it does not even start. */
static bool commit(const struct virtio *virtio, void (*make)(void))
{
	struct queue_setup setup = ring_setup(&ring);
	uint16_t queue = work_queue(virtio);

	if (!virtio_start(virtio, FEATURE_VERSION_1 | FEATURE_INDIRECT))
		return false;
	ring_clear(&ring);
	memset(table, 0, sizeof(table));
	ring.avail.idx = 1;
	make();
	virtio_queue(virtio, queue, &setup);
	virtio_set_status(virtio, virtio_status(virtio) | STATUS_DRIVER_OK);
	virtio_kick(virtio, queue);
	return true;
}

static bool needs_reset(const struct virtio *virtio)
{
	uint64_t end = time_now() + 5 * TIME_SECOND;

	while (!(virtio_status(virtio) & STATUS_NEEDS_RESET)) {
		if (time_now() > end)
			return false;
	}
	return true;
}

void fault_chains(const struct virtio *virtio)
{
	for (unsigned int i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
		bool noticed = commit(virtio, misdeeds[i].make) && needs_reset(virtio);
		bool again = works(virtio);
		tap(noticed && again, "%s: %s: %s, %s", virtio_name(virtio), misdeeds[i].what,
		    noticed ? "the device needs a reset" : "NOT NOTICED",
		    again ? "and works after it" : "DOES NOT WORK AFTER A RESET");
	}
}
