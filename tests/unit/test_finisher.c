/* SPDX-License-Identifier: Apache-2.0 */
/* The test finisher: how a guest ends the machine by a write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define BASE   0x100000ull
#define STATUS 4u

static struct machine machine;
static struct finisher *finisher;

static int setup(void **state)
{
	(void)state;
	fake_machine_init(&machine, 4096);
	finisher = finisher_new(&machine, BASE);
	return finisher ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	finisher_free(finisher);
	fake_machine_destroy(&machine);
	return 0;
}

static void passes(void **state)
{
	(void)state;
	fake_write(&machine, BASE, 4, 0x5555);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_true(machine.has_status);
	assert_int_equal(machine.status, 0);
}

static void fails_with_a_status(void **state)
{
	(void)state;
	fake_write(&machine, BASE, 4, 7 << 16 | 0x3333);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_true(machine.has_status);
	assert_int_equal(machine.status, 7);
}

/* A failure without a status must not look like success. */
static void fails_without_a_status(void **state)
{
	(void)state;
	fake_write(&machine, BASE, 2, 0x3333);
	assert_int_equal(machine.end, END_PANIC);
}

static void resets(void **state)
{
	(void)state;
	fake_write(&machine, BASE, 4, 0x7777);
	assert_int_equal(machine.end, END_RESET);
}

static void keeps_a_status(void **state)
{
	(void)state;
	assert_int_equal(fake_read(&machine, BASE + STATUS, 4), 0);
	fake_write(&machine, BASE + STATUS, 4, 7);
	fake_write(&machine, BASE + STATUS, 4, 9);
	assert_int_equal(fake_read(&machine, BASE + STATUS, 4), 9);
	assert_int_equal(machine.end, END_NONE);
	assert_true(machine.has_status);
	assert_int_equal(machine.status, 9);
	assert_int_equal(machine.guest_errors, 0);
}

/* Every word, at every place and of every size: an end by the four ways only. */
static void contains_all_else(void **state)
{
	(void)state;
	for (uint32_t word = 0; word < 0x20000; word++) {
		uint32_t low = word & 0xffff;

		machine.end = END_NONE;
		fake_write(&machine, BASE, 4, word);
		assert_true((machine.end != END_NONE) ==
			    (low == 0x3333 || low == 0x5555 || low == 0x7777));
	}
	machine.end = END_NONE;
	machine.has_status = false;
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint64_t offset = 8; offset < FINISHER_LEN; offset += size) {
			fake_write(&machine, BASE + offset, size, 0x5555);
			assert_int_equal(fake_read(&machine, BASE + offset, size), 0);
		}
	assert_int_equal(machine.end, END_NONE);
	assert_false(machine.has_status);
	assert_true(machine.guest_errors > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(passes, setup, teardown),
		cmocka_unit_test_setup_teardown(fails_with_a_status, setup, teardown),
		cmocka_unit_test_setup_teardown(fails_without_a_status, setup, teardown),
		cmocka_unit_test_setup_teardown(resets, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_a_status, setup, teardown),
		cmocka_unit_test_setup_teardown(contains_all_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
