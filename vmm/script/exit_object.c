/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing here allocates, but the bytes that are read. */

#include "vmm/script/exit_object.h"

#include <string.h>

#include <lua5.4/lauxlib.h>

#include "sbi/sbi.h"
#include "vmm/machine/guest_exit.h"
#include "vmm/script/guest_bytes.h"

#define EXIT_TYPE "vhart.exit"

static struct script_exit *object_of(lua_State *lua)
{
	struct script_exit *object = luaL_checkudata(lua, 1, EXIT_TYPE);

	if (!object->seen)
		luaL_error(lua, "this exit is over: its object is for its handler only");
	return object;
}

/* exit:read(address, length): the bytes, as a string */
static int read_memory(lua_State *lua)
{
	return guest_bytes_push(lua, object_of(lua)->machine);
}

/* ---- fields ---- */

/* What the function for a field has at its upvalues: the method, then the names of the kinds. */
enum { UPVALUE_READ = 1, UPVALUE_KINDS, UPVALUES = UPVALUE_KINDS + 2 };

static void push_kind(lua_State *lua, const struct script_exit *object)
{
	lua_pushvalue(lua, lua_upvalueindex(UPVALUE_KINDS + (int)object->seen->kind));
}

static void push_hart(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, object->seen->hart);
}

static void push_machine(lua_State *lua, const struct script_exit *object)
{
	lua_rawgeti(lua, LUA_REGISTRYINDEX, object->object);
}

static void push_read(lua_State *lua, const struct script_exit *object)
{
	(void)object;
	lua_pushvalue(lua, lua_upvalueindex(UPVALUE_READ));
}

static void push_number(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, (lua_Integer)object->seen->number);
}

static void push_length(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, object->seen->length);
}

static void push_write(lua_State *lua, const struct script_exit *object)
{
	lua_pushboolean(lua, object->seen->write);
}

static void push_value(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, (lua_Integer)object->seen->value);
}

static void push_mask(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, (lua_Integer)object->seen->mask);
}

static void push_fid(lua_State *lua, const struct script_exit *object)
{
	lua_pushinteger(lua, (lua_Integer)object->seen->call->fid);
}

#define OF_MMIO (1u << GUEST_EXIT_MMIO)
#define OF_CSR	(1u << GUEST_EXIT_CSR)
#define OF_SBI	(1u << GUEST_EXIT_SBI)
#define OF_ALL	(OF_MMIO | OF_CSR | OF_SBI)

static const struct field {
	const char *name;
	unsigned int kinds;
	void (*push)(lua_State *lua, const struct script_exit *object);
} fields[] = {
	{"kind", OF_ALL, push_kind},
	{"hart", OF_ALL, push_hart},
	{"machine", OF_ALL, push_machine},
	{"read", OF_ALL, push_read},
	{"address", OF_MMIO, push_number},
	{"length", OF_MMIO, push_length},
	{"number", OF_CSR, push_number},
	{"mask", OF_CSR, push_mask},
	{"write", OF_MMIO | OF_CSR, push_write},
	{"value", OF_MMIO | OF_CSR, push_value},
	{"eid", OF_SBI, push_number},
	{"fid", OF_SBI, push_fid},
};

static const char *const of_kind[] = {
	[GUEST_EXIT_MMIO] = "an MMIO exit has kind, hart, machine, address, length, write, value "
			    "and read()",
	[GUEST_EXIT_CSR] = "a CSR exit has kind, hart, machine, number, write, value, mask and "
			   "read()",
	[GUEST_EXIT_SBI] = "an SBI exit has kind, hart, machine, eid, fid, a0 to a5 and read()",
};

static bool push_field(lua_State *lua, const char *name, const struct script_exit *object)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].kinds & 1u << object->seen->kind && !strcmp(fields[i].name, name)) {
			fields[i].push(lua, object);
			return true;
		}
	return false;
}

static bool push_argument(lua_State *lua, const char *name, const struct sbi_call *call)
{
	if (!call || name[0] != 'a' || name[1] < '0' || name[1] > '5' || name[2])
		return false;
	lua_pushinteger(lua, (lua_Integer)call->args[name[1] - '0']);
	return true;
}

static int get_field(lua_State *lua)
{
	const struct script_exit *object = object_of(lua);
	const char *name = luaL_checkstring(lua, 2);

	if (push_field(lua, name, object) || push_argument(lua, name, object->seen->call))
		return 1;
	return luaL_error(lua, "no '%s': %s", name, of_kind[object->seen->kind]);
}

static int set_field(lua_State *lua)
{
	return luaL_error(lua, "an exit is only watched: nothing of it can be set");
}

static void make_type(lua_State *lua)
{
	if (!luaL_newmetatable(lua, EXIT_TYPE))
		return;
	lua_pushcfunction(lua, read_memory);
	lua_pushliteral(lua, "mmio");
	lua_pushliteral(lua, "csr");
	lua_pushliteral(lua, "sbi");
	lua_pushcclosure(lua, get_field, UPVALUES);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, set_field);
	lua_setfield(lua, -2, "__newindex");
	lua_pushliteral(lua, "an exit");
	lua_setfield(lua, -2, "__metatable");
}

struct script_exit *script_exit_push(lua_State *lua)
{
	struct script_exit *object = lua_newuserdatauv(lua, sizeof(*object), 0);

	*object = (struct script_exit){.seen = NULL};
	make_type(lua);
	lua_setmetatable(lua, -2);
	return object;
}
