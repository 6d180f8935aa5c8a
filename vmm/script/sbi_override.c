/* SPDX-License-Identifier: Apache-2.0 */
/* SBI calls answered in Lua. The path of a call allocates nothing. */

#include "vmm/script/sbi_override.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lua5.4/lauxlib.h>

#include "vmm/script/call_registers.h"
#include "vmm/script/sbi_call.h"
#include "vmm/script/state.h"

/* What lies at the bottom of a hart's stack. */
enum { SLOT_MESSAGE = 1, SLOT_CALL, SLOT_PASS, SLOTS = SLOT_PASS };

/* ---- one call ---- */

/* What a handler gave back lies on top: error, value and registers, each perhaps nil. NULL, or what
 * is wrong with it. */
static const char *take_answer(lua_State *lua, const struct script_row *row,
			       struct script_call *object)
{
	struct sbi_call *call = object->call;
	bool has_error = !lua_isnil(lua, -3), has_value = !lua_isnil(lua, -2);
	int good_error = 1, good_value = 1;
	lua_Integer error = lua_tointegerx(lua, -3, &good_error);
	lua_Integer value = lua_tointegerx(lua, -2, &good_value);

	if (has_error && !good_error)
		return "a handler gives back integers: error, then value; this error is none";
	if (has_value && !good_value)
		return "a handler gives back integers: error, then value; this value is none";
	object->answered = has_error || has_value || !row->wraps;
	if (has_error)
		call->error = error;
	if (has_value && call->eid > SBI_EID_LEGACY_LAST)
		call->value = (uint64_t)value;
	/* Others come by string.unpack() and the like, at the end of a return. */
	return lua_istable(lua, -1) ? call_registers_set(lua, object) : NULL;
}

static void prepare_answer(struct sbi_call *call)
{
	call->pass = false;
	if (call->kvm) /* KVM's own stays until a handler says something else */
		return;
	call->error = SBI_SUCCESS;
	call->value = call->eid <= SBI_EID_LEGACY_LAST ? call->args[1] : 0;
}

/* The extension's function for FID, or its 'any'. False: it has none. */
static bool push_function(lua_State *lua, const struct script_row *row, uint64_t fid)
{
	lua_rawgeti(lua, LUA_REGISTRYINDEX, row->handlers);
	if (row->wraps)
		return true;
	/* Legacy calls have no FID: what is in a6 is anything. */
	if (lua_rawgeti(lua, -1, row->eid <= SBI_EID_LEGACY_LAST ? 0 : (lua_Integer)fid) ==
	    LUA_TNIL) {
		lua_pop(lua, 1);
		lua_pushliteral(lua, "any");
		lua_rawget(lua, -2);
	}
	lua_remove(lua, -2);
	return !lua_isnil(lua, -1);
}

static void fail(struct script *script, struct script_call *object, const char *message)
{
	char text[SCRIPT_FAILURE_MAX];

	snprintf(text, sizeof(text), "%s (hart %u, SBI EID 0x%llx, FID 0x%llx)", message,
		 object->call->hart, (unsigned long long)object->call->eid,
		 (unsigned long long)object->call->fid);
	script_failed(script, text);
	object->answered = true;
	object->call->error = SBI_ERR_FAILED;
	if (object->call->eid > SBI_EID_LEGACY_LAST)
		object->call->value = 0;
}

/* What the handler of ROW and FID gave back is WRONG: with the line where it begins. */
static void fail_answer(struct script *script, const struct script_row *row, uint64_t fid,
			struct script_hart *hart, const char *wrong)
{
	lua_Debug where = {.linedefined = 0};
	char text[SCRIPT_FAILURE_MAX];

	if (push_function(hart->lua, row, fid))
		lua_getinfo(hart->lua, ">S", &where);
	snprintf(text, sizeof(text), "%s:%d: %s", where.short_src, where.linedefined, wrong);
	fail(script, hart->call, text);
}

static void run_handler(struct script *script, const struct script_row *row,
			struct script_hart *hart)
{
	struct script_call *object = hart->call;
	lua_State *lua = hart->lua;
	const uint64_t fid = object->call->fid;
	const char *wrong;

	if (!push_function(lua, row, fid)) {
		object->answered = true;
		object->call->error = SBI_ERR_NOT_SUPPORTED;
		lua_settop(lua, SLOTS);
		return;
	}
	lua_pushvalue(lua, SLOT_CALL);
	lua_pushvalue(lua, SLOT_PASS);
	if (lua_pcall(lua, 2, 3, SLOT_MESSAGE) != LUA_OK) {
		fail(script, object, lua_tostring(lua, -1));
		script_watch(lua);
	} else {
		wrong = take_answer(lua, row, object);
		if (wrong)
			fail_answer(script, row, fid, hart, wrong);
	}
	lua_settop(lua, SLOTS);
}

static bool handle(struct sbi_override *opaque, struct sbi_context *context, struct sbi_call *call)
{
	struct script_override *override = (struct script_override *)opaque;
	struct script *script = override->script;
	const struct script_row *row = script_row_find(&script->rows, call->eid, call->fid);
	struct script_turn turn = {.handler = true};
	struct script_call *object;
	bool left;

	if (!row || call->hart >= override->hart_count)
		return false;
	object = override->harts[call->hart].call;
	prepare_answer(call);
	script_begin(script, &turn);
	*object = (struct script_call){.ops = override->ops,
				       .machine = override->machine,
				       .context = context,
				       .call = call};
	run_handler(script, row, &override->harts[call->hart]);
	left = !object->answered && !object->passed;
	call->by_script = object->answered;
	object->call = NULL;
	script_finish(script);
	if (left)
		script_call_pass(context, call);
	return true;
}

static bool claim(const struct sbi_override *opaque, unsigned int index, struct sbi_claim *claimed)
{
	const struct script_override *override = (const struct script_override *)opaque;
	const struct script_rows *rows = &override->script->rows;
	const struct script_row *row = &rows->rows[index];

	if (index >= atomic_load_explicit(&rows->count, memory_order_acquire))
		return false;
	*claimed = (struct sbi_claim){.eid = row->eid,
				      .fid = row->fid,
				      .every_fid = !row->wraps || row->every_fid,
				      .wraps = row->wraps};
	return true;
}

static bool probe(const struct sbi_override *opaque, uint64_t eid, uint64_t *answer)
{
	const struct script_override *override = (const struct script_override *)opaque;
	const struct script_rows *rows = &override->script->rows;
	unsigned int count = atomic_load_explicit(&rows->count, memory_order_acquire);

	for (unsigned int i = 0; i < count; i++)
		if (rows->rows[i].eid == eid && !rows->rows[i].wraps) {
			*answer = rows->rows[i].probe;
			return true;
		}
	return false;
}

/* ---- one machine ---- */

static void new_hart(lua_State *lua, struct script_hart *hart)
{
	lua_State *thread = lua_newthread(lua);

	hart->anchor = luaL_ref(lua, LUA_REGISTRYINDEX);
	hart->lua = thread;
	lua_pushcfunction(thread, script_message);
	hart->call = script_call_push(thread);
	script_watch(thread);
}

void script_override_begin(lua_State *lua, struct script_override *override, unsigned int harts,
			   int index)
{
	struct script *script = script_of(lua);

	override->override =
		(struct sbi_override){.handle = handle, .claim = claim, .probe = probe};
	override->script = script;
	override->harts = calloc(harts, sizeof(*override->harts));
	override->hart_count = 0;
	lua_pushvalue(lua, index);
	override->machine = luaL_ref(lua, LUA_REGISTRYINDEX);
	while (override->harts && override->hart_count < harts) {
		override->harts[override->hart_count].anchor = LUA_NOREF;
		override->hart_count++;
		new_hart(lua, &override->harts[override->hart_count - 1]);
	}
	if (!override->harts)
		luaL_error(lua, "no memory for %d harts", (int)harts);
}

void script_override_end(struct script_override *override)
{
	lua_State *lua = override->script->lua;

	for (unsigned int i = 0; i < override->hart_count; i++)
		luaL_unref(lua, LUA_REGISTRYINDEX, override->harts[i].anchor);
	luaL_unref(lua, LUA_REGISTRYINDEX, override->machine);
	free(override->harts);
	override->harts = NULL;
	override->hart_count = 0;
	override->machine = LUA_NOREF;
}
