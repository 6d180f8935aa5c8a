/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/exits/exits_map.h"
#include "trace/sources/ring_room.h"

static const uint64_t mib = 1 << 20;

static uint64_t bytes(const struct ring_wish *wish, struct ring_room room)
{
	uint64_t record = sizeof(struct exit_record) +
			  (wish->long_text ? sizeof(struct exit_text) : 0) +
			  (wish->stacks ? sizeof(struct exit_stack) : 0);

	return wish->vcpus * (room.records * record +
			      (wish->stacks ? room.pieces * sizeof(struct stack_piece) : 0));
}

/* All of the memory is used, and no more, however many vCPUs share it; and one exit always fits. */
static void the_memory_that_there_is_is_used(void **state)
{
	(void)state;
	for (uint32_t vcpus = 1; vcpus <= 64; vcpus++)
		for (unsigned int kind = 0; kind < 4; kind++)
			for (uint64_t buffer = mib; buffer <= 2048 * mib; buffer += buffer / 3) {
				const struct ring_wish wish = {.buffer = buffer,
							       .vcpus = vcpus,
							       .long_text = kind & 1,
							       .stacks = kind & 2};
				struct ring_room room = ring_room(&wish);
				uint64_t used = bytes(&wish, room);

				assert_true(room.records >= 1);
				if (wish.stacks)
					assert_true(room.pieces >= STACK_PIECES);
				if (buffer < vcpus * 2 * (uint64_t)STACK_SIZE)
					continue;
				assert_true(used <= buffer);
				assert_true(used > buffer - buffer / 8);
			}
}

/* As the manual has it. */
static void as_much_as_is_usual(void **state)
{
	static const struct {
		uint64_t memory, buffer;
	} hosts[] = {{512, 64}, {2048, 64}, {4096, 128}, {8192, 256}, {65536, 256}};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const struct ring_wish wish = {.host_memory = hosts[i].memory * mib, .vcpus = 2};

		assert_int_equal(ring_buffer(&wish), hosts[i].buffer * mib);
		assert_int_equal(ring_room(&wish).records, RING_RECORDS);
	}
}

/*
 * A guest whose calls take 5 us, and a recorder that does not run for 50 ms; with stacks each takes
 * that much more. (With 16 KiB for each stack, and a power of two of them, it was 1024.)
 */
static void callers_wait_in_thousands(void **state)
{
	const struct ring_wish wish = {.host_memory = 4096 * mib, .vcpus = 3, .stacks = true};

	(void)state;
	assert_true(ring_room(&wish).records > 20000);
}

/* Samples that are few are not worth two switches of threads each. */
static void quiet_rings_are_left_alone(void **state)
{
	uint64_t after = ring_look_after(0, 0, RING_RECORDS), looks = 0;

	(void)state;
	assert_int_equal(after, RING_LOOK_LEAST_NS);
	for (uint64_t now = 0; now < 10000000000; now += after, looks++)
		after = ring_look_after(after, after / 10000000, RING_RECORDS);
	assert_in_range(looks, 90, 110);
}

/* From any quiet to the fastest calls there are: no record finds its ring full. */
static void a_burst_is_seen_in_time(void **state)
{
	(void)state;
	for (uint64_t room = 2000; room <= RING_RECORDS; room += room / 2) {
		uint64_t after = RING_LOOK_LEAST_NS;

		for (unsigned int i = 0; i < 20; i++)
			after = ring_look_after(after, 0, room);
		for (unsigned int i = 0; i < 20; i++) {
			assert_true(after / 5000 <= room / 2);
			after = ring_look_after(after, after / 5000, room);
		}
	}
	assert_int_equal(ring_look_after(RING_LOOK_MOST_NS, RING_RECORDS, RING_RECORDS),
			 RING_LOOK_MOST_NS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_memory_that_there_is_is_used),
		cmocka_unit_test(as_much_as_is_usual),
		cmocka_unit_test(callers_wait_in_thousands),
		cmocka_unit_test(quiet_rings_are_left_alone),
		cmocka_unit_test(a_burst_is_seen_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
