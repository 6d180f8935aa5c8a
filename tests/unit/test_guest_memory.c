/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/guest_memory.h"

#define BASE 0x80000000ull
#define SIZE 4096ull

static uint8_t ram[SIZE];
static const struct guest_memory memory = {.base = BASE, .size = SIZE, .host = ram};

static void every_range_within_ram_is_reached(void **state)
{
	(void)state;
	assert_ptr_equal(guest_memory_at(&memory, BASE, SIZE), ram);
	assert_ptr_equal(guest_memory_at(&memory, BASE + 8, 1), ram + 8);
	assert_ptr_equal(guest_memory_at(&memory, BASE + SIZE - 1, 1), ram + SIZE - 1);
}

static void a_range_that_leaves_ram_is_refused(void **state)
{
	(void)state;
	assert_null(guest_memory_at(&memory, BASE - 1, 1));
	assert_null(guest_memory_at(&memory, BASE - 1, 2));
	assert_null(guest_memory_at(&memory, BASE, SIZE + 1));
	assert_null(guest_memory_at(&memory, BASE + SIZE - 1, 2));
	assert_null(guest_memory_at(&memory, BASE + SIZE, 1));
	assert_null(guest_memory_at(&memory, 0, 1));
}

static void a_range_that_wraps_is_refused(void **state)
{
	(void)state;
	assert_null(guest_memory_at(&memory, UINT64_MAX, 1));
	assert_null(guest_memory_at(&memory, UINT64_MAX, 2));
	assert_null(guest_memory_at(&memory, BASE + 1, UINT64_MAX));
	assert_null(guest_memory_at(&memory, BASE, UINT64_MAX - BASE + 1));
}

static void no_bytes_are_valid_up_to_the_end_of_ram(void **state)
{
	(void)state;
	assert_ptr_equal(guest_memory_at(&memory, BASE, 0), ram);
	assert_ptr_equal(guest_memory_at(&memory, BASE + SIZE, 0), ram + SIZE);
	assert_null(guest_memory_at(&memory, BASE + SIZE + 1, 0));
	assert_null(guest_memory_at(&memory, BASE - 1, 0));
}

static void ram_at_the_end_of_the_address_space_works(void **state)
{
	const struct guest_memory top = {.base = 0 - SIZE, .size = SIZE, .host = ram};

	(void)state;
	assert_ptr_equal(guest_memory_at(&top, 0 - SIZE, SIZE), ram);
	assert_ptr_equal(guest_memory_at(&top, UINT64_MAX, 1), ram + SIZE - 1);
	assert_null(guest_memory_at(&top, UINT64_MAX, 2));
	assert_null(guest_memory_at(&top, 0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_range_within_ram_is_reached),
		cmocka_unit_test(a_range_that_leaves_ram_is_refused),
		cmocka_unit_test(a_range_that_wraps_is_refused),
		cmocka_unit_test(no_bytes_are_valid_up_to_the_end_of_ram),
		cmocka_unit_test(ram_at_the_end_of_the_address_space_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
