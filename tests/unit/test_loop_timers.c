/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's timers at the ends of their range, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/loop_timers.h"

struct counted {
	struct loop_timer timer;
	unsigned int expired;
};

static void count(struct loop_timer *timer)
{
	struct counted *counted = timer->opaque;

	counted->expired++;
}

static struct counted *counted_init(struct counted *counted)
{
	*counted = (struct counted){.timer = {.expired = count, .opaque = counted}};
	return counted;
}

static void a_deadline_beyond_the_clocks_end_never_comes(void **state)
{
	static const uint64_t nows[] = {0, 1, 1ull << 62, INT64_MAX, UINT64_MAX - 1};
	struct loop_timer *list = NULL;
	struct counted far;

	(void)state;
	counted_init(&far);
	for (unsigned int i = 0; i < sizeof(nows) / sizeof(nows[0]); i++) {
		loop_timers_set(&list, &far.timer, nows[i], UINT64_MAX);
		loop_timers_run(&list, nows[i]);
		assert_int_equal(far.expired, 0);
		assert_int_equal(far.timer.deadline, UINT64_MAX);
	}
	assert_ptr_equal(list, &far.timer);
	assert_null(list->next);
}

static void a_wait_is_never_longer_than_the_kernel_can_add_to_its_clock(void **state)
{
	struct loop_timer *list = NULL;
	struct counted far;

	(void)state;
	assert_int_equal(loop_timers_wait(list, 5), UINT64_MAX);
	counted_init(&far);
	loop_timers_set(&list, &far.timer, 5, UINT64_MAX);
	assert_int_equal(loop_timers_wait(list, 5), LOOP_LONGEST_WAIT_NS);
	loop_timers_set(&list, &far.timer, 5, LOOP_LONGEST_WAIT_NS + 1);
	assert_int_equal(loop_timers_wait(list, 5), LOOP_LONGEST_WAIT_NS);
	assert_int_equal(loop_timers_wait(list, 6), LOOP_LONGEST_WAIT_NS);
	assert_int_equal(loop_timers_wait(list, 7), LOOP_LONGEST_WAIT_NS - 1);
}

static void what_is_due_does_not_wait(void **state)
{
	struct loop_timer *list = NULL;
	struct counted near;

	(void)state;
	counted_init(&near);
	loop_timers_set(&list, &near.timer, 100, 1);
	assert_int_equal(loop_timers_wait(list, 100), 1);
	assert_int_equal(loop_timers_wait(list, 101), 0);
	assert_int_equal(loop_timers_wait(list, UINT64_MAX), 0);
	loop_timers_run(&list, 101);
	assert_int_equal(near.expired, 1);
	assert_int_equal(near.timer.deadline, 0);
	assert_null(list);
}

static void a_timer_that_is_set_again_is_there_once(void **state)
{
	struct loop_timer *list = NULL;
	struct counted one, other;

	(void)state;
	counted_init(&one);
	counted_init(&other);
	loop_timers_set(&list, &other.timer, 0, 50);
	loop_timers_set(&list, &one.timer, 0, UINT64_MAX);
	loop_timers_set(&list, &one.timer, 0, 10);
	loop_timers_run(&list, 20);
	assert_int_equal(one.expired, 1);
	assert_int_equal(other.expired, 0);
	loop_timers_set(&list, &other.timer, 20, 0);
	assert_null(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_beyond_the_clocks_end_never_comes),
		cmocka_unit_test(a_wait_is_never_longer_than_the_kernel_can_add_to_its_clock),
		cmocka_unit_test(what_is_due_does_not_wait),
		cmocka_unit_test(a_timer_that_is_set_again_is_there_once),
	};

	return cmocka_run_group_tests_name("loop_timers", tests, NULL, NULL);
}
