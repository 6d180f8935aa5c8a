/* SPDX-License-Identifier: Apache-2.0 */
/* Which exits of a machine a script wants to see: the tables that vm:on_exit() gets. */
#ifndef VHART_SCRIPT_EXIT_ROWS_H
#define VHART_SCRIPT_EXIT_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lua5.4/lua.h>

#include "vmm/machine/guest_exit.h"

#define SCRIPT_EXITS_MOST 16u

/* Never changed once it is there. */
struct script_exit_row {
	enum guest_exit_kind kind;
	uint64_t first, last; /* addresses, CSRs or EIDs, inclusive */
	bool every_fid;	      /* fid is not used */
	uint64_t fid;
};

struct script_exit_rows {
	struct script_exit_row rows[SCRIPT_EXITS_MOST];
	atomic_uint count;
};

/* Reads the table at INDEX: {mmio = ...}, {csr = ...} or {sbi = ..., fid = ...}. Raises an error of
 * Lua that says what is wrong with it. */
struct script_exit_row script_exit_row_read(lua_State *lua, int index);

/* Adds ROW. Raises an error of Lua where there is no room. Its number, from 0. Under the script's
 * lock. */
unsigned int script_exit_row_add(lua_State *lua, struct script_exit_rows *rows,
				 const struct script_exit_row *row);

/* The number of the first row from FROM on that wants SEEN; SCRIPT_EXITS_MOST: none does. Any
 * thread, without the script's lock. */
unsigned int script_exit_row_find(const struct script_exit_rows *rows, unsigned int from,
				  const struct guest_exit *seen);

#endif
