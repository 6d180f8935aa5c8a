/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a machine, its console's text, and values of Lua as arguments of verbs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

#include "vmm/script/console_text.h"
#include "vmm/script/verb_values.h"
#include "vmm/script/words.h"

/* ---- words ---- */

static void expect_words(const char *text, int count, const char *joined)
{
	char *words[WORDS_MAX], copy[200], got[400] = "";
	int found;

	strcpy(copy, text);
	found = words_split(copy, words);
	assert_int_equal(found, count);
	for (int i = 0; i < found; i++) {
		strcat(got, words[i]);
		strcat(got, "|");
	}
	assert_string_equal(got, joined);
}

static void texts_are_words(void **state)
{
	(void)state;
	expect_words("", 0, "");
	expect_words("  \t\n", 0, "");
	expect_words("--kernel x", 2, "--kernel|x|");
	expect_words(" a\tb\nc ", 3, "a|b|c|");
	expect_words("--append 'a b' c", 3, "--append|a b|c|");
	expect_words("--append=\"a 'b' c\"d", 1, "--append=a 'b' cd|");
	expect_words("a\\ b '\\' \"\\\"\"", 3, "a b|\\|\"|");
	expect_words("'' a", 2, "|a|");
	expect_words("a 'b", -1, "");
	expect_words("a \"b\\\"", -1, "");
	expect_words("a\\", 1, "a\\|");
}

static void words_have_a_limit(void **state)
{
	char *words[WORDS_MAX], text[2 * WORDS_MAX + 4];

	(void)state;
	for (unsigned int i = 0; i < WORDS_MAX + 1; i++)
		memcpy(text + 2 * i, "x ", 3);
	text[2 * WORDS_MAX] = '\0';
	assert_int_equal(words_split(text, words), WORDS_MAX);
	for (unsigned int i = 0; i < WORDS_MAX + 1; i++)
		memcpy(text + 2 * i, "x ", 3);
	assert_int_equal(words_split(text, words), -1);
}

/* ---- the console's text ---- */

static void words_on_the_console(void **state)
{
	struct console_text text = {.bytes = NULL};
	char last[20];
	size_t len;

	(void)state;
	assert_int_equal(console_text_find(&text, "x", 1), 0);
	console_text_unread(&text, &len);
	assert_int_equal(len, 0);
	console_text_last_line(&text, last, sizeof(last));
	assert_string_equal(last, "");
	console_text_add(&text, "one\r\ntw", 7);
	assert_int_equal(console_text_find(&text, "two", 3), 0);
	console_text_add(&text, "o\r\n\n", 4);
	assert_int_equal(console_text_find(&text, "two\n", 4), 8);
	console_text_take(&text, 8);
	assert_int_equal(console_text_find(&text, "one", 3), 0);
	console_text_last_line(&text, last, sizeof(last));
	assert_string_equal(last, "two");
	console_text_last_line(&text, last, 3);
	assert_string_equal(last, "wo");
	console_text_free(&text);
}

static void a_console_without_end(void **state)
{
	struct console_text text = {.bytes = NULL};
	char line[1024];
	size_t len;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (unsigned int i = 0; i < 5000; i++) {
		console_text_add(&text, line, sizeof(line));
		assert_true(text.len <= CONSOLE_TEXT_MOST);
		if (i == 10)
			console_text_take(&text, 3000);
	}
	console_text_add(&text, "end", 3);
	assert_int_equal(text.dropped + text.len, 5000u * 1024 + 3);
	console_text_unread(&text, &len);
	assert_int_equal(len, text.len);
	assert_int_equal(console_text_find(&text, "end", 3), text.len);
	console_text_free(&text);
}

/* ---- values ---- */

static const struct verb verb = {.name = "poke",
				 .arguments = {{.name = "address", .type = VERB_ADDRESS},
					       {.name = "bytes", .type = VERB_BYTES},
					       {.name = "seconds", .type = VERB_SECONDS},
					       {.name = "count", .type = VERB_NUMBER},
					       {.name = "flag", .type = VERB_FLAG}}};

static int arguments(lua_State *lua)
{
	json_object *args = verb_arguments_of_lua(lua, &verb, 1);

	lua_pushstring(lua, json_object_to_json_string_ext(args, JSON_C_TO_STRING_PLAIN));
	json_object_put(args);
	return 1;
}

static int result(lua_State *lua)
{
	json_object *made = json_tokener_parse(luaL_checkstring(lua, 1));
	int count = verb_result_to_lua(lua, made);

	json_object_put(made);
	return count;
}

static void run(const char *text)
{
	lua_State *lua = luaL_newstate();

	luaL_openlibs(lua);
	lua_register(lua, "arguments", arguments);
	lua_register(lua, "result", result);
	if (luaL_loadstring(lua, text) != LUA_OK || lua_pcall(lua, 0, 0, 0) != LUA_OK)
		fail_msg("%s", lua_tostring(lua, -1));
	lua_close(lua);
}

static void arguments_of_verbs(void **state)
{
	(void)state;
	run("assert(arguments() == '{}')");
	run("assert(arguments(16, 'a\\0\\255') == [[{\"address\":16,\"bytes\":\"6100ff\"}]])");
	run("assert(arguments{count = 3, flag = false} == [[{\"count\":3,\"flag\":false}]] or "
	    "arguments{count = 3, flag = false} == [[{\"flag\":false,\"count\":3}]])");
	run("assert(arguments('main+4') == [[{\"address\":\"main+4\"}]])");
	run("assert(arguments(-1) == [[{\"address\":18446744073709551615}]])");
	run("assert(arguments(nil, nil, 2) == [[{\"seconds\":2.0}]])");
	run("assert(arguments{} == '{}')");
}

static void wrong_arguments(void **state)
{
	static const char *const wrong[] = {
		"arguments(1, 'x', 3, 4, true, 6)",
		"arguments{nothing = 1}",
		"arguments{5}",
		"arguments(print)",
		"arguments({}, 1)",
		"arguments{address = {}}",
		"arguments(1, ('x'):rep(1 << 21))",
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "assert(not pcall(function() %s end))", wrong[i]);
		run(text);
	}
}

static void results_of_verbs(void **state)
{
	(void)state;
	run("assert(select('#', result('{}')) == 0)");
	run("assert(result('{\"typed\":3}') == 3)");
	run("assert(result('{\"bytes\":\"61ff\"}') == 'a\\255')");
	run("assert(result('{\"pc\":18446744073709551615}') == -1)");
	run("local r = result('{\"a\":true,\"b\":[1,\"x\",null,{\"c\":0.5}]}') "
	    "assert(r.a == true and r.b[1] == 1 and r.b[2] == 'x' and r.b[4].c == 0.5)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_words),	cmocka_unit_test(words_have_a_limit),
		cmocka_unit_test(words_on_the_console), cmocka_unit_test(a_console_without_end),
		cmocka_unit_test(arguments_of_verbs),	cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(results_of_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
