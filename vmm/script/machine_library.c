/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/machine_library.h"

#include <stdlib.h>
#include <string.h>

#include <lua5.4/lauxlib.h>

#include "base/clock.h"
#include "vmm/control/verbs.h"
#include "vmm/script/machine.h"
#include "vmm/script/state.h"
#include "vmm/script/verb_values.h"

#define MACHINE_TYPE "vhart.machine"
/* The user value that the functions of on_exit are in: there they do not keep the machine alive. */
#define EXIT_HANDLERS 1
#define LIMIT_USUAL   60.0 /* seconds */
#define LIMIT_MOST    1e6

static struct script_machine *machine_at(lua_State *lua)
{
	return luaL_checkudata(lua, 1, MACHINE_TYPE);
}

static int refuse_state(lua_State *lua, const struct script_machine *machine, const char *what)
{
	return luaL_error(lua, "%s %s", machine->config.name, what);
}

static enum script_machine_state state_of(struct script_machine *machine)
{
	enum script_machine_state state;

	pthread_mutex_lock(&machine->script->wait_lock);
	state = machine->state;
	pthread_mutex_unlock(&machine->script->wait_lock);
	return state;
}

/* ---- machine.new() ---- */

static int keep_text(lua_State *lua, struct script_machine *machine)
{
	machine->text = strdup(luaL_checkstring(lua, 1));
	return machine->text ? words_split(machine->text, machine->words + 1) : -1;
}

static size_t length_of_words(lua_State *lua, int count)
{
	size_t all = 0, len;

	for (int i = 1; i <= count; i++) {
		if (lua_rawgeti(lua, 1, i) != LUA_TSTRING && !lua_isnumber(lua, -1))
			luaL_error(lua, "machine.new: word %d is a %s, and not a text", i,
				   luaL_typename(lua, -1));
		lua_tolstring(lua, -1, &len);
		all += len + 1;
		lua_pop(lua, 1);
	}
	return all;
}

static int keep_table(lua_State *lua, struct script_machine *machine)
{
	int count = (int)luaL_len(lua, 1);
	size_t size, len;
	char *to;

	if (count > (int)WORDS_MAX)
		return -1;
	size = length_of_words(lua, count);
	machine->text = to = malloc(size + 1);
	for (int i = 1; to && i <= count; i++) {
		lua_rawgeti(lua, 1, i);
		memcpy(to, lua_tolstring(lua, -1, &len), len + 1);
		machine->words[i] = to;
		to += len + 1;
		lua_pop(lua, 1);
	}
	return to ? count : -1;
}

static int new_machine(lua_State *lua)
{
	struct script *script = script_of(lua);
	struct script_machine *machine;
	int count;

	luaL_argcheck(lua, lua_isstring(lua, 1) || lua_istable(lua, 1), 1,
		      "expected the words of vhart run, in one text or in a table");
	machine = lua_newuserdatauv(lua, sizeof(*machine), 1);
	memset(machine, 0, sizeof(*machine));
	machine->nowhere = -1;
	machine->override.machine = machine->exits.machine = machine->anchor = LUA_NOREF;
	luaL_setmetatable(lua, MACHINE_TYPE);
	lua_newtable(lua);
	lua_setiuservalue(lua, -2, EXIT_HANDLERS);
	count = lua_istable(lua, 1) ? keep_table(lua, machine) : keep_text(lua, machine);
	if (count < 0)
		return luaL_error(lua,
				  "machine.new: a quote does not end, or there are more than "
				  "%d words",
				  (int)WORDS_MAX);
	if (!script_machine_init(machine, script, count, ++script->machine_count))
		return luaL_error(lua, "machine.new: these words make no machine: see the line "
				       "before");
	return 1;
}

/* ---- starting, and ending ---- */

/* Under the lock. */
static void forget(struct script *script, struct script_machine *machine)
{
	struct script_machine **at = &script->machines;

	while (*at != machine)
		at = &(*at)->next;
	*at = machine->next;
	script_override_end(&machine->override);
	script_exits_end(script->lua, &machine->exits);
	luaL_unref(script->lua, LUA_REGISTRYINDEX, machine->anchor);
}

/* What has ended takes no more room than it must. */
static void forget_ended(lua_State *lua)
{
	struct script *script = script_of(lua);
	struct script_machine *next;
	struct script_turn *turn;

	for (struct script_machine *at = script->machines; at; at = next) {
		next = at->next;
		if (state_of(at) != MACHINE_ENDED)
			continue;
		turn = script_away(lua, "start");
		script_machine_join(at);
		script_back(script, turn);
		forget(script, at);
	}
}

static int start(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);
	struct script *script = machine->script;
	bool paused = false;

	if (machine->state != MACHINE_MADE)
		return refuse_state(lua, machine, "was started before: a machine starts once");
	if (lua_istable(lua, 2)) {
		lua_getfield(lua, 2, "paused");
		paused = lua_toboolean(lua, -1);
	}
	if (script->turn->handler)
		return luaL_error(lua, "a handler cannot start a machine");
	forget_ended(lua);
	lua_settop(lua, 1);
	lua_getiuservalue(lua, 1, EXIT_HANDLERS);
	script_override_begin(lua, &machine->override, machine->config.cpus, 1);
	script_exits_begin(lua, &machine->exits, machine->config.cpus, 1, 2);
	if (!script_machine_start(machine, paused)) {
		script_override_end(&machine->override);
		script_exits_end(lua, &machine->exits);
		return refuse_state(lua, machine, "does not start: see the line before");
	}
	lua_pushvalue(lua, 1);
	machine->anchor = luaL_ref(lua, LUA_REGISTRYINDEX);
	machine->next = script->machines;
	script->machines = machine;
	lua_settop(lua, 1);
	return 1;
}

static int collect(lua_State *lua)
{
	script_machine_free(machine_at(lua));
	return 0;
}

void script_machines_end(struct script *script)
{
	struct script_turn turn = {.handler = false};
	struct script_machine *machine;

	while ((machine = script->machines)) {
		script_machine_join(machine);
		script_begin(script, &turn);
		forget(script, machine);
		script_finish(script);
	}
}

void script_machines_report(struct script *script)
{
	for (struct script_machine *at = script->machines; at; at = at->next)
		script_machine_report(at);
}

/* ---- waiting ---- */

/* What a wait looks for, each time that something changed. Under the script's wait_lock; true: it
 * is there. */
struct awaited {
	bool (*look)(struct awaited *awaited);
	struct script_machine *machine;
	const char *words;
	size_t len;
	size_t found; /* where they end */
	char *copy;   /* of what is before that; malloc */
};

static uint64_t until(lua_State *lua, int index, lua_Number *seconds)
{
	*seconds = luaL_optnumber(lua, index, LIMIT_USUAL);
	luaL_argcheck(lua, *seconds > 0 && *seconds <= LIMIT_MOST, index,
		      "expected seconds, above 0");
	return clock_now() + (uint64_t)(*seconds * 1e9);
}

/* Whether it came before UNTIL_NS, and before all that would make it not come. */
static bool await(struct script *script, struct awaited *awaited, uint64_t until_ns)
{
	const struct timespec end = clock_timespec(until_ns);
	bool there, late = false;

	pthread_mutex_lock(&script->wait_lock);
	while (!(there = awaited->look(awaited)) && !late && !atomic_load(&script->stop) &&
	       !atomic_load(&script->failed) && awaited->machine->state == MACHINE_RUNS)
		late = pthread_cond_timedwait(&script->changed, &script->wait_lock, &end) != 0;
	pthread_mutex_unlock(&script->wait_lock);
	return there;
}

static int did_not_come(lua_State *lua, struct script_machine *machine, const char *what,
			lua_Number seconds)
{
	char last[120];

	script_check(lua);
	pthread_mutex_lock(&machine->script->wait_lock);
	console_text_last_line(&machine->console, last, sizeof(last));
	pthread_mutex_unlock(&machine->script->wait_lock);
	if (state_of(machine) == MACHINE_ENDED)
		return luaL_error(lua,
				  "%s ended (%s) before '%s' was on its console; its last "
				  "line: %s",
				  machine->config.name, machine_end_name(machine->account.end),
				  what, last);
	return luaL_error(lua, "%s: no '%s' on its console within %f s; its last line: %s",
			  machine->config.name, what, seconds, last);
}

static void check_started(lua_State *lua, struct script_machine *machine)
{
	if (state_of(machine) == MACHINE_MADE)
		refuse_state(lua, machine, "was not started");
}

static bool look_for_words(struct awaited *awaited)
{
	awaited->found =
		console_text_find(&awaited->machine->console, awaited->words, awaited->len);
	return awaited->found > 0;
}

static void push_taken(lua_State *lua, struct awaited *awaited, char *copy)
{
	lua_pushlstring(lua, copy, awaited->found);
	free(copy);
}

/* What was found, and what is in front of it: looked past from now on. */
static char *take(struct awaited *awaited)
{
	struct script_machine *machine = awaited->machine;
	const char *unread;
	size_t len;
	char *copy = malloc(awaited->found + 1);

	pthread_mutex_lock(&machine->script->wait_lock);
	unread = console_text_unread(&machine->console, &len);
	if (awaited->found > len)
		awaited->found = len; /* the guest wrote a megabyte in between */
	if (copy)
		memcpy(copy, unread, awaited->found);
	console_text_take(&machine->console, awaited->found);
	pthread_mutex_unlock(&machine->script->wait_lock);
	return copy;
}

/* vm:expect(words[, seconds]): what came, up to and with the words */
static int expect(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);
	struct awaited awaited = {.look = look_for_words, .machine = machine};
	struct script *script = machine->script;
	struct script_turn *turn;
	lua_Number seconds;
	uint64_t until_ns = until(lua, 3, &seconds);
	char *copy;
	bool there;

	awaited.words = luaL_checklstring(lua, 2, &awaited.len);
	luaL_argcheck(lua, awaited.len > 0, 2, "expected words");
	check_started(lua, machine);
	turn = script_away(lua, "expect");
	there = await(script, &awaited, until_ns);
	script_back(script, turn);
	if (!there)
		return did_not_come(lua, machine, awaited.words, seconds);
	copy = take(&awaited);
	if (!copy)
		return luaL_error(lua, "not enough memory");
	push_taken(lua, &awaited, copy);
	return 1;
}

/* More came than was there when the pattern was looked for. */
static bool look_for_more(struct awaited *awaited)
{
	size_t len;

	console_text_unread(&awaited->machine->console, &len);
	return len > awaited->found;
}

/* Pushes what is unread; its length. */
static size_t push_unread(lua_State *lua, struct script_machine *machine)
{
	struct awaited all = {.machine = machine};
	const char *unread;
	char *copy;

	pthread_mutex_lock(&machine->script->wait_lock);
	unread = console_text_unread(&machine->console, &all.found);
	copy = malloc(all.found + 1);
	if (copy)
		memcpy(copy, unread, all.found);
	pthread_mutex_unlock(&machine->script->wait_lock);
	if (!copy)
		luaL_error(lua, "not enough memory");
	push_taken(lua, &all, copy);
	return all.found;
}

/* string.find of what is unread: its results are on the stack then. How many; 0: nothing. */
static int find_pattern(lua_State *lua, struct script_machine *machine, size_t *len)
{
	int top = lua_gettop(lua);

	lua_getfield(lua, lua_upvalueindex(1), "find");
	*len = push_unread(lua, machine);
	lua_pushvalue(lua, 2);
	lua_call(lua, 2, LUA_MULTRET);
	if (lua_isnil(lua, top + 1))
		lua_settop(lua, top);
	return lua_gettop(lua) - top;
}

/* vm:expect_match(pattern[, seconds]): the pattern's captures, or all that matched */
static int expect_match(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);
	struct awaited awaited = {.look = look_for_more, .machine = machine};
	struct script_turn *turn;
	lua_Number seconds;
	uint64_t until_ns = until(lua, 3, &seconds);
	const char *pattern = luaL_checkstring(lua, 2);
	size_t first, last;
	bool there = true;
	int results;
	char *copy;

	check_started(lua, machine);
	lua_settop(lua, 3);
	while ((results = find_pattern(lua, machine, &awaited.found)) == 0) {
		if (!there)
			return did_not_come(lua, machine, pattern, seconds);
		turn = script_away(lua, "expect_match");
		there = await(machine->script, &awaited, until_ns);
		script_back(machine->script, turn);
	}
	first = (size_t)lua_tointeger(lua, 4);
	last = (size_t)lua_tointeger(lua, 5);
	awaited.found = last;
	copy = take(&awaited);
	if (results == 2 && copy) {
		lua_pushlstring(lua, copy + first - 1, last + 1 - first);
		results++;
	}
	free(copy);
	return results - 2;
}

static bool look_for_end(struct awaited *awaited)
{
	return awaited->machine->state == MACHINE_ENDED;
}

/* vm:ended([seconds]): why, status */
static int ended(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);
	struct awaited awaited = {.look = look_for_end, .machine = machine};
	struct script_turn *turn;
	lua_Number seconds;
	uint64_t until_ns = until(lua, 2, &seconds);
	bool there;

	check_started(lua, machine);
	turn = script_away(lua, "ended");
	there = await(machine->script, &awaited, until_ns);
	script_back(machine->script, turn);
	if (!there) {
		script_check(lua);
		return luaL_error(lua, "%s did not end within %f s", machine->config.name, seconds);
	}
	script_check(lua);
	lua_pushstring(lua, machine_end_name(machine->account.end));
	lua_pushinteger(lua, machine->status);
	return 2;
}

/* vm:console(): all that it has written, the last megabyte of it */
static int console(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);
	struct awaited all = {.machine = machine};
	char *copy;

	pthread_mutex_lock(&machine->script->wait_lock);
	all.found = machine->console.len;
	copy = malloc(all.found + 1);
	if (copy && all.found)
		memcpy(copy, machine->console.bytes, all.found);
	pthread_mutex_unlock(&machine->script->wait_lock);
	if (!copy)
		return luaL_error(lua, "not enough memory");
	push_taken(lua, &all, copy);
	return 1;
}

/* vm:on_exit(which, handler), at any time */
static int watch_exits(lua_State *lua)
{
	struct script_machine *machine = machine_at(lua);

	if (state_of(machine) == MACHINE_ENDED)
		return refuse_state(lua, machine, "has ended: there are no more exits");
	lua_settop(lua, 3);
	lua_getiuservalue(lua, 1, EXIT_HANDLERS);
	script_exits_add(lua, &machine->exits, 2, 3, 4);
	script_machine_watch_exits(machine);
	lua_settop(lua, 1);
	return 1;
}

static int name(lua_State *lua)
{
	lua_pushstring(lua, machine_at(lua)->config.name);
	return 1;
}

/* ---- verbs ---- */

static int do_verb(lua_State *lua)
{
	const struct verb *verb = lua_touserdata(lua, lua_upvalueindex(1));
	struct script_machine *machine = machine_at(lua);
	struct verb_call call = {.control = &machine->control,
				 .events = machine->events,
				 .abort_fd = machine->script->abort[0]};
	struct script_turn *turn;
	json_object *args, *result;
	int results;

	check_started(lua, machine);
	args = verb_arguments_of_lua(lua, verb, 2);
	if (machine->script->turn->handler)
		json_object_put(args);
	turn = script_away(lua, verb->name);
	result = verb_do(verb, args, &call);
	script_back(machine->script, turn);
	json_object_put(args);
	script_check(lua);
	if (!result)
		return luaL_error(lua, "%s: %s", machine->config.name, call.error);
	results = verb_result_to_lua(lua, result);
	json_object_put(result);
	return results;
}

/* Names of verbs may have dashes, which Lua's have not. */
static void push_method_name(lua_State *lua, const char *verb)
{
	luaL_gsub(lua, verb, "-", "_");
}

static void add_verbs(lua_State *lua)
{
	for (const struct verb *verb = verbs; verb->name; verb++) {
		push_method_name(lua, verb->name);
		lua_pushlightuserdata(lua, (void *)(uintptr_t)verb);
		lua_pushcclosure(lua, do_verb, 1);
		lua_rawset(lua, -3);
	}
}

/* ---- the library ---- */

static const luaL_Reg methods[] = {
	{"start", start}, {"expect", expect},	    {"ended", ended}, {"console", console},
	{"name", name},	  {"on_exit", watch_exits}, {NULL, NULL},
};

static void add_expect_match(lua_State *lua)
{
	lua_getglobal(lua, "string");
	lua_pushcclosure(lua, expect_match, 1);
	lua_setfield(lua, -2, "expect_match");
}

static const luaL_Reg functions[] = {{"new", new_machine}, {NULL, NULL}};

int script_machine_library(lua_State *lua)
{
	luaL_newmetatable(lua, MACHINE_TYPE);
	luaL_newlib(lua, methods);
	add_verbs(lua);
	add_expect_match(lua);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, collect);
	lua_setfield(lua, -2, "__gc");
	lua_pushliteral(lua, "a machine");
	lua_setfield(lua, -2, "__metatable");
	lua_pop(lua, 1);
	luaL_newlib(lua, functions);
	return 1;
}
