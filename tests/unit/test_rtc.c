/* SPDX-License-Identifier: Apache-2.0 */
/* The Goldfish RTC as Linux's driver uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define BASE 0x101000ull
#define LINE 2u
#define MS   1000000ull
#define S    1000000000ull

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

static struct machine machine;
static struct rtc *rtc;

static int setup(void **state)
{
	(void)state;
	if (!fake_machine_init_loop(&machine, 4096))
		return -1;
	rtc = rtc_new(&machine, BASE, LINE);
	return rtc ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	rtc_free(rtc);
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

static uint64_t guest_time(void)
{
	uint64_t low = get(TIME_LOW);

	return (uint64_t)get(TIME_HIGH) << 32 | low;
}

static uint64_t host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * S + (uint64_t)now.tv_nsec;
}

static void set_alarm(uint64_t time)
{
	put(ALARM_HIGH, (uint32_t)(time >> 32));
	put(ALARM_LOW, (uint32_t)time);
	put(IRQ_ENABLED, 1);
}

static void it_tells_the_hosts_time_in_nanoseconds(void **state)
{
	uint64_t before = host_time(), guest = guest_time(), after = host_time();

	(void)state;
	assert_true(before <= guest && guest <= after);
}

static void the_guest_sets_its_own_clock(void **state)
{
	uint64_t year_2000 = 946684800 * S, now;

	(void)state;
	put(TIME_HIGH, (uint32_t)(year_2000 >> 32));
	put(TIME_LOW, (uint32_t)year_2000);
	now = guest_time();
	assert_true(now >= year_2000 && now < year_2000 + 10 * S);
}

static void an_alarm_interrupts_when_its_time_comes_and_not_before(void **state)
{
	uint64_t alarm;

	(void)state;
	set_alarm(guest_time() + 3600 * S);
	assert_int_equal(get(ALARM_STATUS), 1);
	assert_false(machine.line[LINE]);
	alarm = guest_time() + 100 * MS;
	set_alarm(alarm);
	for (int turn = 0; turn < 1000 && !machine.line[LINE]; turn++)
		fake_machine_run_for(&machine, 10 * MS);
	assert_true(machine.line[LINE]);
	assert_true(guest_time() >= alarm);
	assert_int_equal(get(ALARM_STATUS), 0);
	put(CLEAR_INTERRUPT, 1);
	assert_false(machine.line[LINE]);
}

static void an_alarm_in_the_past_interrupts_at_once(void **state)
{
	(void)state;
	set_alarm(guest_time() - S);
	assert_true(machine.line[LINE]);
}

static void a_cleared_alarm_does_not_interrupt(void **state)
{
	uint64_t alarm = guest_time() + S;

	(void)state;
	set_alarm(alarm);
	put(CLEAR_ALARM, 1);
	assert_int_equal(get(ALARM_STATUS), 0);
	while (guest_time() <= alarm)
		fake_machine_run_for(&machine, 100 * MS);
	assert_false(machine.line[LINE]);
}

static void a_masked_alarm_interrupts_when_it_is_enabled(void **state)
{
	(void)state;
	set_alarm(guest_time() - S);
	put(CLEAR_INTERRUPT, 1);
	put(IRQ_ENABLED, 0);
	put(ALARM_LOW, 0);
	assert_false(machine.line[LINE]);
	put(IRQ_ENABLED, 1);
	assert_true(machine.line[LINE]);
}

static void setting_the_clock_past_the_alarm_fires_it(void **state)
{
	uint64_t later = guest_time() + 7200 * S;

	(void)state;
	set_alarm(later - 3600 * S);
	assert_false(machine.line[LINE]);
	put(TIME_HIGH, (uint32_t)(later >> 32));
	put(TIME_LOW, (uint32_t)later);
	assert_true(machine.line[LINE]);
}

static void an_alarm_at_the_end_of_time_does_not_interrupt(void **state)
{
	static const uint64_t times[] = {UINT64_MAX, UINT64_MAX - 1, 1ull << 63, INT64_MAX};

	(void)state;
	for (unsigned int i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		set_alarm(times[i]);
		fake_machine_run_for(&machine, 2 * MS);
		assert_false(machine.line[LINE]);
		assert_int_equal(get(ALARM_STATUS), 1);
	}
}

/* The clock is the guest's: it may wrap, and then an alarm is simply one that lies behind or ahead
 * of it. */
static void a_clock_at_either_end_of_its_range_fires_what_lies_behind_it(void **state)
{
	(void)state;
	put(TIME_HIGH, 0);
	put(TIME_LOW, 0);
	set_alarm(UINT64_MAX);
	fake_machine_run_for(&machine, 2 * MS);
	assert_false(machine.line[LINE]);
	put(TIME_HIGH, UINT32_MAX);
	put(TIME_LOW, 0);
	set_alarm(1);
	assert_true(machine.line[LINE]);
}

static void wrong_registers_and_sizes_are_guest_errors(void **state)
{
	(void)state;
	assert_int_equal(get(0x20), 0);
	put(0xffc, 1);
	fake_write(&machine, BASE + 1, 1, 1);
	assert_int_equal(fake_read(&machine, BASE, 8), 0);
	assert_int_equal(machine.guest_errors, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_tells_the_hosts_time_in_nanoseconds),
		TEST(the_guest_sets_its_own_clock),
		TEST(an_alarm_interrupts_when_its_time_comes_and_not_before),
		TEST(an_alarm_in_the_past_interrupts_at_once),
		TEST(a_cleared_alarm_does_not_interrupt),
		TEST(a_masked_alarm_interrupts_when_it_is_enabled),
		TEST(setting_the_clock_past_the_alarm_fires_it),
		TEST(an_alarm_at_the_end_of_time_does_not_interrupt),
		TEST(a_clock_at_either_end_of_its_range_fires_what_lies_behind_it),
		TEST(wrong_registers_and_sizes_are_guest_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
