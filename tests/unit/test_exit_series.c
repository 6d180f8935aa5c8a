/* SPDX-License-Identifier: Apache-2.0 */
/* When the exits of a recording came, however long it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/record/exit_series.h"

#define FROM 5000000000ull
#define STEP EXIT_SERIES_STEP

static struct recording_reason reason;

static struct exit_series *begin(void)
{
	struct exit_series *series = exit_series_new(FROM);

	assert_non_null(series);
	return series;
}

static void exits_are_in_the_column_of_their_time(void **state)
{
	struct exit_series *series = begin();

	(void)state;
	exit_series_add(series, EXIT_WFI, FROM, 1000);
	exit_series_add(series, EXIT_WFI, FROM + STEP - 1, 3000);
	exit_series_add(series, EXIT_WFI, FROM + 2 * STEP, 2000);
	exit_series_add(series, EXIT_OTHER, FROM + 3 * STEP, 1);
	assert_true(exit_series_get(series, EXIT_WFI, &reason));
	assert_string_equal(reason.exit, "virtual_inst wfi");
	assert_int_equal(reason.from, FROM);
	assert_int_equal(reason.step, STEP);
	/* All rows have as many. */
	assert_int_equal(reason.count, 4);
	assert_int_equal(reason.columns[0], 2);
	assert_int_equal(reason.columns[1], 0);
	assert_int_equal(reason.columns[2], 1);
	assert_int_equal(reason.min, 1000);
	assert_int_equal(reason.max, 3000);
	assert_int_equal(reason.buckets[exit_bucket(3000)], 1);
	assert_false(exit_series_get(series, EXIT_WRS, &reason));
	exit_series_free(series);
}

/* It may be that an exit came before the recording began, and is told after it did. */
static void what_came_before_is_in_the_first(void **state)
{
	struct exit_series *series = begin();

	(void)state;
	exit_series_add(series, EXIT_WFI, FROM - 1, 1);
	assert_true(exit_series_get(series, EXIT_WFI, &reason));
	assert_int_equal(reason.columns[0], 1);
	exit_series_free(series);
}

/* A day of ten exits a second, and one at the end of the time. */
static void however_long_it_is_it_fits(void **state)
{
	const uint64_t exits = 864000;
	struct exit_series *series = begin();
	uint64_t sum = 0;

	(void)state;
	for (uint64_t i = 0; i < exits; i++)
		exit_series_add(series, EXIT_WFI, FROM + i * STEP, 1000);
	assert_true(exit_series_get(series, EXIT_WFI, &reason));
	assert_int_equal(reason.step, STEP * 2048);
	assert_int_equal(reason.count, (exits + 2047) / 2048);
	assert_int_equal(reason.columns[0], 2048);
	for (uint64_t i = 0; i < reason.count; i++)
		sum += reason.columns[i];
	assert_int_equal(sum, exits);
	exit_series_add(series, EXIT_WFI, UINT64_MAX, 1000);
	assert_true(exit_series_get(series, EXIT_WFI, &reason));
	assert_true(reason.count <= RECORDING_COLUMNS);
	exit_series_free(series);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_are_in_the_column_of_their_time),
		cmocka_unit_test(what_came_before_is_in_the_first),
		cmocka_unit_test(however_long_it_is_it_fits),
	};

	return cmocka_run_group_tests_name("exit_series", tests, NULL, NULL);
}
