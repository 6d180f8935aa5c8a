/* SPDX-License-Identifier: Apache-2.0 */
/* What came when, however long it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixtures/sample_run.h"

#include "base/clock.h"

static void a_column_has_what_came_in_it(void **state)
{
	struct sample_run run;

	(void)state;
	sample_run_begin(&run, 1);
	sample_run_live(&run, 3);
	assert_int_equal(run.history->count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(stat_history_length(run.history, i), NS_PER_S / 5);
		assert_int_equal(run.history->columns[i].exits[EXIT_WFI], 40);
		assert_int_equal(run.history->columns[i].ns[0][VCPU_GUEST], NS_PER_S / 5 * 2 / 5);
	}
	sample_run_end(&run);
}

/* Of ten minutes: nothing is lost, and the columns are all of one length. */
static void however_long_it_is_it_fits(void **state)
{
	struct sample_run run;
	uint64_t exits = 0, ns = 0;

	(void)state;
	sample_run_begin(&run, 2);
	sample_run_live(&run, 3072);
	assert_true(run.history->count <= STAT_HISTORY_COLUMNS);
	assert_true(run.history->count > STAT_HISTORY_COLUMNS / 2);
	assert_int_equal(run.history->step, 8 * STAT_HISTORY_STEP);
	for (uint32_t i = 0; i < run.history->count; i++) {
		for (uint32_t row = 0; row < EXIT_ROWS; row++)
			exits += run.history->columns[i].exits[row];
		for (uint32_t state_of = 0; state_of < VCPU_STATES; state_of++)
			ns += run.history->columns[i].ns[1][state_of];
	}
	assert_int_equal(exits, run.sample.vcpus[0].exits + run.sample.vcpus[1].exits);
	assert_int_equal(ns, 3072 * (NS_PER_S / 5));
	assert_int_equal(run.history->columns[run.history->count - 1].end, run.sample.when);
	sample_run_end(&run);
}

/* As of a VMM's log in which nothing came. */
static void a_clock_that_stands_still_makes_no_column(void **state)
{
	struct sample_run run;

	(void)state;
	sample_run_begin(&run, 1);
	sample_run_live(&run, 1);
	stat_history_look(run.history, &run.sample);
	assert_int_equal(run.history->count, 1);
	sample_run_end(&run);
}

/* That it halted is known when the halt is over: no column has less than nothing, or more than all.
 */
static void a_state_that_is_corrected_takes_nothing_away(void **state)
{
	struct sample_run run;
	uint64_t sum = 0;

	(void)state;
	sample_run_begin(&run, 1);
	run.sample.vcpus[0].ns[VCPU_KERNEL] = NS_PER_S;
	run.sample.when += NS_PER_S;
	stat_history_look(run.history, &run.sample);
	run.sample.vcpus[0].ns[VCPU_KERNEL] = NS_PER_S / 2;
	run.sample.vcpus[0].ns[VCPU_HALTED] = NS_PER_S * 3 / 2;
	run.sample.when += NS_PER_S;
	stat_history_look(run.history, &run.sample);
	for (uint32_t i = 0; i < VCPU_STATES; i++)
		sum += run.history->columns[1].ns[0][i];
	assert_int_equal(sum, NS_PER_S);
	assert_int_equal(run.history->columns[1].ns[0][VCPU_HALTED], NS_PER_S);
	sample_run_end(&run);
}

static void a_vcpu_that_comes_later_begins_there(void **state)
{
	struct sample_run run;

	(void)state;
	sample_run_begin(&run, 2);
	run.sample.vcpus[1].first = 0;
	sample_run_live(&run, 1);
	assert_int_equal(run.history->columns[0].ns[1][VCPU_GUEST], 0);
	run.sample.vcpus[1] = (struct exit_vcpu){.first = 1, .tgid = 42, .vcpu_id = 1};
	sample_run_live(&run, 1);
	assert_true(run.history->columns[1].ns[1][VCPU_GUEST] > 0);
	sample_run_end(&run);
}

static void after_a_reset_it_begins_anew(void **state)
{
	struct sample_run run;

	(void)state;
	sample_run_begin(&run, 1);
	sample_run_live(&run, 600);
	stat_history_reset(run.history, &run.sample);
	assert_int_equal(run.history->count, 0);
	assert_int_equal(run.history->step, STAT_HISTORY_STEP);
	sample_run_live(&run, 1);
	assert_int_equal(run.history->count, 1);
	assert_int_equal(stat_history_length(run.history, 0), NS_PER_S / 5);
	sample_run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_has_what_came_in_it),
		cmocka_unit_test(however_long_it_is_it_fits),
		cmocka_unit_test(a_clock_that_stands_still_makes_no_column),
		cmocka_unit_test(a_state_that_is_corrected_takes_nothing_away),
		cmocka_unit_test(a_vcpu_that_comes_later_begins_there),
		cmocka_unit_test(after_a_reset_it_begins_anew),
	};

	return cmocka_run_group_tests_name("stat_history", tests, NULL, NULL);
}
