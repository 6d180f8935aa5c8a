/* SPDX-License-Identifier: Apache-2.0 */
/* The object that a handler of vm:on_exit() gets: exit.kind, exit.address, exit:read(), ... */
#ifndef VHART_EXIT_OBJECT_H
#define VHART_EXIT_OBJECT_H

#include <lua5.4/lua.h>

struct guest_exit;
struct machine;

/* One for each hart, used for all of its exits. */
struct script_exit {
	const struct guest_exit *seen; /* NULL: it is over */
	struct machine *machine;
	int object; /* of Lua's registry: what exit.machine is */
};

/* Puts a new one on the stack. */
struct script_exit *script_exit_push(lua_State *lua);

#endif
