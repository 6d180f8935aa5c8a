/* SPDX-License-Identifier: Apache-2.0 */
/* The D1's watchdog as Linux's driver uses it. The loop of this test has no clock: its timers
 * expire at once, in the order of their times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define BASE 0x102000ull

enum { CTRL = 0x10, CFG = 0x14, MODE = 0x18 };
#define KEY	0x16aa0000u
#define RESTART (1u | 0xa57u << 1)

static struct machine machine;
static struct watchdog *watchdog;

static int setup(void **state)
{
	(void)state;
	if (!fake_machine_init_loop(&machine, 4096))
		return -1;
	watchdog = watchdog_new(&machine, BASE);
	return watchdog ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	watchdog_free(watchdog);
	fake_machine_destroy(&machine);
	return 0;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)fake_read(&machine, BASE + offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	fake_write(&machine, BASE + offset, 4, value);
}

/* Longer than any time that it can be set to. */
static enum machine_end end_in_time(void)
{
	fake_machine_run_for(&machine, 20 * NS_PER_S);
	return machine.end;
}

static void a_driver_that_starts_it_and_forgets_it_is_reset(void **state)
{
	(void)state;
	put(MODE, KEY | 0xb0);
	put(CTRL, RESTART);
	assert_int_equal(end_in_time(), END_NONE);
	put(CFG, KEY | 1);
	put(MODE, KEY | get(MODE) | 1);
	assert_int_equal(get(MODE), 0xb1);
	assert_int_equal(get(CFG), 1);
	assert_int_equal(end_in_time(), END_WATCHDOG);
	assert_int_equal(machine.guest_errors, 0);
}

static void a_driver_that_stops_it_is_left_alone(void **state)
{
	(void)state;
	put(CFG, KEY | 1);
	put(MODE, KEY | 0x11);
	put(MODE, KEY);
	put(CTRL, RESTART);
	assert_int_equal(end_in_time(), END_NONE);
}

static void writes_without_the_key_change_nothing(void **state)
{
	(void)state;
	put(CFG, 1);
	put(MODE, 0x11);
	put(MODE, 0x16ab0011);
	assert_int_equal(get(CFG), 0);
	assert_int_equal(get(MODE), 0);
	assert_int_equal(machine.guest_errors, 3);
	assert_int_equal(end_in_time(), END_NONE);
}

static void reserved_times_change_nothing(void **state)
{
	(void)state;
	put(CFG, KEY | 1);
	for (uint32_t time = 12; time < 16; time++)
		put(MODE, KEY | time << 4 | 1);
	assert_int_equal(get(MODE), 0);
	assert_int_equal(machine.guest_errors, 4);
	assert_int_equal(end_in_time(), END_NONE);
}

static void without_reset_its_end_is_a_guest_error(void **state)
{
	(void)state;
	put(CFG, KEY | 2);
	put(MODE, KEY | 1);
	assert_int_equal(end_in_time(), END_NONE);
	assert_int_equal(machine.guest_errors, 1);
}

static void other_registers_and_sizes_are_guest_errors(void **state)
{
	(void)state;
	assert_int_equal(get(0), 0);
	put(0x1c, 1);
	fake_read(&machine, BASE + MODE, 1);
	fake_write(&machine, BASE + MODE, 8, KEY | 1);
	fake_write(&machine, BASE + MODE + 2, 4, KEY | 1);
	assert_int_equal(machine.guest_errors, 5);
	assert_int_equal(get(MODE), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_driver_that_starts_it_and_forgets_it_is_reset),
		TEST(a_driver_that_stops_it_is_left_alone),
		TEST(writes_without_the_key_change_nothing),
		TEST(reserved_times_change_nothing),
		TEST(without_reset_its_end_is_a_guest_error),
		TEST(other_registers_and_sizes_are_guest_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
