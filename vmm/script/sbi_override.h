/* SPDX-License-Identifier: Apache-2.0 */
/* One machine's SBI calls, as the script answers them. */
#ifndef VHART_SBI_OVERRIDE_H
#define VHART_SBI_OVERRIDE_H

#include <lua5.4/lua.h>

#include "sbi/sbi.h"

struct script;
struct script_call;
struct script_guest_ops;

/* One hart's: the Lua thread that its handlers run on. */
struct script_hart {
	lua_State *lua;
	int anchor; /* in Lua's registry */
	struct script_call *call;
};

/* One machine's. */
struct script_override {
	struct sbi_override override;
	struct script *script;
	const struct script_guest_ops *ops;
	struct script_hart *harts;
	unsigned int hart_count;
	int machine; /* of Lua's registry: what call.machine is */
};

/*
 * For a machine of HARTS harts, whose object is at INDEX of LUA. Raises an error of Lua without
 * memory. Under the script's lock, as script_override_end(), which is called when no vCPU runs any
 * more.
 */
void script_override_begin(lua_State *lua, struct script_override *override, unsigned int harts,
			   int index);
void script_override_end(struct script_override *override);

#endif
