/* SPDX-License-Identifier: Apache-2.0 */
/* HTIF: commands in a word of the guest's memory, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define RAM	 8192u
#define TOHOST	 (FAKE_RAM_BASE + 0x100)
#define FROMHOST (FAKE_RAM_BASE + 0x140)
#define CALL	 (FAKE_RAM_BASE + 0x200)
#define A_WHILE	 20000000u /* ns */
#define PUT	 (1ull << 56 | 1ull << 48)

static struct machine machine;
static struct htif *htif;

static int setup(void **state)
{
	(void)state;
	if (!fake_machine_init_loop(&machine, RAM))
		return -1;
	machine.output_room = sizeof(machine.output);
	htif = htif_new(&machine, TOHOST, FROMHOST);
	return htif ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	htif_free(htif);
	fake_machine_destroy(&machine);
	return 0;
}

/* Writes a command; what is left of it when there was time to see it. */
static uint64_t say(uint64_t value)
{
	fake_store(&machine, TOHOST, 8, value);
	fake_machine_run_for(&machine, A_WHILE);
	return fake_load(&machine, TOHOST, 8);
}

static uint64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	fake_store(&machine, CALL, 8, number);
	fake_store(&machine, CALL + 8, 8, a);
	fake_store(&machine, CALL + 16, 8, b);
	fake_store(&machine, CALL + 24, 8, c);
	return say(CALL);
}

static void one_is_a_pass(void **state)
{
	(void)state;
	fake_machine_run_for(&machine, A_WHILE);
	assert_int_equal(machine.end, END_NONE);
	say(1);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_true(machine.has_status);
	assert_int_equal(machine.status, 0);
}

static void odd_is_a_status(void **state)
{
	(void)state;
	say(1337 << 1 | 1);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_int_equal(machine.status, 1337);
}

/* No status may turn into a pass. */
static void a_large_status_is_none_of_zero(void **state)
{
	(void)state;
	say(1ull << 33 | 1);
	assert_int_equal(machine.status, UINT32_MAX);
}

static void the_console_takes_bytes(void **state)
{
	(void)state;
	assert_int_equal(say(PUT | 'h'), 0);
	assert_int_equal(fake_load(&machine, FROMHOST, 8), PUT);
	assert_int_equal(say(PUT | 'i'), 0);
	assert_int_equal(machine.output_len, 2);
	assert_memory_equal(machine.output, "hi", 2);
	/* Without room the guest waits. */
	machine.output_room = 0;
	assert_int_equal(say(PUT | 'j'), PUT | 'j');
	machine.output_room = 10;
	fake_machine_run_for(&machine, A_WHILE);
	assert_int_equal(fake_load(&machine, TOHOST, 8), 0);
}

static void the_proxy_writes(void **state)
{
	(void)state;
	memcpy(machine.memory.host, "hello", 5);
	assert_int_equal(call(64, 1, FAKE_RAM_BASE, 5), 0);
	assert_int_equal(fake_load(&machine, CALL, 8), 5);
	assert_int_equal(fake_load(&machine, FROMHOST, 8), 1);
	assert_memory_equal(machine.output, "hello", 5);
	/* In pieces, as there is room, each byte once. */
	machine.output_room = 2;
	assert_int_equal(call(64, 1, FAKE_RAM_BASE, 5), CALL);
	machine.output_room = 100;
	fake_machine_run_for(&machine, A_WHILE);
	assert_int_equal(fake_load(&machine, TOHOST, 8), 0);
	assert_memory_equal(machine.output, "hellohello", 10);
	assert_int_equal(machine.output_len, 10);
}

static void the_proxy_exits(void **state)
{
	(void)state;
	call(93, 3, 0, 0);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_int_equal(machine.status, 3);
}

static void what_is_wrong_is_answered(void **state)
{
	(void)state;
	assert_int_equal(say(2ull << 56 | 8), 0);
	assert_int_equal(machine.guest_errors, 1);
	assert_int_equal(say(PUT + (1ull << 48)), 0);
	assert_int_equal(machine.guest_errors, 2);
	assert_int_equal(say(8), 0);			   /* not in RAM */
	assert_int_equal(say(FAKE_RAM_BASE + RAM - 8), 0); /* only its beginning */
	assert_int_equal(say(FAKE_RAM_BASE + 4), 0);	   /* odd */
	assert_int_equal(machine.guest_errors, 5);
	assert_int_equal(call(1000, 0, 0, 0), 0);
	assert_int_equal((int64_t)fake_load(&machine, CALL, 8), -38);
	assert_int_equal(call(64, 1, FAKE_RAM_BASE, UINT64_MAX), 0);
	assert_int_equal((int64_t)fake_load(&machine, CALL, 8), -14);
	assert_int_equal(machine.end, END_NONE);
}

static void words_that_are_nowhere_say_nothing(void **state)
{
	struct htif *none;

	(void)state;
	none = htif_new(&machine, 8, 0);
	assert_non_null(none);
	htif_free(none);
	none = htif_new(&machine, FAKE_RAM_BASE + RAM - 4, FAKE_RAM_BASE + 3);
	assert_non_null(none);
	fake_machine_run_for(&machine, A_WHILE);
	htif_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_a_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_is_a_status, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_status_is_none_of_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(the_console_takes_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_proxy_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_proxy_exits, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(words_that_are_nowhere_say_nothing, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
