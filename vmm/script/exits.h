/* SPDX-License-Identifier: Apache-2.0 */
/* One machine's exits, as the script watches them: vm:on_exit(). */
#ifndef VHART_SCRIPT_EXITS_H
#define VHART_SCRIPT_EXITS_H

#include <lua5.4/lua.h>

#include "vmm/script/exit_rows.h"

struct machine;
struct script;
struct script_exit;

/* One hart's. Its SBI calls have another Lua thread: an exit can come while one of them waits for
 * KVM's answer. */
struct script_exit_hart {
	lua_State *lua;
	int anchor; /* in Lua's registry */
	struct script_exit *exit;
};

struct script_exits {
	struct script_exit_rows rows;
	struct script *script;
	struct script_exit_hart *harts;
	unsigned int hart_count;
	int machine; /* of Lua's registry: what exit.machine is */
};

/*
 * Before vCPUs run: for a machine of HARTS harts, whose object is at MACHINE of LUA. The table at
 * HANDLERS has the functions of the rows, by their numbers from 1. Raises an error of Lua without
 * memory. Under the script's lock, as all but script_exits_tell().
 */
void script_exits_begin(lua_State *lua, struct script_exits *exits, unsigned int harts, int machine,
			int handlers);
/* No vCPU runs any more. */
void script_exits_end(lua_State *lua, struct script_exits *exits);

/* Adds the table at ROW and the function at HANDLER, at any time. Raises an error of Lua if they
 * are wrong, or too many. HANDLERS as above. */
void script_exits_add(lua_State *lua, struct script_exits *exits, int row, int handler,
		      int handlers);

/* Has the handlers look at SEEN, one after the other, which takes the script's lock. On the thread
 * of the vCPU, without the machine's lock. */
void script_exits_tell(struct script_exits *exits, struct machine *machine,
		       const struct guest_exit *seen);

#endif
