/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/guest_bytes.h"

#include <inttypes.h>
#include <stdio.h>

#include <lua5.4/lauxlib.h>

#include "base/machine.h"

void *guest_bytes_at(lua_State *lua, struct machine *machine, uint64_t len)
{
	uint64_t address = (uint64_t)luaL_checkinteger(lua, 2);
	void *at = guest_memory_at(machine_memory(machine), address, len);
	char shown[sizeof("0x") + 16];

	if (at)
		return at;
	snprintf(shown, sizeof(shown), "0x%" PRIx64, address);
	luaL_error(lua, "no memory of the guest at physical address %s, of %I bytes", shown,
		   (LUAI_UACINT)len);
	return NULL;
}

int guest_bytes_push(lua_State *lua, struct machine *machine)
{
	lua_Integer len = luaL_checkinteger(lua, 3);

	luaL_argcheck(lua, len >= 0, 3, "expected 0 or more");
	lua_pushlstring(lua, guest_bytes_at(lua, machine, (uint64_t)len), (size_t)len);
	return 1;
}
