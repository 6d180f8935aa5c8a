/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/call_registers.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vmm/debug/registers.h"
#include "vmm/script/sbi_call.h"

static bool is_answer(const struct hart_register *which)
{
	const unsigned int a0 = 10, a1 = 11;

	return which->kind == REGISTER_GENERAL && (which->number == a0 || which->number == a1);
}

/* Of an entry. Room for it is in OBJECT: Lua's own texts can want memory that there is not. */
static const char *say(struct script_call *object, const char *name, const char *what)
{
	snprintf(object->wrong, sizeof(object->wrong), "a handler sets registers: %.40s: %s", name,
		 what);
	return object->wrong;
}

/* The key and the value of an entry lie on top. NULL, or what is wrong. */
static const char *check(lua_State *lua, struct script_call *object)
{
	const char *name = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "?";
	const struct hart_register *which = register_find(name);
	int is_integer = 0;

	lua_tointegerx(lua, -1, &is_integer);
	if (!which)
		return say(object, name, "a hart has none of this name");
	if (is_answer(which))
		return say(object, name, "it is in the answer: give back error, value, registers");
	if (which->read_only || !which->size || which->size > sizeof(uint64_t))
		return say(object, name, "it cannot be set");
	return is_integer ? NULL : say(object, name, "expected an integer");
}

static const char *set(lua_State *lua, struct script_call *object)
{
	const char *name = lua_tostring(lua, -2);
	const struct script_guest_ops *ops = object->ops;
	int result = -ENOENT;

	if (ops)
		result = ops->set(object->context->machine, object->call, register_find(name),
				  (uint64_t)lua_tointeger(lua, -1));
	return result < 0 ? say(object, name, strerror(-result)) : NULL;
}

static const char *check_call(const struct script_call *object)
{
	if (!object->answered && !object->passed)
		return "a handler sets registers with an answer: call pass(), or give back an "
		       "error";
	return object->call->pass ? "a handler sets registers, but KVM has yet to answer this call"
				  : NULL;
}

static const char *for_each(lua_State *lua, struct script_call *object,
			    const char *(*entry)(lua_State *lua, struct script_call *object))
{
	const char *wrong = NULL;

	lua_pushnil(lua);
	while (!wrong && lua_next(lua, -2)) {
		wrong = entry(lua, object);
		lua_pop(lua, wrong ? 2 : 1);
	}
	return wrong;
}

const char *call_registers_set(lua_State *lua, struct script_call *object)
{
	const char *wrong = check_call(object);

	if (!wrong)
		wrong = for_each(lua, object, check);
	return wrong ? wrong : for_each(lua, object, set);
}
