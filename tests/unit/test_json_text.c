/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "tests/unit/fixtures/sample_profile.h"
#include "trace/export/json_text.h"

static void every_kind_of_value_is_written(void **state)
{
	struct json_line line;
	char text[512];
	size_t size;

	(void)state;
	json_line_begin(&line, text, sizeof(text));
	json_line_string(&line, "s", "a\"\\\n\x01/é");
	json_line_string(&line, "none", NULL);
	json_line_uint(&line, "u", UINT64_MAX);
	json_line_int(&line, "i", INT64_MIN);
	json_line_hex(&line, "x", 0xffffffff80000000);
	json_line_decimal(&line, "d", 1000000007, 9);
	json_line_decimal(&line, "w", 12, 0);
	json_line_bool(&line, "b", true);
	json_line_object(&line, "o");
	json_line_null(&line, "n");
	size = json_line_end(&line);
	assert_int_equal(size, strlen(text));
	assert_string_equal(text,
			    "{\"s\":\"a\\\"\\\\\\u000a\\u0001/é\",\"none\":null,"
			    "\"u\":18446744073709551615,\"i\":-9223372036854775808,"
			    "\"x\":\"0xffffffff80000000\",\"d\":1.000000007,\"w\":12,\"b\":true,"
			    "\"o\":{\"n\":null}}\n");
}

/* Not strict: json-c 0.18 then takes the bytes of UTF-8 for control characters. */
static json_object *parsed(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object *object;

	object = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	json_tokener_free(tokener);
	return object;
}

/* The same line into every room: all there, or valid, shorter and marked. */
static void a_line_that_does_not_fit_is_cut_and_says_so(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (size_t room = JSON_ROOM; room < 400; room++) {
		char text[400], name[64];
		struct json_line line;
		json_object *object, *cut;
		size_t size;

		memset(text, 0x55, sizeof(text));
		json_line_begin(&line, text, room);
		for (unsigned int i = 0; i < 3; i++) {
			json_line_object(&line, "inside");
			json_line_object(&line, "further");
			sample_hostile_name(&seed, name, sizeof(name));
			json_line_string(&line, "name", name);
			json_line_close(&line);
			json_line_close(&line);
			json_line_object(&line, "empty");
			json_line_close(&line);
		}
		for (unsigned int i = 0; i < JSON_DEPTH + 2; i++)
			json_line_object(&line, "deep");
		size = json_line_end(&line);
		assert_true(size < room && text[size] == '\0' && text[size - 1] == '\n');
		for (size_t i = room; i < sizeof(text); i++)
			assert_int_equal(text[i], 0x55);
		object = parsed(text);
		assert_true(json_object_object_get_ex(object, "cut", &cut));
		json_object_put(object);
	}
}

static void hostile_strings_stay_strings(void **state)
{
	uint32_t seed = 11;

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		char name[64], text[1024];
		struct json_line line;
		json_object *object;
		size_t size;

		sample_hostile_name(&seed, name, sizeof(name));
		json_line_begin(&line, text, sizeof(text));
		json_line_string(&line, name, name);
		json_line_uint(&line, "after", 1);
		size = json_line_end(&line);
		assert_int_equal(size, strlen(text));
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		object = parsed(text);
		assert_int_equal(json_object_object_length(object), 2);
		json_object_put(object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_is_written),
		cmocka_unit_test(a_line_that_does_not_fit_is_cut_and_says_so),
		cmocka_unit_test(hostile_strings_stay_strings),
	};

	return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
