/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the guest for the objects that handlers get: object:read(address, length). */
#ifndef VHART_GUEST_BYTES_H
#define VHART_GUEST_BYTES_H

#include <stdint.h>

#include <lua5.4/lua.h>

struct machine;

/* LEN bytes at the physical address that is argument 2 of LUA. Raises an error of Lua where there
 * is no memory. */
void *guest_bytes_at(lua_State *lua, struct machine *machine, uint64_t len);

/* Pushes those at argument 2, as many as argument 3 says. 1: results of a function of Lua. */
int guest_bytes_push(lua_State *lua, struct machine *machine);

#endif
