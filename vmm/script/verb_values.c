/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/verb_values.h"

#include <stdlib.h>
#include <string.h>

#include <lua5.4/lauxlib.h>

#define BYTES_MEMBER "bytes" /* of a result: hexadecimal digits */
#define DEPTH_MOST   16

/* ---- arguments ---- */

static json_object *digits_of_bytes(const char *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *digits = malloc(2 * len + 1);
	json_object *made;

	if (!digits)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		digits[2 * i] = digit[(unsigned char)bytes[i] >> 4];
		digits[2 * i + 1] = digit[(unsigned char)bytes[i] & 15];
	}
	made = json_object_new_string_len(digits, (int)(2 * len));
	free(digits);
	return made;
}

static json_object *number_of_lua(lua_State *lua, int index, enum verb_type type)
{
	lua_Integer number = lua_tointeger(lua, index);

	if (!lua_isinteger(lua, index) || type == VERB_SECONDS)
		return json_object_new_double(lua_tonumber(lua, index));
	if (type == VERB_ADDRESS || type == VERB_NUMBER || type == VERB_SIZE)
		return json_object_new_uint64((uint64_t)number);
	return json_object_new_int64(number);
}

static json_object *text_of_lua(lua_State *lua, int index, enum verb_type type)
{
	size_t len;
	const char *text = lua_tolstring(lua, index, &len);

	/* A limit of the verbs' own is much below. */
	if (len > VERB_BYTES_MAX)
		return NULL;
	return type == VERB_BYTES ? digits_of_bytes(text, len)
				  : json_object_new_string_len(text, (int)len);
}

/* NULL: there is no such value in JSON. */
static json_object *value_of_lua(lua_State *lua, int index, enum verb_type type)
{
	switch (lua_type(lua, index)) {
	case LUA_TBOOLEAN: return json_object_new_boolean(lua_toboolean(lua, index));
	case LUA_TNUMBER: return number_of_lua(lua, index, type);
	case LUA_TSTRING: return text_of_lua(lua, index, type);
	default: return NULL;
	}
}

static const char *add_value(lua_State *lua, int index, const struct verb_argument *argument,
			     json_object *args)
{
	json_object *value;

	if (lua_isnoneornil(lua, index))
		return NULL;
	value = value_of_lua(lua, index, argument->type);
	if (!value)
		return "expected a number, true, false, or a string of at most 1 MiB";
	json_object_object_add(args, argument->name, value);
	return NULL;
}

static unsigned int count_arguments(const struct verb *verb)
{
	unsigned int count = 0;

	while (verb->arguments[count].type != VERB_NONE)
		count++;
	return count;
}

static const struct verb_argument *find_argument(const struct verb *verb, const char *name)
{
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
		if (!strcmp(at->name, name))
			return at;
	return NULL;
}

static int refuse(lua_State *lua, json_object *args, const struct verb *verb, const char *argument,
		  const char *wrong)
{
	json_object_put(args);
	return luaL_error(lua, "%s: %s: %s", verb->name, argument, wrong);
}

/* The table's names are looked at first: none is overlooked. */
static void add_named(lua_State *lua, const struct verb *verb, int index, json_object *args)
{
	const struct verb_argument *argument;
	const char *wrong, *name;

	lua_pushnil(lua);
	while (lua_next(lua, index)) {
		name = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "a number";
		argument = find_argument(verb, name);
		wrong = argument ? add_value(lua, -1, argument, args)
				 : "there is no argument of that name";
		if (wrong)
			refuse(lua, args, verb, name, wrong);
		lua_pop(lua, 1);
	}
}

static void add_in_order(lua_State *lua, const struct verb *verb, int first, json_object *args)
{
	const unsigned int count = count_arguments(verb);
	const char *wrong;

	if (lua_gettop(lua) >= first + (int)count)
		refuse(lua, args, verb, "arguments", "there are too many");
	for (unsigned int i = 0; i < count; i++) {
		wrong = add_value(lua, first + (int)i, &verb->arguments[i], args);
		if (wrong)
			refuse(lua, args, verb, verb->arguments[i].name, wrong);
	}
}

json_object *verb_arguments_of_lua(lua_State *lua, const struct verb *verb, int first)
{
	json_object *args = json_object_new_object();

	luaL_checkstack(lua, 4, NULL);
	if (lua_istable(lua, first) && lua_gettop(lua) == first)
		add_named(lua, verb, first, args);
	else
		add_in_order(lua, verb, first, args);
	return args;
}

/* ---- results ---- */

static unsigned char nibble(char digit)
{
	return (unsigned char)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

static void push_bytes(lua_State *lua, json_object *from)
{
	const char *digits = json_object_get_string(from);
	size_t len = (size_t)json_object_get_string_len(from) / 2;
	luaL_Buffer buffer;
	char *bytes = luaL_buffinitsize(lua, &buffer, len);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(nibble(digits[2 * i]) << 4 | nibble(digits[2 * i + 1]));
	luaL_pushresultsize(&buffer, len);
}

/* Addresses and registers are "0x..." in JSON; one that is too long (of a vector) stays so. */
static bool is_number(const char *text, size_t len)
{
	return len > 2 && len <= sizeof("0x") - 1 + 16 && !strncmp(text, "0x", 2) &&
	       strspn(text + 2, "0123456789abcdef") == len - 2;
}

static void push_text(lua_State *lua, json_object *from)
{
	const char *text = json_object_get_string(from);
	size_t len = (size_t)json_object_get_string_len(from);

	if (is_number(text, len))
		lua_pushinteger(lua, (lua_Integer)strtoull(text, NULL, 16));
	else
		lua_pushlstring(lua, text, len);
}

static void push_value(lua_State *lua, json_object *from, int depth);

static void push_array(lua_State *lua, json_object *from, int depth)
{
	size_t len = json_object_array_length(from);

	lua_createtable(lua, (int)len, 0);
	for (size_t i = 0; i < len; i++) {
		push_value(lua, json_object_array_get_idx(from, i), depth);
		lua_rawseti(lua, -2, (lua_Integer)i + 1);
	}
}

static void push_member(lua_State *lua, const char *name, json_object *from, int depth)
{
	if (!strcmp(name, BYTES_MEMBER) && json_object_is_type(from, json_type_string))
		push_bytes(lua, from);
	else
		push_value(lua, from, depth);
}

static void push_object(lua_State *lua, json_object *from, int depth)
{
	lua_newtable(lua);
	struct json_object_iterator at = json_object_iter_begin(from),
				    end = json_object_iter_end(from);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		push_member(lua, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at),
			    depth);
		lua_setfield(lua, -2, json_object_iter_peek_name(&at));
	}
}

static void push_value(lua_State *lua, json_object *from, int depth)
{
	luaL_checkstack(lua, 4, NULL);
	if (depth == DEPTH_MOST)
		luaL_error(lua, "a result is too deep");
	switch (json_object_get_type(from)) {
	case json_type_boolean: lua_pushboolean(lua, json_object_get_boolean(from)); break;
	case json_type_double: lua_pushnumber(lua, json_object_get_double(from)); break;
	/* What is beyond 2^63 is negative in Lua. */
	case json_type_int:
		lua_pushinteger(lua, json_object_get_int64(from) == INT64_MAX
					     ? (lua_Integer)json_object_get_uint64(from)
					     : json_object_get_int64(from));
		break;
	case json_type_string: push_text(lua, from); break;
	case json_type_array: push_array(lua, from, depth + 1); break;
	case json_type_object: push_object(lua, from, depth + 1); break;
	default: lua_pushnil(lua); break;
	}
}

int verb_result_to_lua(lua_State *lua, json_object *result)
{
	const struct json_object_iterator first = json_object_iter_begin(result);
	int members = json_object_object_length(result);

	if (members == 0)
		return 0;
	if (members > 1) {
		push_value(lua, result, 0);
		return 1;
	}
	push_member(lua, json_object_iter_peek_name(&first), json_object_iter_peek_value(&first),
		    0);
	return 1;
}
