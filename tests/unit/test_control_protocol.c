/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, requests, and arguments of verbs: what may come, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/sample_verbs.h"
#include "vmm/control/protocol.h"

enum { HARTS = 4 };

/* ---- lines ---- */

static void feed(struct protocol_lines *lines, const char *bytes, size_t len, size_t piece)
{
	while (len > 0) {
		size_t room, now;
		char *to = protocol_room(lines, &room);

		assert_non_null(to);
		now = len < piece ? len : piece;
		now = now < room ? now : room;
		memcpy(to, bytes, now);
		protocol_filled(lines, now);
		bytes += now;
		len -= now;
	}
}

static void expect_line(struct protocol_lines *lines, const char *expected)
{
	size_t len;
	char *line = protocol_line(lines, &len);

	if (!expected) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(line, expected);
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	static const char stream[] = "one\n\ntwo\nhal";

	(void)state;
	for (size_t piece = 1; piece < sizeof(stream); piece++) {
		struct protocol_lines lines = {.bytes = NULL};

		feed(&lines, stream, sizeof(stream) - 1, piece);
		expect_line(&lines, "one");
		expect_line(&lines, "");
		feed(&lines, "f\nx\n", 4, piece);
		expect_line(&lines, "two");
		expect_line(&lines, "half");
		expect_line(&lines, "x");
		expect_line(&lines, NULL);
		protocol_free(&lines);
	}
}

static void nothing_is_no_line(void **state)
{
	struct protocol_lines lines = {.bytes = NULL};

	(void)state;
	expect_line(&lines, NULL);
	protocol_free(&lines);
}

static void a_line_without_an_end_stops_at_the_limit(void **state)
{
	struct protocol_lines lines = {.bytes = NULL};
	size_t room, all = 0, len;
	char *to;

	(void)state;
	while ((to = protocol_room(&lines, &room))) {
		memset(to, 'x', room);
		protocol_filled(&lines, room);
		all += room;
		assert_null(protocol_line(&lines, &len));
	}
	assert_true(lines.too_long);
	assert_int_equal(all, PROTOCOL_LINE_MAX);
	protocol_free(&lines);
}

/* ---- requests ---- */

static const char *refusal(const char *line, size_t len, char why[CONTROL_ERROR_MAX])
{
	struct request request;

	why[0] = '\0';
	assert_false(protocol_request(line, len, &request, why));
	protocol_request_free(&request);
	return why;
}

static void requests_have_a_verb_and_perhaps_an_id(void **state)
{
	static const char line[] =
		"{\"args\":{\"text\":\"a\"}, \"id\":[1,\"x\"],\"verb\":\"echo\"}";
	char why[CONTROL_ERROR_MAX];
	struct request request;

	(void)state;
	assert_true(protocol_request(line, sizeof(line) - 1, &request, why));
	assert_string_equal(request.verb->name, "echo");
	assert_string_equal(json_object_to_json_string_ext(request.id, JSON_C_TO_STRING_PLAIN),
			    "[1,\"x\"]");
	assert_non_null(request.args);
	protocol_request_free(&request);
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"x",
		"1",
		"null",
		"[]",
		"\"verb\"",
		"{",
		"{\"verb\":\"echo\"",
		"{\"verb\":\"echo\"} {}",
		"{\"verb\":\"echo\"}x",
		"{'verb':'echo'}",
		"{\"verb\":\"echo\",}",
		"{\"verb\":\"ec\xffho\"}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}",
	};
	char why[CONTROL_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_non_null(strstr(refusal(lines[i], strlen(lines[i]), why), "a JSON object"));
	assert_non_null(strstr(refusal("{\"verb\":\"echo\"}\0x", 17, why), "a JSON object"));
	assert_string_equal(refusal("{}", 2, why), "expected a \"verb\"");
	assert_string_equal(refusal("{\"verb\":1}", 10, why), "expected a \"verb\"");
	assert_string_equal(refusal("{\"verb\":\"paimt\"}", 16, why),
			    "there is no verb 'paimt': did you mean paint");
	assert_string_equal(refusal("{\"verb\":\"\\u001b[2J\"}", 20, why),
			    "there is no verb '\\x1b[2J': 'vhart ctl help' lists them");
}

static void the_answer_to_a_bad_request_has_its_id(void **state)
{
	static const char line[] = "{\"id\":\"mine\",\"verb\":\"fly\"}";
	char why[CONTROL_ERROR_MAX];
	struct request request;
	json_object *answer;

	(void)state;
	assert_false(protocol_request(line, sizeof(line) - 1, &request, why));
	answer = protocol_answer(request.id, NULL, "no");
	assert_string_equal(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN),
			    "{\"id\":\"mine\",\"error\":\"no\"}");
	json_object_put(answer);
	protocol_request_free(&request);
}

/* ---- arguments ---- */

/* Takes JSON for VERB; what it was refused with, or "". */
static const char *take(const char *verb, const char *json,
			struct verb_value values[VERB_ARGUMENTS_MAX], json_object **args)
{
	static char why[CONTROL_ERROR_MAX];

	*args = json_tokener_parse(json);
	why[0] = '\0';
	if (verb_take_arguments(verb_find(verb), *args, HARTS, values, why))
		assert_string_equal(why, "");
	else
		assert_string_not_equal(why, "");
	return why;
}

static void expect_refused(const char *verb, const char *json, const char *why)
{
	struct verb_value values[VERB_ARGUMENTS_MAX];
	json_object *args;

	assert_string_equal(take(verb, json, values, &args), why);
	json_object_put(args);
}

static void values_of_each_type_are_taken(void **state)
{
	struct verb_value values[VERB_ARGUMENTS_MAX];
	json_object *args;

	(void)state;
	assert_string_equal(take("all",
				 "{\"number\":18446744073709551615,\"seconds\":0.5,\"hart\":\"3\","
				 "\"address\":\"start+4\",\"bytes\":\"00fF\",\"flag\":true}",
				 values, &args),
			    "");
	assert_true(values[0].number == UINT64_MAX);
	assert_true(values[1].seconds == 0.5);
	assert_int_equal(values[2].number, 3);
	assert_string_equal(values[3].text, "start+4");
	assert_int_equal(values[4].len, 4);
	assert_int_equal(values[5].number, 1);
	json_object_put(args);
	assert_string_equal(
		take("all", "{\"number\":\"0x20\",\"address\":\"0x80\"}", values, &args), "");
	assert_int_equal(values[0].number, 32);
	assert_false(values[1].given);
	assert_int_equal(values[3].number, 128);
	assert_null(values[3].text);
	json_object_put(args);
}

static void values_of_no_such_type_are_refused(void **state)
{
	static const char *const numbers[] = {
		"-1",	  "1.5",    "true",	     "[]",
		"{}",	  "\"\"",   "\"-1\"",	     "\" 1\"",
		"\"1 \"", "\"0x\"", "\"1\\u00002\"", "\"18446744073709551616\"",
		"1e3",
	};
	char json[80];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(json, sizeof(json), "{\"number\":%s}", numbers[i]);
		expect_refused("all", json, "all: number: expected a number, such as 32 or 0x20");
	}
	for (const char *const *bad = (const char *const[]){"0", "-1", "\"1\"", "1e10", NULL}; *bad;
	     bad++) {
		snprintf(json, sizeof(json), "{\"number\":1,\"seconds\":%s}", *bad);
		expect_refused("all", json, "all: seconds: expected a number of seconds above 0");
	}
	expect_refused("all", "{\"number\":1,\"hart\":4}",
		       "all: hart: expected the number of a hart of this machine");
	expect_refused("all", "{\"number\":1,\"address\":\"a\\u0000b\"}",
		       "all: address: expected an address: a number, or a symbol, or "
		       "SYMBOL+NUMBER");
	expect_refused("all", "{\"number\":1,\"bytes\":\"abc\"}",
		       "all: bytes: expected bytes, as two hexadecimal digits each, at most 1 MiB "
		       "of them");
	expect_refused("all", "{\"number\":1,\"flag\":1}", "all: flag: expected true or false");
	expect_refused("paint", "{\"colour\":\"grey\"}",
		       "paint: colour: expected red, green or blue");
	expect_refused("all", "{}", "all: 'number' is missing: a number");
	expect_refused("all", "{\"number\":1,\"\\u001b\":1}", "all has no argument '\\x1b'");
	expect_refused("all", "[1]", "all: expected the arguments as an object");
	expect_refused("hold", "{\"x\":null}", "hold has no argument 'x'");
}

/* ---- words ---- */

static void expect_words(const char *verb, char *const *words, unsigned int count,
			 const char *expected)
{
	char why[CONTROL_ERROR_MAX];
	json_object *args = verb_words_to_arguments(verb_find(verb), words, count, why);

	assert_string_equal(args ? json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN)
				 : why,
			    expected);
	json_object_put(args);
}

static void words_are_arguments_by_order_or_by_name(void **state)
{
	char number[] = "0x20", seconds[] = "seconds=1.5", flag[] = "flag=true", hart[] = "1";
	char text[] = "a=b", bad[] = "soon";

	(void)state;
	expect_words("all", (char *[]){number, flag, seconds, hart}, 3,
		     "{\"number\":\"0x20\",\"flag\":true,\"seconds\":1.5}");
	expect_words("echo", (char *[]){text}, 1, "{\"text\":\"a=b\"}");
	expect_words("all", (char *[]){hart, bad}, 2, "{\"number\":\"1\",\"seconds\":\"soon\"}");
	expect_words("echo", (char *[]){text, hart}, 2, "echo takes no more words");
	expect_words("hold", (char *[]){text}, 1, "hold takes no more words");
	expect_words("hold", NULL, 0, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole_however_they_are_cut),
		cmocka_unit_test(nothing_is_no_line),
		cmocka_unit_test(a_line_without_an_end_stops_at_the_limit),
		cmocka_unit_test(requests_have_a_verb_and_perhaps_an_id),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(the_answer_to_a_bad_request_has_its_id),
		cmocka_unit_test(values_of_each_type_are_taken),
		cmocka_unit_test(values_of_no_such_type_are_refused),
		cmocka_unit_test(words_are_arguments_by_order_or_by_name),
	};

	return cmocka_run_group_tests_name("control_protocol", tests, NULL, NULL);
}
