/* SPDX-License-Identifier: Apache-2.0 */
/* What a process says of code that it made, in its /tmp/perf-PID.map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/guest/symbols.h"

static struct symbols symbols;

static bool reads(const char *text, char message[IMAGE_MESSAGE_MAX])
{
	const struct blob blob = {(uint8_t *)(uintptr_t)text, strlen(text)};

	symbols_free(&symbols);
	return symbols_read_perf_map(&symbols, &blob, message);
}

static void read_map(const char *text)
{
	char message[IMAGE_MESSAGE_MAX] = "";

	if (!reads(text, message))
		fail_msg("%s", message);
}

static const char *name_at(uint64_t address)
{
	struct symbol_place place;

	return symbols_lookup(&symbols, address, &place) ? place.name : "";
}

static int tear_down(void **state)
{
	(void)state;
	symbols_free(&symbols);
	return 0;
}

static void lines_are_functions(void **state)
{
	(void)state;
	read_map("7f0000001000 40 LazyCompile:*work /app.js:3\n"
		 "7F0000001040 10 stub\r\n");
	assert_string_equal(name_at(0x7f0000001000), "LazyCompile:*work /app.js:3");
	assert_string_equal(name_at(0x7f000000103f), "LazyCompile:*work /app.js:3");
	assert_string_equal(name_at(0x7f0000001040), "stub");
	assert_string_equal(name_at(0x7f0000001050), "");
	assert_string_equal(name_at(0x7f0000000fff), "");
}

/* Memory of code is used again. */
static void what_is_further_down_is_newer(void **state)
{
	(void)state;
	read_map("1000 100 old\n1000 100 new\n");
	assert_string_equal(name_at(0x1000), "new");
	read_map("1000 100 old\n1040 20 inside\n");
	assert_string_equal(name_at(0x103f), "old");
	assert_string_equal(name_at(0x1040), "inside");
	assert_string_equal(name_at(0x1060), "old");
	read_map("1040 20 inside\n1000 100 new\n1100 10 behind\n");
	assert_string_equal(name_at(0x1040), "new");
	assert_string_equal(name_at(0x1100), "behind");
	read_map("1000 40 a\n1040 40 b\n1020 40 across\n");
	assert_string_equal(name_at(0x101f), "a");
	assert_string_equal(name_at(0x1020), "across");
	assert_string_equal(name_at(0x105f), "across");
	assert_string_equal(name_at(0x1060), "b");
}

/* Against the plain way: all bytes painted in the order of the lines. */
static void each_byte_is_of_the_newest_line(void **state)
{
	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 200; round++) {
		char text[64 * 32] = "", wanted[256][8] = {""};

		for (unsigned int i = 0; i < 24; i++) {
			unsigned int start = (unsigned int)rand() % 200;
			unsigned int size = 1 + (unsigned int)rand() % 56;
			size_t used = strlen(text);

			snprintf(text + used, sizeof(text) - used, "%x %x f%u\n", 0x1000 + start,
				 size, i);
			for (unsigned int at = start; at < start + size; at++)
				snprintf(wanted[at], sizeof(wanted[at]), "f%u", i);
		}
		read_map(text);
		for (unsigned int at = 0; at < 256; at++)
			assert_string_equal(name_at(0x1000 + at), wanted[at]);
	}
}

static void lines_that_are_none_are_passed_over(void **state)
{
	static const char *const lines[] = {
		"",
		"nothing",
		"1000",
		"1000 10",
		"1000 10 ",
		"0x1000 10 x",
		"10000000000000000 1 x",
		"1000 0 x",
		"1000  10 x",
		"ffffffffffffffff 2 x",
		"-1 10 x",
	};
	char text[4096] = "", message[IMAGE_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s\n", lines[i]);
		if (reads(text, message))
			fail_msg("'%s' was read", lines[i]);
		assert_string_equal(message,
				    "has no line \"address size name\", as a /tmp/perf-PID.map");
		snprintf(text, sizeof(text), "%s\n1000 10 good\n%s", lines[i], lines[i]);
		read_map(text);
		assert_string_equal(name_at(0x1008), "good");
	}
	/* It is being written. */
	read_map("1000 10 good\n2000 10 half wri");
	assert_string_equal(name_at(0x2000), "");
}

static void too_many_lines_are_refused(void **state)
{
	const size_t count = (1u << 20) + 1, len = 6;
	char *text = malloc(count * len + 1), message[IMAGE_MESSAGE_MAX] = "";

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, "1 1 x\n", len);
	text[count * len] = '\0';
	assert_false(reads(text, message));
	assert_string_equal(message, "has more lines than can be kept in memory");
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lines_are_functions),
		TEST(what_is_further_down_is_newer),
		TEST(each_byte_is_of_the_newest_line),
		TEST(lines_that_are_none_are_passed_over),
		TEST(too_many_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
