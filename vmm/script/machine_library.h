/* SPDX-License-Identifier: Apache-2.0 */
/* The table machine of a script, and the methods of what machine.new() makes: those below, and one
 * for each verb. */
#ifndef VHART_MACHINE_LIBRARY_H
#define VHART_MACHINE_LIBRARY_H

#include <lua5.4/lua.h>

struct script;

int script_machine_library(lua_State *lua); /* for script_add_library() */

/* On standard error, where the machines of SCRIPT are. Without its lock. */
void script_machines_report(struct script *script);
/* Ends all of them. Without its lock. */
void script_machines_end(struct script *script);

#endif
