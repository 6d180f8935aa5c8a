/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/printable.h"
#include "tests/unit/fixtures/sample_profile.h"

static void malformed_utf8_is_no_character(void **state)
{
	static const char *const malformed[] = {
		"\x80",		"\xc0\x80",	    "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xc3",	"\xe2\x82",
		"\xff",		"\xf4\x90\x80\x80", "\xc3(",	"\xf8\x88\x80\x80\x80",
	};
	uint32_t character;

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_int_equal(utf8_character(malformed[i], strlen(malformed[i]), &character), 0);
}

static void the_ends_of_every_form_are_characters(void **state)
{
	static const struct {
		const char *text;
		uint32_t character;
	} ends[] = {
		{"\x01", 1},
		{"\x7f", 0x7f},
		{"\xc2\x80", 0x80},
		{"\xdf\xbf", 0x7ff},
		{"\xe0\xa0\x80", 0x800},
		{"\xef\xbf\xbf", 0xffff},
		{"\xf0\x90\x80\x80", 0x10000},
		{"\xf4\x8f\xbf\xbf", 0x10ffff},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		uint32_t character = 0;

		assert_int_equal(utf8_character(ends[i].text, strlen(ends[i].text), &character),
				 strlen(ends[i].text));
		assert_int_equal(character, ends[i].character);
	}
}

static void what_does_not_print_is_shown_as_an_escape(void **state)
{
	static const struct {
		const char *from, *shown;
	} cases[] = {
		{"plain", "plain"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\033[2J", "\\x1b[2J"},
		{"a\tb\nc\rd", "a\\tb\\nc\\rd"},
		{"\a\b\x7f", "\\x07\\x08\\x7f"},
		{"C1 \xc2\x9b"
		 "31m",
		 "C1 \\u009b31m"},
		{"raw \x9b"
		 "31m \xff",
		 "raw \\x9b31m \\xff"},
		{"cut \xe2\x82", "cut \\xe2\\x82"},
		{"turned \xe2\x80\xae round", "turned \\u202e round"},
		{"line \xe2\x80\xa8 end", "line \\u2028 end"},
		{"\xf0\x9f\xbf\xbe", "\\U0001fffe"},
		{"C:\\x1b", "C:\\x1b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char shown[64], *written = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&written, &size);

		assert_non_null(to);
		printable_put(to, cases[i].from);
		fclose(to);
		assert_string_equal(written, cases[i].shown);
		assert_string_equal(printable(shown, sizeof(shown), cases[i].from), cases[i].shown);
		free(written);
	}
}

/* A message's arguments are anybody's: names of files, what another process calls itself. */
static void messages_are_printable(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	char text[256];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
	error("%s: no \xc3\xbc", "\033]0;title\a\n");
	warning("%s", "\xc2\x9b"
		      "31m");
	note("%s", "\x9b"
		   "31m");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t size = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "vhart: \\x1b]0;title\\x07\\n: no \xc3\xbc\n"
				  "vhart: warning: \\u009b31m\n"
				  "vhart: \\x9b31m\n");
}

static void clean_text_prints_fits_and_cuts_no_character(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		char name[64], clean[64], again[64];
		size_t room = 1 + sample_random(&seed) % sizeof(clean), at = 0, size;
		const char *cut;

		sample_hostile_name(&seed, name, sizeof(name));
		size = strlen(printable(clean, room, name));
		assert_true(size < room);
		/* Each escape is whole, where the name has no \ of its own. */
		cut = strchr(name, '\\') ? NULL : strrchr(clean, '\\');
		assert_true(!cut || strlen(cut) >= (cut[1] == 'x' ? 4 : cut[1] == 'u' ? 6 : 2));
		while (at < size) {
			uint32_t character = 0;
			size_t length = utf8_character(clean + at, size - at, &character);

			assert_true(length > 0 && utf8_prints(character));
			at += length;
		}
		printable(again, sizeof(again), clean);
		assert_string_equal(again, clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_utf8_is_no_character),
		cmocka_unit_test(the_ends_of_every_form_are_characters),
		cmocka_unit_test(what_does_not_print_is_shown_as_an_escape),
		cmocka_unit_test(messages_are_printable),
		cmocka_unit_test(clean_text_prints_fits_and_cuts_no_character),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
