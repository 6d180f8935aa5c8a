/* SPDX-License-Identifier: Apache-2.0 */
/* Exits that Lua looks at. The path of an exit allocates nothing. */

#include "vmm/script/exits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <lua5.4/lauxlib.h>

#include "vmm/script/exit_object.h"
#include "vmm/script/state.h"

/* What lies at the bottom of a hart's stack. */
enum { SLOT_MESSAGE = 1, SLOT_EXIT, SLOT_HANDLERS, SLOTS = SLOT_HANDLERS };

/* ---- one exit ---- */

static void fail(struct script *script, const struct guest_exit *seen, const char *message)
{
	static const char *const names[] = {[GUEST_EXIT_MMIO] = "an access to",
					    [GUEST_EXIT_CSR] = "CSR",
					    [GUEST_EXIT_SBI] = "SBI EID"};
	char text[SCRIPT_FAILURE_MAX];

	snprintf(text, sizeof(text), "%s (hart %u, %s 0x%" PRIx64 ")", message, seen->hart,
		 names[seen->kind], seen->number);
	script_failed(script, text);
}

/* False: it failed. */
static bool run_handler(const struct script_exits *exits, const struct script_exit_hart *hart,
			unsigned int row)
{
	lua_State *lua = hart->lua;
	bool good;

	lua_rawgeti(lua, SLOT_HANDLERS, (lua_Integer)row + 1);
	lua_pushvalue(lua, SLOT_EXIT);
	good = lua_pcall(lua, 1, 0, SLOT_MESSAGE) == LUA_OK;
	if (!good) {
		fail(exits->script, hart->exit->seen, lua_tostring(lua, -1));
		script_watch(lua);
	}
	lua_settop(lua, SLOTS);
	return good;
}

void script_exits_tell(struct script_exits *exits, struct machine *machine,
		       const struct guest_exit *seen)
{
	unsigned int row = script_exit_row_find(&exits->rows, 0, seen);
	struct script_turn turn = {.handler = true};
	const struct script_exit_hart *hart;

	if (row == SCRIPT_EXITS_MOST || seen->hart >= exits->hart_count)
		return;
	hart = &exits->harts[seen->hart];
	script_begin(exits->script, &turn);
	*hart->exit =
		(struct script_exit){.seen = seen, .machine = machine, .object = exits->machine};
	while (row != SCRIPT_EXITS_MOST && run_handler(exits, hart, row))
		row = script_exit_row_find(&exits->rows, row + 1, seen);
	hart->exit->seen = NULL;
	script_finish(exits->script);
}

/* ---- one machine ---- */

void script_exits_add(lua_State *lua, struct script_exits *exits, int row, int handler,
		      int handlers)
{
	const struct script_exit_row wanted = script_exit_row_read(lua, row);
	unsigned int next = atomic_load(&exits->rows.count);

	luaL_checktype(lua, handler, LUA_TFUNCTION);
	/* It is there before the row is: who has no room for the row never asks for it. */
	lua_pushvalue(lua, handler);
	lua_rawseti(lua, handlers, (lua_Integer)next + 1);
	script_exit_row_add(lua, &exits->rows, &wanted);
}

static void new_hart(lua_State *lua, struct script_exit_hart *hart, int handlers)
{
	lua_State *thread = lua_newthread(lua);

	hart->anchor = luaL_ref(lua, LUA_REGISTRYINDEX);
	hart->lua = thread;
	lua_pushcfunction(thread, script_message);
	hart->exit = script_exit_push(thread);
	lua_pushvalue(lua, handlers);
	lua_xmove(lua, thread, 1);
	script_watch(thread);
}

void script_exits_begin(lua_State *lua, struct script_exits *exits, unsigned int harts, int machine,
			int handlers)
{
	exits->script = script_of(lua);
	exits->harts = calloc(harts, sizeof(*exits->harts));
	exits->hart_count = 0;
	lua_pushvalue(lua, machine);
	exits->machine = luaL_ref(lua, LUA_REGISTRYINDEX);
	while (exits->harts && exits->hart_count < harts) {
		exits->harts[exits->hart_count].anchor = LUA_NOREF;
		exits->hart_count++;
		new_hart(lua, &exits->harts[exits->hart_count - 1], handlers);
	}
	if (!exits->harts)
		luaL_error(lua, "no memory for %d harts", (int)harts);
}

void script_exits_end(lua_State *lua, struct script_exits *exits)
{
	for (unsigned int i = 0; i < exits->hart_count; i++)
		luaL_unref(lua, LUA_REGISTRYINDEX, exits->harts[i].anchor);
	luaL_unref(lua, LUA_REGISTRYINDEX, exits->machine);
	free(exits->harts);
	exits->harts = NULL;
	exits->hart_count = 0;
	exits->machine = LUA_NOREF;
}
