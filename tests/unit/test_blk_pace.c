/* SPDX-License-Identifier: Apache-2.0 */
/* Where the doorbell of a block queue is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/blk_pace.h"

/* Rings until one is left to the loop, LIMIT at the most. Returns how many were served before. */
static unsigned int rings_to_a_look(struct blk_pace *pace, unsigned int limit)
{
	unsigned int rings = 0;

	while (rings < limit && blk_pace_ring(pace))
		rings++;
	return rings;
}

static void the_doorbell_serves_until_a_look(void **state)
{
	struct blk_pace pace = {0};

	(void)state;
	assert_int_equal(rings_to_a_look(&pace, 10000), BLK_PACE_LOOK);
	assert_false(blk_pace_ring(&pace)); /* until the loop has been there */
}

static void looks_that_find_one_become_rare_and_never_end(void **state)
{
	struct blk_pace pace = {0};
	unsigned int last = 0, all = 0, looks = 0;

	(void)state;
	for (; all < 100000; looks++) {
		unsigned int rings = rings_to_a_look(&pace, 10000);

		assert_true(rings >= last && rings <= BLK_PACE_LOOK_MOST);
		last = rings;
		all += rings;
		blk_pace_found(&pace, 1);
	}
	assert_int_equal(last, BLK_PACE_LOOK_MOST);
	assert_true(looks < all / BLK_PACE_LOOK_MOST + 10);
}

static void a_batch_at_a_look_leaves_the_queue_to_the_loop(void **state)
{
	struct blk_pace pace = {0};

	(void)state;
	rings_to_a_look(&pace, 10000);
	blk_pace_found(&pace, BLK_PACE_BATCH);
	for (unsigned int i = 0; i < 10000; i++) {
		assert_false(blk_pace_ring(&pace));
		blk_pace_found(&pace, BLK_PACE_FEW);
	}
}

static void less_than_a_batch_at_a_look_does_not(void **state)
{
	struct blk_pace pace = {0};

	(void)state;
	rings_to_a_look(&pace, 10000);
	blk_pace_found(&pace, BLK_PACE_BATCH - 1);
	assert_true(blk_pace_ring(&pace));
}

static void single_requests_in_a_row_bring_the_queue_back(void **state)
{
	struct blk_pace pace = {.batches = true};

	(void)state;
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 1; i < BLK_PACE_PATIENCE; i++)
			blk_pace_found(&pace, 1);
		assert_false(blk_pace_ring(&pace));
		blk_pace_found(&pace, 32); /* in between: the row starts again */
	}
	for (unsigned int i = 0; i < BLK_PACE_PATIENCE; i++) {
		assert_false(blk_pace_ring(&pace));
		blk_pace_found(&pace, 1);
	}
	assert_int_equal(rings_to_a_look(&pace, 10000), BLK_PACE_LOOK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_doorbell_serves_until_a_look),
		cmocka_unit_test(looks_that_find_one_become_rare_and_never_end),
		cmocka_unit_test(a_batch_at_a_look_leaves_the_queue_to_the_loop),
		cmocka_unit_test(less_than_a_batch_at_a_look_does_not),
		cmocka_unit_test(single_requests_in_a_row_bring_the_queue_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
