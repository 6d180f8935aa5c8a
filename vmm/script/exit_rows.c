/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/exit_rows.h"

#include <string.h>

#include <lua5.4/lauxlib.h>

#include "sbi/sbi.h"

#define CSR_LAST 0xfff

static int refuse(lua_State *lua, const char *name, const char *wrong)
{
	return luaL_error(lua, "on_exit: '%s': %s", name, wrong);
}

/* ---- reading ---- */

static uint64_t take_bound(lua_State *lua, int table, int which)
{
	if (lua_rawgeti(lua, table, which) != LUA_TNUMBER || !lua_isinteger(lua, -1))
		refuse(lua, "mmio", "expected an address, {FROM, TO}, or true for all");
	lua_pop(lua, 1);
	lua_rawgeti(lua, table, which);
	uint64_t bound = (uint64_t)lua_tointeger(lua, -1);

	lua_pop(lua, 1);
	return bound;
}

static void read_range(lua_State *lua, struct script_exit_row *row)
{
	int table = lua_gettop(lua);

	row->first = take_bound(lua, table, 1);
	row->last = take_bound(lua, table, 2);
	if (row->first > row->last)
		refuse(lua, "mmio", "FROM is behind TO");
}

/* The value on top. */
static void read_numbers(lua_State *lua, const char *name, struct script_exit_row *row)
{
	if (lua_istable(lua, -1) && row->kind == GUEST_EXIT_MMIO) {
		read_range(lua, row);
	} else if (lua_isinteger(lua, -1)) {
		row->first = row->last = (uint64_t)lua_tointeger(lua, -1);
	} else if (lua_isboolean(lua, -1) && lua_toboolean(lua, -1)) {
		row->first = 0;
		row->last = UINT64_MAX;
	} else {
		refuse(lua, name,
		       row->kind == GUEST_EXIT_MMIO
			       ? "expected an address, {FROM, TO}, or true for all"
			       : "expected a number, or true for all");
	}
	if (row->kind == GUEST_EXIT_CSR && row->first > CSR_LAST)
		refuse(lua, name, "a CSR has a number from 0 to 0xfff");
}

static const struct {
	const char *name;
	enum guest_exit_kind kind;
} kinds[] = {{"mmio", GUEST_EXIT_MMIO}, {"csr", GUEST_EXIT_CSR}, {"sbi", GUEST_EXIT_SBI}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void read_fid(lua_State *lua, int index, struct script_exit_row *row)
{
	row->every_fid = lua_getfield(lua, index, "fid") == LUA_TNIL;
	if (!row->every_fid && row->kind != GUEST_EXIT_SBI)
		refuse(lua, "fid", "only SBI calls have one");
	if (!row->every_fid && !lua_isinteger(lua, -1))
		refuse(lua, "fid", "expected a number");
	row->fid = (uint64_t)lua_tointeger(lua, -1);
	lua_pop(lua, 1);
}

/* No name is overlooked. */
static void refuse_others(lua_State *lua, int index)
{
	lua_pushnil(lua);
	while (lua_next(lua, index)) {
		const char *name =
			lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "a number";
		bool known = !strcmp(name, "fid");

		for (size_t i = 0; i < KINDS; i++)
			known = known || !strcmp(name, kinds[i].name);
		if (!known)
			refuse(lua, name, "there are mmio, csr, sbi and fid");
		lua_pop(lua, 1);
	}
}

struct script_exit_row script_exit_row_read(lua_State *lua, int index)
{
	struct script_exit_row row = {.every_fid = true};
	unsigned int found = 0;

	luaL_checktype(lua, index, LUA_TTABLE);
	refuse_others(lua, index);
	for (size_t i = 0; i < KINDS; i++) {
		if (lua_getfield(lua, index, kinds[i].name) != LUA_TNIL) {
			found++;
			row.kind = kinds[i].kind;
			read_numbers(lua, kinds[i].name, &row);
		}
		lua_pop(lua, 1);
	}
	if (found != 1)
		luaL_error(lua, "on_exit: expected one of mmio, csr and sbi: "
				"vm:on_exit({mmio=0x10000000}, function(exit) ... end)");
	read_fid(lua, index, &row);
	return row;
}

/* ---- the rows ---- */

unsigned int script_exit_row_add(lua_State *lua, struct script_exit_rows *rows,
				 const struct script_exit_row *row)
{
	unsigned int count = atomic_load(&rows->count);

	if (count == SCRIPT_EXITS_MOST)
		luaL_error(lua, "on_exit: a machine can have %d, and this is one more",
			   (int)SCRIPT_EXITS_MOST);
	rows->rows[count] = *row;
	atomic_store_explicit(&rows->count, count + 1, memory_order_release);
	return count;
}

static bool wants(const struct script_exit_row *row, const struct guest_exit *seen)
{
	uint64_t more = seen->kind == GUEST_EXIT_MMIO && seen->length > 0 ? seen->length - 1 : 0;

	return row->kind == seen->kind && seen->number <= row->last &&
	       (seen->number >= row->first || row->first - seen->number <= more) &&
	       (row->every_fid || row->fid == seen->call->fid);
}

unsigned int script_exit_row_find(const struct script_exit_rows *rows, unsigned int from,
				  const struct guest_exit *seen)
{
	unsigned int count = atomic_load_explicit(&rows->count, memory_order_acquire);

	for (unsigned int i = from; i < count; i++)
		if (wants(&rows->rows[i], seen))
			return i;
	return SCRIPT_EXITS_MOST;
}
