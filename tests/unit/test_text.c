/* SPDX-License-Identifier: Apache-2.0 */
/* text_add() against snprintf(): it is its own for the conversions that matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "trace/names/text.h"

#define ROOM 200

#define SAME(...)                                                                                  \
	do {                                                                                       \
		char wanted[ROOM], got[ROOM];                                                      \
		struct text text;                                                                  \
                                                                                                   \
		text_init(&text, got, sizeof(got));                                                \
		text_add(&text, __VA_ARGS__);                                                      \
		size_t length = (size_t)snprintf(wanted, sizeof(wanted), __VA_ARGS__);             \
		assert_string_equal(got, wanted);                                                  \
		assert_int_equal(text.length, length);                                             \
	} while (0)

static const uint64_t numbers[] = {
	0,
	1,
	7,
	9,
	10,
	15,
	16,
	99,
	255,
	256,
	0x7FFF,
	0x7FFFFFFF,
	0x80000000,
	0xFFFFFFFF,
	1ull << 32,
	INT64_MAX,
	1ull << 63,
	UINT64_MAX,
	UINT64_MAX - 9,
	10000000000000000000ull,
	12345678901234567ull,
};

static void numbers_are_as_printf_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		unsigned long value = numbers[i];
		unsigned int narrow = (unsigned int)value;

		SAME("%lu", value);
		SAME("%ld", (long)value);
		SAME("%lx", value);
		SAME("%#lx", value);
		SAME("%016lx", value);
		SAME("%5lu.%06lu", value, value % 1000000);
		SAME("%05ld|%5ld", (long)value, (long)value);
		SAME("%u %d %x %#x", narrow, (int)narrow, narrow, narrow);
		SAME("0x%08x.", narrow);
	}
}

static void words_are_as_printf_has_them(void **state)
{
	const char *empty = "";

	(void)state;
	SAME("plain");
	SAME("%s", empty);
	SAME("%s(%s=%c%c) = %d%s", "name", "a", 'x', '\'', -2, " NOT_SUPPORTED");
	SAME("***%s%s v%u: %lu event%s lost ***", " ", "vm", 3u, 12ul, "s");
}

/* What it leaves to vsnprintf(), in the middle of others. */
static void rare_conversions(void **state)
{
	(void)state;
	SAME("%s %.3fms %d", "a", 1.5, 3);
	SAME("%d %-8s| %u", 1, "ab", 2u);
	SAME("%d %.2s %u", 1, "abc", 2u);
	SAME("%lu %% %lu", 1ul, 2ul);
	SAME("%#010lx %40lu %x", 5ul, 6ul, 7u);
	SAME("%o %zu %s", 8u, (size_t)9, "end");
	SAME("%8s|%3c|%lu", "ab", 'c', 4ul);
	SAME("100%%");
}

/* A buffer of any size holds the beginning and is terminated; the length is of all. */
static void too_little_room(void **state)
{
	char wanted[ROOM], got[ROOM];

	(void)state;
	for (size_t size = 0; size < 40; size++) {
		struct text text;

		memset(got, 'X', sizeof(got));
		memset(wanted, 'X', sizeof(wanted));
		text_init(&text, got, size);
		text_add(&text, "%s=%016lx", "address", 0x80200000ul);
		text_add(&text, " %u %.1f %s", 42u, 0.5, "end");
		int length = snprintf(wanted, size, "%s=%016lx %u %.1f %s", "address", 0x80200000ul,
				      42u, 0.5, "end");
		assert_memory_equal(got, wanted, sizeof(got));
		assert_int_equal(text.length, length);
	}
}

static void counts_have_commas(void **state)
{
	static const struct {
		uint64_t count;
		const char *wanted;
	} cases[] = {{0, "0"},
		     {999, "999"},
		     {1000, "1,000"},
		     {1249773, "1,249,773"},
		     {UINT64_MAX, "18,446,744,073,709,551,615"}};
	char out[TEXT_COUNT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_count(cases[i].count, out), cases[i].wanted);
}

static void moments_are_of_utc(void **state)
{
	char out[TEXT_MOMENT];

	(void)state;
	assert_string_equal(text_moment(0, out), "not known");
	assert_string_equal(text_moment(1700000000999999999, out), "2023-11-14 22:13:20 UTC");
	assert_string_equal(text_moment(UINT64_MAX, out), "2554-07-21 23:34:33 UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_as_printf_has_them),
		cmocka_unit_test(words_are_as_printf_has_them),
		cmocka_unit_test(rare_conversions),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(moments_are_of_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
