/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the guest that a machine boots, and who called where a hart is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixtures/made_elf.h"
#include "vmm/debug/where.h"

#define BASE 0x80000000ull

static const struct made_symbol symbols[] = {
	{"outer", BASE + 0x100, 0x40, true},	     {"inner", BASE + 0x140, 0x40, true},
	{"never_returns", BASE + 0x180, 0x10, true}, {"after_it", BASE + 0x190, 0x10, true},
	{"counter", BASE + 0x800, 8, false},
};

static uint8_t ram[8192];
static const struct guest_memory memory = {.base = BASE, .size = sizeof(ram), .host = ram};
static char path[64];
static struct config config = {.kernel = path};
static struct debug_names *names;

static int boot(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	snprintf(path, sizeof(path), "/tmp/vhart-where.XXXXXX");
	make_elf_file(path, symbols, sizeof(symbols) / sizeof(symbols[0]));
	names = debug_names_new(&config);
	assert_non_null(names);
	return 0;
}

static int end(void **state)
{
	(void)state;
	debug_names_free(names);
	unlink(path);
	return 0;
}

static void expect_place(uint64_t address, const char *wanted)
{
	char text[HART_SYMBOL_MAX];

	debug_names_put(names, address, text);
	assert_string_equal(text, wanted);
}

static void names_are_found_once_asked(void **state)
{
	char text[HART_SYMBOL_MAX];
	uint64_t address;

	(void)state;
	expect_place(BASE + 0x108, "");
	assert_false(debug_names_address(names, "outer", &address));
	assert_true(debug_names_find(names));
	/* The file is not needed any more. */
	unlink(path);
	assert_true(debug_names_find(names));
	expect_place(BASE + 0x108, "outer+0x8");
	expect_place(BASE, "");
	expect_place(BASE + 0x800, "");
	assert_true(debug_names_is_code(names, BASE + 0x140));
	assert_false(debug_names_is_code(names, BASE + 0x800));
	assert_true(debug_names_address(names, "counter", &address));
	assert_int_equal(address, BASE + 0x800);
	debug_names_put_return(names, BASE + 0x190, text);
	assert_string_equal(text, "never_returns+0x10");
}

static void expect_address(const char *text, uint64_t wanted)
{
	uint64_t address = 1;

	assert_true(debug_names_read(names, text, &address));
	assert_int_equal(address, wanted);
}

static void addresses_as_users_write_them(void **state)
{
	static const char *const wrong[] = {
		"",	    "nobody", "outer+", "outer+x",    "+8",
		"outer +8", "0x",     "0x0x10", "-1",	      "outer+-8",
		"0x1g",	    "outer-", "12a",	"outer+0x8+", "99999999999999999999",
	};
	uint64_t address;

	(void)state;
	assert_true(debug_names_find(names));
	expect_address("0x80200000", 0x80200000);
	expect_address("0XfF", 255);
	expect_address("4096", 4096);
	expect_address("inner", BASE + 0x140);
	expect_address("inner+0x1c", BASE + 0x15c);
	expect_address("inner+8", BASE + 0x148);
	expect_address("counter-8", BASE + 0x7f8);
	expect_address("0xffffffffffffffff", UINT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(debug_names_read(names, wrong[i], &address));
}

static void a_name_that_is_nearly_one(void **state)
{
	char text[HART_SYMBOL_MAX];

	(void)state;
	debug_names_suggest(names, "iner", text);
	assert_string_equal(text, "");
	assert_true(debug_names_find(names));
	debug_names_suggest(names, "iner", text);
	assert_string_equal(text, "inner");
	debug_names_suggest(names, "zzz", text);
	assert_string_equal(text, "");
}

static void put64(uint64_t address, uint64_t value)
{
	memcpy(ram + (address - BASE), &value, sizeof(value));
}

/* Two frames: fp - 8 is where to return to, fp - 16 the caller's fp. */
static struct hart_where two_frames(void)
{
	put64(BASE + 0x1100 - 8, BASE + 0x110);
	put64(BASE + 0x1100 - 16, BASE + 0x1200);
	put64(BASE + 0x1200 - 8, BASE + 0x190);
	put64(BASE + 0x1200 - 16, BASE + 0x1300);
	return (struct hart_where){
		.state = {.activity = HART_RUNNING, .supervisor = true, .pc = BASE + 0x144},
		.sp = BASE + 0x10e0,
		.fp = BASE + 0x1100};
}

static void who_called(void **state)
{
	struct hart_where where = two_frames();

	(void)state;
	assert_true(debug_names_find(names));
	where_follow(&memory, names, &where);
	assert_string_equal(where.state.pc_symbol, "inner+0x4");
	assert_int_equal(where.depth, 3);
	assert_string_equal(where.chain[0].symbol, "inner+0x4");
	assert_int_equal(where.chain[1].address, BASE + 0x110);
	assert_string_equal(where.chain[1].symbol, "outer+0x10");
	assert_string_equal(where.chain[2].symbol, "never_returns+0x10");
}

static void no_names_no_frames(void **state)
{
	struct hart_where where = two_frames();

	(void)state;
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 3);
	assert_string_equal(where.chain[1].symbol, "");
	/* s0 is not a frame pointer: the chain is pc alone. */
	where = two_frames();
	where.fp = 7;
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 1);
	where.fp = UINT64_MAX - 7;
	where.sp = where.fp - 64;
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 1);
}

/* A frame that does not lead back to code ends it, where code is known from data. */
static void a_frame_of_data(void **state)
{
	struct hart_where where = two_frames();

	(void)state;
	assert_true(debug_names_find(names));
	put64(BASE + 0x1100 - 8, BASE + 0x800);
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 1);
}

static void none_of_a_hart_that_does_not_run(void **state)
{
	struct hart_where where = two_frames();

	(void)state;
	where.state.activity = HART_STOPPED;
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 0);
	where.state.activity = HART_UNKNOWN;
	where_follow(&memory, names, &where);
	assert_int_equal(where.depth, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_are_found_once_asked, boot, end),
		cmocka_unit_test_setup_teardown(addresses_as_users_write_them, boot, end),
		cmocka_unit_test_setup_teardown(a_name_that_is_nearly_one, boot, end),
		cmocka_unit_test_setup_teardown(who_called, boot, end),
		cmocka_unit_test_setup_teardown(no_names_no_frames, boot, end),
		cmocka_unit_test_setup_teardown(a_frame_of_data, boot, end),
		cmocka_unit_test_setup_teardown(none_of_a_hart_that_does_not_run, boot, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
