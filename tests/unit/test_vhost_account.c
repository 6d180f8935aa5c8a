/* SPDX-License-Identifier: Apache-2.0 */
/* What is under way in a ring, as kept by somebody who only looks now and then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "devices/vhost_account.h"
#include "tests/unit/fixtures/fake_driver.h"

#define SIZE 8u
#define RING FAKE_RAM_BASE
#define RAM  65536u

struct fixture {
	struct machine machine;
	struct fake_queue driver;
	struct virtqueue queue; /* the back-end's */
	struct vhost_account account;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	fake_machine_init(&fixture->machine, RAM);
	fake_queue_init(&fixture->driver, &fixture->machine, RING, SIZE);
	fixture->queue = (struct virtqueue){.size = SIZE,
					    .desc = fixture->driver.desc,
					    .driver = fixture->driver.driver,
					    .device = fixture->driver.device};
	for (uint16_t i = 0; i < SIZE; i++)
		fake_desc(&fixture->machine, fixture->driver.desc, i, RING + 4096, 16, DESC_WRITE,
			  0);
	assert_true(virtqueue_start(&fixture->queue, &fixture->machine.memory));
	vhost_account_begin(&fixture->account, &fixture->queue, &fixture->machine.memory, 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void offer(struct fixture *fixture, uint16_t head)
{
	fake_queue_offer(&fixture->driver, head);
}

static void use(struct fixture *fixture, uint16_t head)
{
	virtqueue_push(&fixture->queue, &fixture->machine.memory, head, 0);
}

static void look(struct fixture *fixture)
{
	vhost_account_look(&fixture->account, &fixture->machine.memory);
}

/* The next back-end takes exactly these, in whatever order. */
static void expect_under_way(struct fixture *fixture, uint32_t heads)
{
	static struct virtqueue_chain chain;
	struct virtqueue next = fixture->queue;
	uint16_t position;

	assert_true(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
	assert_int_equal(position, fixture->queue.next_used);
	next.next_avail = position;
	while (virtqueue_pop(&next, &fixture->machine.memory, &chain) > 0) {
		assert_true(heads >> chain.head & 1);
		heads &= ~(1u << chain.head);
	}
	assert_int_equal(heads, 0);
}

static void nothing(void **state)
{
	expect_under_way(*state, 0);
}

static void in_order(void **state)
{
	struct fixture *fixture = *state;

	for (uint16_t i = 0; i < 5; i++)
		offer(fixture, i);
	use(fixture, 0);
	use(fixture, 1);
	expect_under_way(fixture, 1u << 2 | 1u << 3 | 1u << 4);
	/* What was in its place stays there. */
	assert_int_equal(fake_load(&fixture->machine, fixture->queue.driver + 4 + 2 * 2, 2), 2);
}

static void out_of_order(void **state)
{
	struct fixture *fixture = *state;

	for (uint16_t i = 0; i < 5; i++)
		offer(fixture, i);
	use(fixture, 4);
	use(fixture, 1);
	use(fixture, 2);
	expect_under_way(fixture, 1u << 0 | 1u << 3);
}

/* The one that waits is overtaken by more than the ring has places. */
static void one_that_waits_for_long(void **state)
{
	struct fixture *fixture = *state;

	offer(fixture, 7);
	for (unsigned int i = 0; i < 70000; i++) {
		offer(fixture, i % 3);
		use(fixture, i % 3);
		if (i % 6 == 0)
			look(fixture);
	}
	expect_under_way(fixture, 1u << 7);
	/* And the next one, too, can be the one that goes. */
	vhost_account_begin(&fixture->account, &fixture->queue, &fixture->machine.memory,
			    fixture->queue.next_used);
	offer(fixture, 2);
	expect_under_way(fixture, 1u << 7 | 1u << 2);
}

static void what_was_missed_is_unknown_until_it_is_used(void **state)
{
	struct fixture *fixture = *state;
	uint16_t position;

	offer(fixture, 7);
	offer(fixture, 6);
	for (unsigned int i = 0; i < 20; i++) {
		offer(fixture, 1);
		use(fixture, 1);
	}
	assert_false(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
	use(fixture, 7);
	look(fixture);
	offer(fixture, 2);
	assert_false(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
	use(fixture, 6);
	expect_under_way(fixture, 1u << 2);
}

/* Nothing is under way, so nothing needs to be known. */
static void missed_and_over(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < 20; i++) {
		offer(fixture, 1);
		use(fixture, 1);
	}
	expect_under_way(fixture, 0);
}

static void a_back_end_that_gives_what_it_was_not_asked(void **state)
{
	struct fixture *fixture = *state;
	uint16_t position;

	offer(fixture, 1);
	offer(fixture, 2);
	use(fixture, 5);
	assert_false(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
}

static void indices_that_cannot_be(void **state)
{
	struct fixture *fixture = *state;
	uint16_t position;

	fake_store(&fixture->machine, fixture->queue.driver + 2, 2, 30000);
	assert_false(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
	fake_store(&fixture->machine, fixture->queue.driver + 2, 2, 3);
	fake_store(&fixture->machine, fixture->queue.device + 2, 2, 5);
	assert_false(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
}

/* One that a driver offers twice, or that is no head: nothing beyond the ring is touched. */
static void heads_that_cannot_be(void **state)
{
	struct fixture *fixture = *state;
	uint16_t position;

	offer(fixture, 3);
	offer(fixture, 3);
	offer(fixture, 0xffff);
	use(fixture, 3);
	look(fixture);
	assert_true(vhost_account_restore(&fixture->account, &fixture->machine.memory, &position));
	assert_int_equal(position, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(in_order),
		TEST(out_of_order),
		TEST(one_that_waits_for_long),
		TEST(what_was_missed_is_unknown_until_it_is_used),
		TEST(missed_and_over),
		TEST(a_back_end_that_gives_what_it_was_not_asked),
		TEST(indices_that_cannot_be),
		TEST(heads_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
