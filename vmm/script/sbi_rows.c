/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/sbi_rows.h"

#include <lua5.4/lauxlib.h>

const struct script_row *script_row_find(const struct script_rows *rows, uint64_t eid, uint64_t fid)
{
	unsigned int count = atomic_load_explicit(&rows->count, memory_order_acquire);

	for (unsigned int i = 0; i < count; i++) {
		const struct script_row *row = &rows->rows[i];

		if (row->eid == eid && (!row->wraps || row->every_fid || row->fid == fid))
			return row;
	}
	return NULL;
}

/* The first that fits answers: a second of the same would never be asked. */
static void refuse_twice(lua_State *lua, const struct script_rows *rows,
			 const struct script_row *row)
{
	for (unsigned int i = 0; i < atomic_load(&rows->count); i++) {
		const struct script_row *other = &rows->rows[i];
		bool same = !row->wraps || !other->wraps || row->every_fid || other->every_fid ||
			    row->fid == other->fid;

		if (other->eid == row->eid && same)
			luaL_error(lua, "EID %d: the script answers or wraps it already",
				   (int)row->eid);
	}
}

void script_row_add(lua_State *lua, struct script_rows *rows, const struct script_row *row)
{
	unsigned int count = atomic_load(&rows->count);

	refuse_twice(lua, rows, row);
	if (count == SCRIPT_SBI_MOST)
		luaL_error(lua,
			   "a script can answer and wrap %d extensions and functions, and this is "
			   "one more",
			   (int)SCRIPT_SBI_MOST);
	rows->rows[count] = *row;
	rows->rows[count].handlers = luaL_ref(lua, LUA_REGISTRYINDEX);
	atomic_store_explicit(&rows->count, count + 1, memory_order_release);
}
