/* SPDX-License-Identifier: Apache-2.0 */
/* Registers that a handler of an SBI call sets with its answer. */
#ifndef VHART_CALL_REGISTERS_H
#define VHART_CALL_REGISTERS_H

#include <lua5.4/lua.h>

struct script_call;

/*
 * Sets what the third result of a handler says, which lies on top: a table of names and integers.
 * Where an entry is wrong nothing is set. NULL, or what is wrong. Raises no error of Lua.
 */
const char *call_registers_set(lua_State *lua, struct script_call *object);

#endif
