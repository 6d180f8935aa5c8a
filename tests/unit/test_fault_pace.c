/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/run/fault_pace.h"

static void a_few_cost_nothing(void **state)
{
	uint64_t wait;

	(void)state;
	for (unsigned int count = 1; count <= FAULT_PACE_FREE; count++) {
		assert_true(fault_pace(count, &wait));
		assert_int_equal(wait, 0);
	}
	assert_true(fault_pace(FAULT_PACE_FREE + 1, &wait));
	assert_true(wait > 0);
}

static void more_of_them_cost_more_up_to_a_bound(void **state)
{
	uint64_t wait, before = 0;

	(void)state;
	for (unsigned int count = 1; count < 100000; count++) {
		fault_pace(count, &wait);
		assert_true(wait >= before);
		assert_true(wait <= 200000000);
		before = wait;
	}
}

static void the_bound_is_reached(void **state)
{
	uint64_t wait;

	(void)state;
	assert_true(fault_pace(FAULT_PACE_MOST, &wait));
	assert_false(fault_pace(FAULT_PACE_MOST + 1, &wait));
	assert_false(fault_pace(UINT32_MAX, &wait));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_cost_nothing),
		cmocka_unit_test(more_of_them_cost_more_up_to_a_bound),
		cmocka_unit_test(the_bound_is_reached),
	};

	return cmocka_run_group_tests_name("fault_pace", tests, NULL, NULL);
}
