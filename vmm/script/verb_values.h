/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of Lua as the arguments of verbs (vmm/control/verbs.h), and results as values of Lua. An
 * address beyond 2^63 is a negative integer in Lua. Bytes are a string there, and hexadecimal
 * digits in JSON.
 */
#ifndef VHART_VERB_VALUES_H
#define VHART_VERB_VALUES_H

#include <json-c/json.h>
#include <lua5.4/lua.h>

#include "vmm/control/verbs.h"

/*
 * The arguments of VERB from index FIRST of the stack on: in the row's order, or by name in one
 * table. The caller puts the object. Raises an error of Lua where a value is of no such kind; what
 * is checked by verb_take_arguments() is left to that.
 */
json_object *verb_arguments_of_lua(lua_State *lua, const struct verb *verb, int first);

/* RESULT of VERB on the stack: nothing, its only member, or a table of all. How many values. */
int verb_result_to_lua(lua_State *lua, json_object *result);

#endif
