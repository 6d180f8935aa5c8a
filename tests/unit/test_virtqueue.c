/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/fake_driver.h"

#define RAM_SIZE   0x20000ull
#define QUEUE_SIZE 8u
#define BUFFERS	   (FAKE_RAM_BASE + 0x10000)

struct fixture {
	struct machine machine;
	struct fake_queue driver;
	struct virtqueue queue;
	struct virtqueue_chain chain;
};

static void start_with_size(struct fixture *f, uint16_t size, bool event_idx)
{
	virtqueue_reset(&f->queue);
	memset(f->machine.memory.host, 0, RAM_SIZE);
	fake_queue_init(&f->driver, &f->machine, FAKE_RAM_BASE, size);
	f->queue.size = size;
	f->queue.desc = f->driver.desc;
	f->queue.driver = f->driver.driver;
	f->queue.device = f->driver.device;
	f->queue.event_idx = event_idx;
	assert_true(virtqueue_start(&f->queue, &f->machine.memory));
}

static void start(struct fixture *f, bool event_idx)
{
	start_with_size(f, QUEUE_SIZE, event_idx);
}

static int set_up(void **state)
{
	static struct fixture fixture;

	fake_machine_init(&fixture.machine, RAM_SIZE);
	*state = &fixture;
	start(&fixture, true);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fake_machine_destroy(&f->machine);
	return 0;
}

static void desc(struct fixture *f, unsigned int index, uint64_t addr, uint32_t len, uint16_t flags,
		 uint16_t next)
{
	fake_desc(&f->machine, f->driver.desc, index, addr, len, flags, next);
}

static int pop(struct fixture *f)
{
	return virtqueue_pop(&f->queue, &f->machine.memory, &f->chain);
}

/* Offers the chain at descriptor 0 and expects that it breaks the queue, for good. */
static void assert_breaks(struct fixture *f)
{
	fake_queue_offer(&f->driver, 0);
	assert_int_equal(pop(f), -1);
	assert_non_null(f->queue.broken);
	assert_int_equal(pop(f), -1);
	virtqueue_reset(&f->queue);
	assert_null(f->queue.broken);
	assert_false(f->queue.ready);
}

static void a_queue_that_is_not_ready_gives_nothing(void **state)
{
	struct fixture *f = *state;

	fake_queue_offer(&f->driver, 0);
	f->queue.ready = false;
	assert_int_equal(pop(f), 0);
	assert_false(virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true));
	assert_false(virtqueue_wants_interrupt(&f->queue, &f->machine.memory));
}

static void a_bad_configuration_does_not_start(void **state)
{
	struct fixture *f = *state;
	const struct virtqueue good = f->queue;
	const uint64_t end = FAKE_RAM_BASE + RAM_SIZE;
	const struct {
		uint16_t size;
		uint64_t desc, driver, device;
	} bad[] = {
		{0, good.desc, good.driver, good.device},
		{3, good.desc, good.driver, good.device},
		{2 * VIRTQUEUE_MAX_SIZE, good.desc, good.driver, good.device},
		{8, good.desc + 8, good.driver, good.device},
		{8, good.desc, good.driver + 1, good.device},
		{8, good.desc, good.driver, good.device + 2},
		{8, 0, good.driver, good.device},
		{8, good.desc, 0, good.device},
		{8, good.desc, good.driver, 0},
		{8, end - 7 * 16, good.driver, good.device},
		{8, good.desc, end - (4 + 2 * 8), good.device},
		{8, good.desc, good.driver, end - (4 + 8 * 8)},
		{8, UINT64_MAX - 15, good.driver, good.device},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		virtqueue_reset(&f->queue);
		f->queue.size = bad[i].size;
		f->queue.desc = bad[i].desc;
		f->queue.driver = bad[i].driver;
		f->queue.device = bad[i].device;
		assert_false(virtqueue_start(&f->queue, &f->machine.memory));
		assert_non_null(f->queue.broken);
		assert_false(f->queue.ready);
		assert_int_equal(pop(f), -1);
	}
}

static void rings_may_end_where_ram_ends(void **state)
{
	struct fixture *f = *state;
	const uint64_t end = FAKE_RAM_BASE + RAM_SIZE;

	virtqueue_reset(&f->queue);
	f->queue.size = 8;
	f->queue.desc = end - 0x1000;
	f->queue.driver = end - 0x2000;
	f->queue.device = end - (4 + 8 * 8 + 4);
	assert_true(virtqueue_start(&f->queue, &f->machine.memory));
}

static void a_chain_gives_its_segments_in_order(void **state)
{
	struct fixture *f = *state;
	const uint8_t *host = f->machine.memory.host + 0x10000;

	desc(f, 5, BUFFERS, 16, DESC_NEXT, 2);
	desc(f, 2, BUFFERS + 0x100, 32, DESC_NEXT, 7);
	desc(f, 7, BUFFERS + 0x200, 64, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 5);
	assert_int_equal(pop(f), 1);
	assert_int_equal(f->chain.head, 5);
	assert_int_equal(f->chain.readable, 2);
	assert_int_equal(f->chain.writable, 1);
	assert_int_equal(f->chain.readable_len, 48);
	assert_int_equal(f->chain.writable_len, 64);
	assert_ptr_equal(f->chain.segments[0].iov_base, host);
	assert_ptr_equal(f->chain.segments[1].iov_base, host + 0x100);
	assert_ptr_equal(f->chain.segments[2].iov_base, host + 0x200);
	assert_int_equal(f->chain.segments[2].iov_len, 64);
	assert_int_equal(pop(f), 0);
}

static void a_push_appears_in_the_used_ring(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	desc(f, 3, BUFFERS, 16, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 3);
	assert_int_equal(pop(f), 1);
	assert_false(fake_queue_take(&f->driver, &id, &len));
	virtqueue_push(&f->queue, &f->machine.memory, f->chain.head, 11);
	assert_true(fake_queue_take(&f->driver, &id, &len));
	assert_int_equal(id, 3);
	assert_int_equal(len, 11);
}

static void indices_wrap_after_65536_chains(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	for (unsigned int i = 0; i < 70000; i++) {
		uint16_t head = i % QUEUE_SIZE;
		desc(f, head, BUFFERS, 4, DESC_WRITE, 0);
		fake_queue_offer(&f->driver, head);
		assert_int_equal(pop(f), 1);
		assert_int_equal(f->chain.head, head);
		virtqueue_push(&f->queue, &f->machine.memory, head, i);
		assert_true(fake_queue_take(&f->driver, &id, &len));
		assert_int_equal(id, head);
		assert_int_equal(len, i);
	}
}

static void a_loop_in_the_descriptor_table_breaks_the_queue(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, BUFFERS, 4, DESC_NEXT, 1);
	desc(f, 1, BUFFERS, 4, DESC_NEXT, 0);
	assert_breaks(f);
	start(f, true);
	desc(f, 0, BUFFERS, 4, DESC_NEXT, 0);
	assert_breaks(f);
}

static void a_chain_as_long_as_the_queue_is_good(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < QUEUE_SIZE; i++)
		desc(f, i, BUFFERS + i * 16u, 16, i + 1u < QUEUE_SIZE ? DESC_NEXT : 0,
		     (uint16_t)(i + 1));
	fake_queue_offer(&f->driver, 0);
	assert_int_equal(pop(f), 1);
	assert_int_equal(f->chain.readable, QUEUE_SIZE);
}

static void a_next_descriptor_out_of_range_breaks_the_queue(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, BUFFERS, 4, DESC_NEXT, QUEUE_SIZE);
	assert_breaks(f);
}

static void a_head_out_of_range_breaks_the_queue(void **state)
{
	struct fixture *f = *state;

	fake_queue_offer(&f->driver, QUEUE_SIZE);
	assert_int_equal(pop(f), -1);
	assert_non_null(f->queue.broken);
}

static void an_available_index_too_far_ahead_breaks_the_queue(void **state)
{
	struct fixture *f = *state;

	f->driver.avail = QUEUE_SIZE;
	assert_breaks(f);
}

static void a_full_available_ring_is_good(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
		desc(f, i, BUFFERS, 4, 0, 0);
		fake_queue_offer(&f->driver, i);
	}
	for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
		assert_int_equal(pop(f), 1);
		assert_int_equal(f->chain.head, i);
	}
	assert_int_equal(pop(f), 0);
}

static void a_buffer_outside_ram_breaks_the_queue(void **state)
{
	struct fixture *f = *state;
	const struct {
		uint64_t addr;
		uint32_t len;
	} bad[] = {
		{0, 1},
		{FAKE_RAM_BASE - 1, 2},
		{FAKE_RAM_BASE + RAM_SIZE - 1, 2},
		{FAKE_RAM_BASE + RAM_SIZE, 1},
		{UINT64_MAX, 2},
		{FAKE_RAM_BASE, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(f, true);
		desc(f, 0, bad[i].addr, bad[i].len, DESC_WRITE, 0);
		assert_breaks(f);
	}
}

static void a_readable_descriptor_after_a_writable_one_breaks_the_queue(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, BUFFERS, 4, DESC_NEXT | DESC_WRITE, 1);
	desc(f, 1, BUFFERS, 4, 0, 0);
	assert_breaks(f);
}

static void a_descriptor_of_no_bytes_is_good_wherever_it_points(void **state)
{
	struct fixture *f = *state;
	char byte = 0;

	desc(f, 0, 0, 0, DESC_NEXT, 1);
	desc(f, 1, BUFFERS, 1, DESC_NEXT, 2);
	desc(f, 2, UINT64_MAX, 0, DESC_NEXT | DESC_WRITE, 3);
	desc(f, 3, BUFFERS + 8, 1, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 0);
	fake_store(&f->machine, BUFFERS, 1, 'a');
	assert_int_equal(pop(f), 1);
	assert_int_equal(f->chain.readable_len, 1);
	assert_int_equal(virtqueue_read(&f->chain, 0, &byte, 1), 1);
	assert_int_equal(byte, 'a');
	assert_int_equal(virtqueue_write(&f->chain, 0, "b", 1), 1);
	assert_int_equal(fake_load(&f->machine, BUFFERS + 8, 1), 'b');
}

/* ---- indirect tables ---- */

#define TABLE (BUFFERS + 0x8004) /* no alignment is asked of it */

static void an_indirect_table_is_followed(void **state)
{
	struct fixture *f = *state;

	desc(f, 4, TABLE, 3 * 16, DESC_INDIRECT, 0);
	fake_desc(&f->machine, TABLE, 0, BUFFERS, 8, DESC_NEXT, 2);
	fake_desc(&f->machine, TABLE, 2, BUFFERS + 64, 8, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 4);
	assert_int_equal(pop(f), 1);
	assert_int_equal(f->chain.head, 4);
	assert_int_equal(f->chain.readable, 1);
	assert_int_equal(f->chain.writable, 1);
	assert_ptr_equal(f->chain.segments[1].iov_base, f->machine.memory.host + 0x10040);
}

static void an_indirect_table_may_end_a_direct_chain(void **state)
{
	struct fixture *f = *state;

	desc(f, 0, BUFFERS, 8, DESC_NEXT, 1);
	desc(f, 1, TABLE, 16, DESC_INDIRECT | DESC_WRITE, 0); /* that WRITE is to be ignored */
	fake_desc(&f->machine, TABLE, 0, BUFFERS, 8, 0, 0);
	fake_queue_offer(&f->driver, 0);
	assert_int_equal(pop(f), 1);
	assert_int_equal(f->chain.readable, 2);
	assert_int_equal(f->chain.writable, 0);
}

static void a_bad_indirect_table_breaks_the_queue(void **state)
{
	struct fixture *f = *state;
	const struct {
		uint64_t addr;
		uint32_t len;
		uint16_t flags;
	} bad[] = {
		{TABLE, 0, DESC_INDIRECT},  {TABLE, 15, DESC_INDIRECT},
		{TABLE, 24, DESC_INDIRECT}, {TABLE, 32, DESC_INDIRECT | DESC_NEXT},
		{0, 16, DESC_INDIRECT},	    {FAKE_RAM_BASE + RAM_SIZE - 16, 32, DESC_INDIRECT},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(f, true);
		desc(f, 0, bad[i].addr, bad[i].len, bad[i].flags, 0);
		assert_breaks(f);
	}
}

static void an_indirect_chain_is_no_longer_than_the_queue_either(void **state)
{
	struct fixture *f = *state;

	for (uint16_t count = QUEUE_SIZE; count <= QUEUE_SIZE + 1; count++) {
		start(f, true);
		desc(f, 0, TABLE, 16 * 16, DESC_INDIRECT, 0);
		for (uint16_t i = 0; i < count; i++)
			fake_desc(&f->machine, TABLE, i, BUFFERS, 1, i + 1u < count ? DESC_NEXT : 0,
				  (uint16_t)(i + 1));
		fake_queue_offer(&f->driver, 0);
		assert_int_equal(pop(f), count > QUEUE_SIZE ? -1 : 1);
	}
}

static void a_bad_entry_of_an_indirect_table_breaks_the_queue(void **state)
{
	struct fixture *f = *state;
	const struct {
		uint16_t flags, next;
	} bad[] = {
		{DESC_NEXT, 0},	    /* a loop */
		{DESC_NEXT, 2},	    /* beyond the table, though not beyond the queue */
		{DESC_INDIRECT, 0}, /* nested */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(f, true);
		desc(f, 0, TABLE, 2 * 16, DESC_INDIRECT, 0);
		fake_desc(&f->machine, TABLE, 0, TABLE, 16, bad[i].flags, bad[i].next);
		assert_breaks(f);
	}
}

static void more_segments_than_a_chain_holds_break_the_queue(void **state)
{
	struct fixture *f = *state;

	for (unsigned int extra = 0; extra < 2; extra++) {
		unsigned int count = VIRTQUEUE_MAX_SEGMENTS + extra;
		start_with_size(f, VIRTQUEUE_MAX_SIZE, true);
		for (uint16_t i = 0; i < count; i++)
			desc(f, i, BUFFERS, 1, i + 1u < count ? DESC_NEXT : 0, (uint16_t)(i + 1));
		fake_queue_offer(&f->driver, 0);
		assert_int_equal(pop(f), extra ? -1 : 1);
	}
}

/* ---- notifications ---- */

static void complete(struct fixture *f, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		desc(f, 0, BUFFERS, 4, DESC_WRITE, 0);
		fake_queue_offer(&f->driver, 0);
		assert_int_equal(pop(f), 1);
		virtqueue_push(&f->queue, &f->machine.memory, 0, 0);
	}
}

static bool wants_interrupt(struct fixture *f)
{
	return virtqueue_wants_interrupt(&f->queue, &f->machine.memory);
}

static void an_interrupt_comes_when_the_used_event_is_passed(void **state)
{
	struct fixture *f = *state;

	assert_false(wants_interrupt(f)); /* nothing was pushed */
	complete(f, 1);
	assert_true(wants_interrupt(f)); /* used_event is 0 */
	assert_false(wants_interrupt(f));
	complete(f, 1);
	assert_false(wants_interrupt(f));
	fake_queue_set_used_event(&f->driver, 4);
	complete(f, 2);
	assert_false(wants_interrupt(f));
	complete(f, 3);
	assert_true(wants_interrupt(f));
}

static void the_used_event_works_across_the_wrap_of_the_index(void **state)
{
	struct fixture *f = *state;

	complete(f, 65534);
	wants_interrupt(f);
	fake_queue_set_used_event(&f->driver, 1);
	complete(f, 2);
	assert_false(wants_interrupt(f));
	complete(f, 2);
	assert_true(wants_interrupt(f));
}

static void without_event_indices_a_flag_stops_interrupts(void **state)
{
	struct fixture *f = *state;

	start(f, false);
	complete(f, 1);
	assert_true(wants_interrupt(f));
	fake_queue_set_avail_flags(&f->driver, 1);
	complete(f, 1);
	assert_false(wants_interrupt(f));
}

static void an_empty_queue_asks_for_the_next_doorbell(void **state)
{
	struct fixture *f = *state;

	complete(f, 5);
	assert_int_equal(pop(f), 0);
	assert_int_equal(fake_queue_avail_event(&f->driver), 5);
}

static void doorbells_that_are_off_stay_off(void **state)
{
	struct fixture *f = *state;

	virtqueue_enable_doorbell(&f->queue, &f->machine.memory, false);
	complete(f, 5);
	assert_int_equal(pop(f), 0);
	assert_int_equal(fake_queue_avail_event(&f->driver), 0);
	assert_false(virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true));
	assert_int_equal(fake_queue_avail_event(&f->driver), 5);
}

static void without_event_indices_a_flag_stops_doorbells(void **state)
{
	struct fixture *f = *state;

	start(f, false);
	virtqueue_enable_doorbell(&f->queue, &f->machine.memory, false);
	assert_int_equal(fake_queue_used_flags(&f->driver), 1);
	virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true);
	assert_int_equal(fake_queue_used_flags(&f->driver), 0);
}

static void enabling_doorbells_tells_of_chains_that_came_before(void **state)
{
	struct fixture *f = *state;

	for (int event_idx = 0; event_idx < 2; event_idx++) {
		start(f, event_idx);
		virtqueue_enable_doorbell(&f->queue, &f->machine.memory, false);
		fake_queue_offer(&f->driver, 0);
		assert_true(virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true));
	}
}

static void chains_given_back_come_again_and_ring_only_with_a_new_one(void **state)
{
	struct fixture *f = *state;

	for (uint16_t i = 0; i < 3; i++)
		desc(f, i, BUFFERS, 4, DESC_WRITE, 0);
	fake_queue_offer(&f->driver, 0);
	fake_queue_offer(&f->driver, 1);
	assert_int_equal(pop(f), 1);
	assert_int_equal(pop(f), 1);
	virtqueue_unpop(&f->queue, 2);
	assert_false(virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true));
	assert_int_equal(fake_queue_avail_event(&f->driver), 2);
	fake_queue_offer(&f->driver, 2);
	assert_true(virtqueue_enable_doorbell(&f->queue, &f->machine.memory, true));
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(pop(f), 1);
		assert_int_equal(f->chain.head, i);
	}
	assert_int_equal(pop(f), 0);
	assert_int_equal(fake_queue_avail_event(&f->driver), 3);
}

static void a_push_into_a_stopped_queue_is_dropped(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	f->queue.ready = false;
	virtqueue_push(&f->queue, &f->machine.memory, 0, 1);
	assert_false(fake_queue_take(&f->driver, &id, &len));
}

/* ---- copies ---- */

static void copies_cross_segments_at_every_offset(void **state)
{
	struct fixture *f = *state;
	const char *text = "abcdefghij";
	char got[16];

	desc(f, 0, BUFFERS, 3, DESC_NEXT, 1);
	desc(f, 1, BUFFERS + 16, 7, DESC_NEXT, 2);
	desc(f, 2, BUFFERS + 32, 4, DESC_NEXT | DESC_WRITE, 3);
	desc(f, 3, BUFFERS + 48, 6, DESC_WRITE, 0);
	memcpy(f->machine.memory.host + 0x10000, text, 3);
	memcpy(f->machine.memory.host + 0x10010, text + 3, 7);
	fake_queue_offer(&f->driver, 0);
	assert_int_equal(pop(f), 1);

	for (uint64_t offset = 0; offset <= 12; offset++) {
		for (uint64_t len = 0; len <= 12; len++) {
			uint64_t expected = offset >= 10	? 0
					    : len < 10 - offset ? len
								: 10 - offset;
			uint8_t *host = f->machine.memory.host + 0x10020;

			assert_int_equal(virtqueue_read(&f->chain, offset, got, len), expected);
			assert_memory_equal(got, text + (offset < 10 ? offset : 0), expected);

			memset(host, 0, 32);
			assert_int_equal(virtqueue_write(&f->chain, offset, "ABCDEFGHIJKL", len),
					 expected);
			for (uint64_t i = 0; i < 10; i++) {
				bool in = i >= offset && i - offset < expected;
				assert_int_equal(host[i < 4 ? i : 16 + i - 4],
						 in ? 'A' + (int)(i - offset) : 0);
			}
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queue_that_is_not_ready_gives_nothing),
		TEST(a_bad_configuration_does_not_start),
		TEST(rings_may_end_where_ram_ends),
		TEST(a_chain_gives_its_segments_in_order),
		TEST(a_push_appears_in_the_used_ring),
		TEST(indices_wrap_after_65536_chains),
		TEST(a_loop_in_the_descriptor_table_breaks_the_queue),
		TEST(a_chain_as_long_as_the_queue_is_good),
		TEST(a_next_descriptor_out_of_range_breaks_the_queue),
		TEST(a_head_out_of_range_breaks_the_queue),
		TEST(an_available_index_too_far_ahead_breaks_the_queue),
		TEST(a_full_available_ring_is_good),
		TEST(a_buffer_outside_ram_breaks_the_queue),
		TEST(a_readable_descriptor_after_a_writable_one_breaks_the_queue),
		TEST(a_descriptor_of_no_bytes_is_good_wherever_it_points),
		TEST(an_indirect_table_is_followed),
		TEST(an_indirect_table_may_end_a_direct_chain),
		TEST(a_bad_indirect_table_breaks_the_queue),
		TEST(an_indirect_chain_is_no_longer_than_the_queue_either),
		TEST(a_bad_entry_of_an_indirect_table_breaks_the_queue),
		TEST(more_segments_than_a_chain_holds_break_the_queue),
		TEST(an_interrupt_comes_when_the_used_event_is_passed),
		TEST(the_used_event_works_across_the_wrap_of_the_index),
		TEST(without_event_indices_a_flag_stops_interrupts),
		TEST(an_empty_queue_asks_for_the_next_doorbell),
		TEST(doorbells_that_are_off_stay_off),
		TEST(without_event_indices_a_flag_stops_doorbells),
		TEST(enabling_doorbells_tells_of_chains_that_came_before),
		TEST(chains_given_back_come_again_and_ring_only_with_a_new_one),
		TEST(a_push_into_a_stopped_queue_is_dropped),
		TEST(copies_cross_segments_at_every_offset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
