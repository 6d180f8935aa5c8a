/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/sbi_library.h"

#include <lua5.4/lauxlib.h>

#include "base/sbi_spec.h"
#include "vmm/script/state.h"

static const struct {
	const char *name;
	lua_Integer value;
} numbers[] = {
	{"SUCCESS", SBI_SUCCESS},
	{"ERR_FAILED", SBI_ERR_FAILED},
	{"ERR_NOT_SUPPORTED", SBI_ERR_NOT_SUPPORTED},
	{"ERR_INVALID_PARAM", SBI_ERR_INVALID_PARAM},
	{"ERR_DENIED", SBI_ERR_DENIED},
	{"ERR_INVALID_ADDRESS", SBI_ERR_INVALID_ADDRESS},
	{"ERR_ALREADY_AVAILABLE", SBI_ERR_ALREADY_AVAILABLE},
	{"ERR_ALREADY_STARTED", SBI_ERR_ALREADY_STARTED},
	{"ERR_ALREADY_STOPPED", SBI_ERR_ALREADY_STOPPED},
	{"ERR_NO_SHMEM", SBI_ERR_NO_SHMEM},
	{"ERR_INVALID_STATE", SBI_ERR_INVALID_STATE},
	{"ERR_BAD_RANGE", SBI_ERR_BAD_RANGE},
	{"ERR_TIMEOUT", SBI_ERR_TIMEOUT},
	{"ERR_IO", SBI_ERR_IO},
	{"ERR_DENIED_LOCKED", SBI_ERR_DENIED_LOCKED},
	{"LEGACY_PUTCHAR", SBI_EID_LEGACY_PUTCHAR},
	{"LEGACY_GETCHAR", SBI_EID_LEGACY_GETCHAR},
	{"BASE", SBI_EID_BASE},
	{"TIME", SBI_EID_TIME},
	{"IPI", SBI_EID_IPI},
	{"RFENCE", SBI_EID_RFENCE},
	{"HSM", SBI_EID_HSM},
	{"SRST", SBI_EID_SRST},
	{"PMU", SBI_EID_PMU},
	{"DBCN", SBI_EID_DBCN},
	{"SUSP", SBI_EID_SUSP},
	{"CPPC", SBI_EID_CPPC},
	{"NACL", SBI_EID_NACL},
	{"STA", SBI_EID_STA},
	{"SSE", SBI_EID_SSE},
	{"FWFT", SBI_EID_FWFT},
	{"DBTR", SBI_EID_DBTR},
	{"MPXY", SBI_EID_MPXY},
	{"EXPERIMENTAL", SBI_EID_EXPERIMENTAL},
	{"VENDOR", SBI_EID_VENDOR},
	{"FIRMWARE", SBI_EID_FIRMWARE},
};

static int extension(lua_State *lua)
{
	struct script_rows *rows = &script_of(lua)->rows;
	struct script_row row = {.probe = 1};

	luaL_checktype(lua, 1, LUA_TTABLE);
	lua_settop(lua, 1);
	if (lua_getfield(lua, 1, "eid") != LUA_TNUMBER || !lua_isinteger(lua, -1))
		return luaL_error(lua, "sbi.extension: 'eid' is the extension's number: "
				       "sbi.extension{eid=0x08000001, [0]=function(call) ... end}");
	row.eid = (uint64_t)lua_tointeger(lua, -1);
	if (lua_getfield(lua, 1, "probe") != LUA_TNIL && !lua_isinteger(lua, -1))
		return luaL_error(lua, "sbi.extension: 'probe' is what sbi_probe_extension() says "
				       "of it: an integer");
	if (!lua_isnil(lua, -1))
		row.probe = (uint64_t)lua_tointeger(lua, -1);
	lua_settop(lua, 1);
	script_row_add(lua, rows, &row);
	return 0;
}

static int wrap(lua_State *lua)
{
	struct script_rows *rows = &script_of(lua)->rows;
	struct script_row row = {.wraps = true};

	row.eid = (uint64_t)luaL_checkinteger(lua, 1);
	row.every_fid = lua_isnil(lua, 2) || row.eid <= SBI_EID_LEGACY_LAST;
	row.fid = row.every_fid ? 0 : (uint64_t)luaL_checkinteger(lua, 2);
	luaL_checktype(lua, 3, LUA_TFUNCTION);
	lua_settop(lua, 3);
	script_row_add(lua, rows, &row);
	return 0;
}

static const luaL_Reg functions[] = {{"extension", extension}, {"wrap", wrap}, {NULL, NULL}};

int script_sbi_library(lua_State *lua)
{
	luaL_newlib(lua, functions);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		lua_pushinteger(lua, numbers[i].value);
		lua_setfield(lua, -2, numbers[i].name);
	}
	return 1;
}
