/* SPDX-License-Identifier: Apache-2.0 */
/* What a script can reach: Lua's libraries without those that touch the host, and ours. */
#ifndef VHART_SANDBOX_H
#define VHART_SANDBOX_H

#include <lua5.4/lua.h>

/* For script_open(): opens what every script has, by the options of the script, and runs the part
 * that is written in Lua (prelude.lua). */
int script_libraries(lua_State *lua);

/* One of ours, beside those that script_libraries() opens. Puts nothing on the stack. */
void script_add_library(lua_State *lua, const char *name, lua_CFunction open);

#endif
