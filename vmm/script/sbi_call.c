/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/sbi_call.h"

#include <errno.h>
#include <string.h>

#include <lua5.4/lauxlib.h>

#include "vmm/debug/registers.h"
#include "vmm/script/guest_bytes.h"
#include "vmm/script/state.h"

#define CALL_TYPE   "vhart.call"
#define DELAY_MOST  10.0 /* seconds: the hart does nothing else meanwhile */
#define NS_OF_DELAY 1e9

static struct script_call *object_of(lua_State *lua)
{
	struct script_call *object = luaL_checkudata(lua, 1, CALL_TYPE);

	if (!object->call)
		luaL_error(lua, "this call has been answered: its object is for its handler only");
	return object;
}

/* ---- passing it on ---- */

bool script_call_pass(struct sbi_context *context, struct sbi_call *call)
{
	if (call->kvm)
		return call->kvm->ask(call->kvm, call);
	sbi_answer(context, call);
	return true;
}

/* Others' handlers run while KVM or a device answers. */
static bool pass_away(struct script *script, struct script_call *object)
{
	struct script_turn *turn = script->turn;
	bool answered;

	object->passed = true;
	script_finish(script);
	answered = script_call_pass(object->context, object->call);
	script_begin(script, turn);
	return answered;
}

/* pass(): error, value */
static int pass(lua_State *lua)
{
	struct script_call *object = lua_touserdata(lua, lua_upvalueindex(1));

	if (!object->call)
		return luaL_error(lua, "this call has been answered: pass() is for its handler "
				       "only");
	if (object->passed)
		return luaL_error(lua, "pass() was called before: a call is answered once");
	if (!pass_away(script_of(lua), object))
		return luaL_error(lua, "KVM's answer to this call cannot be had: only functions "
				       "that the script wraps come back");
	lua_pushinteger(lua, (lua_Integer)object->call->error);
	lua_pushinteger(lua, (lua_Integer)object->call->value);
	return 2;
}

/* ---- methods ---- */

static int delay(lua_State *lua)
{
	struct script_call *object = object_of(lua);
	const struct script_guest_ops *ops = object->ops;
	lua_Number seconds = luaL_checknumber(lua, 2);
	struct script *script = script_of(lua);
	struct script_turn *turn = script->turn;

	luaL_argcheck(lua, seconds >= 0 && seconds <= DELAY_MOST, 2, "expected 0 to 10 seconds");
	if (!ops)
		return 0;
	script_finish(script);
	ops->delay(object->context->machine, object->call->hart, (uint64_t)(seconds * NS_OF_DELAY));
	script_begin(script, turn);
	return 0;
}

/* call:read(address, length): the bytes, as a string */
static int read_memory(lua_State *lua)
{
	return guest_bytes_push(lua, object_of(lua)->context->machine);
}

/* call:write(address, bytes) */
static int write_memory(lua_State *lua)
{
	struct script_call *object = object_of(lua);
	size_t len;
	const char *bytes = luaL_checklstring(lua, 3, &len);

	memcpy(guest_bytes_at(lua, object->context->machine, len), bytes, len);
	return 0;
}

/* call:register(name): what the hart has in it */
static int get_register(lua_State *lua)
{
	const struct script_call *object = object_of(lua);
	const char *name = luaL_checkstring(lua, 2);
	const struct hart_register *which = register_find(name);
	uint64_t value = 0;
	int result = -ENOENT;

	if (!which)
		return luaL_error(lua, "a hart has no register '%s'", name);
	if (object->ops)
		result = object->ops->get(object->context->machine, object->call, which, &value);
	if (result < 0)
		return luaL_error(lua, "register '%s': %s", name, strerror(-result));
	lua_pushinteger(lua, (lua_Integer)value);
	return 1;
}

static const luaL_Reg methods[] = {{"delay", delay},
				   {"read", read_memory},
				   {"register", get_register},
				   {"write", write_memory},
				   {NULL, NULL}};

/* ---- fields ---- */

static uint64_t *register_of(struct sbi_call *call, const char *name)
{
	if (name[0] == 'a' && name[1] >= '0' && name[1] <= '5' && !name[2])
		return &call->args[name[1] - '0'];
	if (!strcmp(name, "fid"))
		return &call->fid;
	return strcmp(name, "eid") != 0 ? NULL : &call->eid;
}

/* The metatable is the function's upvalue, as are the methods. */
static int get_field(lua_State *lua)
{
	struct script_call *object = object_of(lua);
	const char *name = luaL_checkstring(lua, 2);
	const uint64_t *value = register_of(object->call, name);

	if (value)
		lua_pushinteger(lua, (lua_Integer)*value);
	else if (!strcmp(name, "hart"))
		lua_pushinteger(lua, object->call->hart);
	else if (!strcmp(name, "machine"))
		lua_rawgeti(lua, LUA_REGISTRYINDEX, object->machine);
	else if (lua_getfield(lua, lua_upvalueindex(1), name) == LUA_TNIL)
		luaL_error(lua,
			   "a call has no '%s': it has a0 to a5, fid, eid, hart, machine, delay(), "
			   "read(), register() and write()",
			   name);
	return 1;
}

static int set_field(lua_State *lua)
{
	struct script_call *object = object_of(lua);
	const char *name = luaL_checkstring(lua, 2);
	uint64_t *value = register_of(object->call, name);

	if (!value || value == &object->call->eid)
		return luaL_error(lua, "'%s' of a call cannot be set: a0 to a5 and fid can", name);
	*value = (uint64_t)luaL_checkinteger(lua, 3);
	return 0;
}

static void make_type(lua_State *lua)
{
	if (!luaL_newmetatable(lua, CALL_TYPE))
		return;
	luaL_newlib(lua, methods);
	lua_pushcclosure(lua, get_field, 1);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, set_field);
	lua_setfield(lua, -2, "__newindex");
	lua_pushliteral(lua, "a call");
	lua_setfield(lua, -2, "__metatable");
}

struct script_call *script_call_push(lua_State *lua)
{
	struct script_call *object = lua_newuserdatauv(lua, sizeof(*object), 0);

	*object = (struct script_call){.call = NULL};
	make_type(lua);
	lua_setmetatable(lua, -2);
	lua_pushvalue(lua, -1);
	lua_pushcclosure(lua, pass, 1);
	return object;
}
