/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sample_profile.h"
#include "trace/utf8.h"

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

static void clean_text_prints_fits_and_cuts_no_character(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		char name[64], clean[64], again[64];
		size_t room = 1 + sample_random(&seed) % sizeof(clean), at = 0, size;

		sample_hostile_name(&seed, name, sizeof(name));
		size = utf8_clean(clean, room, name);
		assert_true(size < room && clean[size] == '\0');
		while (at < size) {
			uint32_t character = 0;
			size_t length = utf8_character(clean + at, size - at, &character);

			assert_true(length > 0 && utf8_prints(character));
			at += length;
		}
		utf8_clean(again, sizeof(again), clean);
		assert_string_equal(again, clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_utf8_is_no_character),
		cmocka_unit_test(the_ends_of_every_form_are_characters),
		cmocka_unit_test(clean_text_prints_fits_and_cuts_no_character),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
