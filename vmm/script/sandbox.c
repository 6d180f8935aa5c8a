/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk of bytecode is never loaded: Lua does not check it, and a wrong one can do anything. */

#include "vmm/script/sandbox.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

#include "vmm/script/sbi_library.h"
#include "vmm/script/state.h"

/* prelude.lua, as numbers. */
static const char prelude[] = {
#include "vmm/script/prelude.inc"
};

static const luaL_Reg always[] = {
	{LUA_GNAME, luaopen_base},	 {LUA_COLIBNAME, luaopen_coroutine},
	{LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
	{LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
	{"sbi", script_sbi_library},	 {NULL, NULL},
};

static const luaL_Reg of_the_host[] = {
	{LUA_IOLIBNAME, luaopen_io},
	{LUA_OSLIBNAME, luaopen_os},
	{LUA_LOADLIBNAME, luaopen_package},
	{NULL, NULL},
};

void script_add_library(lua_State *lua, const char *name, lua_CFunction open)
{
	luaL_requiref(lua, name, open, 1);
	lua_pop(lua, 1);
}

static void open_these(lua_State *lua, const luaL_Reg *rows)
{
	for (; rows->name; rows++)
		script_add_library(lua, rows->name, rows->func);
}

/* load(), of text only. */
static int load_text(lua_State *lua)
{
	/* An environment of nil is not the same as none. */
	const int arguments = lua_gettop(lua) >= 4 ? 4 : 3;

	lua_settop(lua, arguments);
	lua_pushstring(lua, "t");
	lua_replace(lua, 3);
	lua_pushvalue(lua, lua_upvalueindex(1));
	lua_insert(lua, 1);
	lua_call(lua, arguments, LUA_MULTRET);
	return lua_gettop(lua);
}

static void replace_load(lua_State *lua)
{
	lua_getglobal(lua, "load");
	lua_pushcclosure(lua, load_text, 1);
	lua_setglobal(lua, "load");
}

static void remove_from(lua_State *lua, const char *table, const char *name)
{
	lua_getglobal(lua, table);
	lua_pushnil(lua);
	lua_setfield(lua, -2, name);
	lua_pop(lua, 1);
}

static void seed(lua_State *lua, uint64_t number)
{
	lua_getglobal(lua, "math");
	lua_getfield(lua, -1, "randomseed");
	lua_pushinteger(lua, (lua_Integer)number);
	lua_call(lua, 1, 0);
	lua_pop(lua, 1);
}

static void run_prelude(lua_State *lua)
{
	if (luaL_loadbufferx(lua, prelude, sizeof(prelude), "=vhart", "t") != LUA_OK)
		lua_error(lua);
	lua_call(lua, 0, 0);
}

int script_libraries(lua_State *lua)
{
	const struct script_options *options = script_of(lua)->options;

	open_these(lua, always);
	remove_from(lua, LUA_STRLIBNAME, "dump");
	replace_load(lua);
	remove_from(lua, LUA_GNAME, "loadfile");
	remove_from(lua, LUA_GNAME, "dofile");
	if (options->allow_host) {
		open_these(lua, of_the_host);
		/* The machines would be left as they are. */
		remove_from(lua, LUA_OSLIBNAME, "exit");
	}
	seed(lua, options->seed);
	run_prelude(lua);
	return 0;
}
