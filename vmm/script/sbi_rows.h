/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script answers: sbi.extension{} and sbi.wrap(). What is registered is for all machines of
 * the script that start afterwards.
 */
#ifndef VHART_SCRIPT_SBI_ROWS_H
#define VHART_SCRIPT_SBI_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lua5.4/lua.h>

#define SCRIPT_SBI_MOST 16u

/* What the script has of an EID, or of one function. Never changed once it is there. */
struct script_row {
	uint64_t eid, fid;
	bool wraps;	/* a call that somebody else answers; else the script is the extension */
	bool every_fid; /* it wraps all functions; fid is not used */
	int handlers;	/* of Lua's registry: the function, or the extension's table */
	uint64_t probe; /* what sbi_probe_extension() says */
};

struct script_rows {
	struct script_row rows[SCRIPT_SBI_MOST];
	atomic_uint count;
};

/* The row of this function; NULL: none. Any thread, without the script's lock. */
const struct script_row *script_row_find(const struct script_rows *rows, uint64_t eid,
					 uint64_t fid);

/* Adds ROW, whose handlers are on top of the stack of LUA, and takes them off. Raises an error of
 * Lua where there is one of the kind, or no room. Under the script's lock. */
void script_row_add(lua_State *lua, struct script_rows *rows, const struct script_row *row);

#endif
