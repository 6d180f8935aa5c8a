/* SPDX-License-Identifier: Apache-2.0 */
/* The Lua state of a script: its memory, its lock, its errors, and the hook that ends it. */

#include "vmm/script/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lua5.4/lauxlib.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- memory ---- */

/* Lua's own contract: lua_Alloc. */
static void *allocate(void *opaque, void *old, size_t old_size, size_t size)
{
	struct script *script = opaque;
	size_t had = old ? old_size : 0;
	void *got;

	if (size == 0) {
		free(old);
		script->memory -= had;
		return NULL;
	}
	if (size > had && size - had > SCRIPT_MEMORY_MOST - script->memory)
		return NULL;
	got = realloc(old, size);
	if (got)
		script->memory += size - had;
	return got;
}

struct script *script_of(lua_State *lua)
{
	/* Lua copies it into each thread that it makes. */
	return *(struct script **)lua_getextraspace(lua);
}

/* ---- turns ---- */

void script_begin(struct script *script, struct script_turn *turn)
{
	pthread_mutex_lock(&script->lock);
	script->turn = turn;
}

void script_finish(struct script *script)
{
	script->turn = NULL;
	pthread_mutex_unlock(&script->lock);
}

struct script_turn *script_away(lua_State *lua, const char *what)
{
	struct script *script = script_of(lua);
	struct script_turn *turn = script->turn;

	if (turn->handler)
		luaL_error(lua,
			   "%s waits, and a handler must not: the machine waits for it meanwhile",
			   what);
	script_finish(script);
	return turn;
}

void script_back(struct script *script, struct script_turn *turn)
{
	script_begin(script, turn);
}

/* ---- what ends it ---- */

void script_wake(struct script *script)
{
	pthread_mutex_lock(&script->wait_lock);
	pthread_cond_broadcast(&script->changed);
	pthread_mutex_unlock(&script->wait_lock);
}

/* Who waits in a verb has a descriptor to look at. */
static void abort_waits(struct script *script)
{
	if (!atomic_exchange(&script->aborted, true))
		close(script->abort[1]);
	script_wake(script);
}

void script_halt(struct script *script, enum script_stop why)
{
	int none = SCRIPT_GOES_ON;

	atomic_compare_exchange_strong(&script->stop, &none, (int)why);
	abort_waits(script);
}

static const char *why_stopped(const struct script *script)
{
	switch ((enum script_stop)atomic_load(&script->stop)) {
	case SCRIPT_TIME_IS_UP: return "the script's time is up (--timeout)";
	case SCRIPT_SIGNALLED: return "interrupted by a signal";
	case SCRIPT_ENDS: return "the script has ended";
	default: return NULL;
	}
}

/* From here on each instruction raises an error: pcall() in the script is no way out of it. */
static void end_now(lua_State *lua, lua_Hook hook)
{
	lua_sethook(lua, hook, LUA_MASKCOUNT, 1);
}

static void look(lua_State *lua, lua_Debug *where)
{
	struct script *script = script_of(lua);
	struct script_turn *turn = script->turn;
	const char *why = turn->handler ? NULL : why_stopped(script);

	(void)where;
	if (!turn->over) {
		turn->instructions += SCRIPT_HOOK_EVERY;
		turn->over = turn->handler && turn->instructions >= SCRIPT_HANDLER_MOST;
	}
	if (!turn->over && !why)
		return;
	end_now(lua, look);
	luaL_where(lua, 0);
	if (turn->over)
		lua_pushfstring(lua, "a handler did not return within %d instructions of Lua",
				(int)SCRIPT_HANDLER_MOST);
	else
		lua_pushstring(lua, why);
	lua_concat(lua, 2);
	lua_error(lua);
}

void script_watch(lua_State *lua)
{
	lua_sethook(lua, look, LUA_MASKCOUNT, SCRIPT_HOOK_EVERY);
}

void script_check(lua_State *lua)
{
	struct script *script = script_of(lua);
	const char *why = why_stopped(script);

	if (why) {
		end_now(lua, look);
		luaL_error(lua, "%s", why);
	}
	if (script->failed)
		luaL_error(lua, "a handler failed: %s", script->failure);
}

/* ---- errors ---- */

int script_message(lua_State *lua)
{
	if (lua_type(lua, 1) == LUA_TSTRING)
		return 1;
	if (luaL_callmeta(lua, 1, "__tostring") && lua_type(lua, -1) == LUA_TSTRING)
		return 1;
	lua_pushfstring(lua, "an error that is a %s and not a text", luaL_typename(lua, 1));
	return 1;
}

void script_failed(struct script *script, const char *message)
{
	if (atomic_load(&script->failed))
		return;
	snprintf(script->failure, sizeof(script->failure), "%s", message);
	error("%s", message);
	atomic_store(&script->failed, true);
	abort_waits(script);
}

/* ---- life ---- */

static void close_pipe(struct script *script)
{
	close(script->abort[0]);
	if (!atomic_load(&script->aborted))
		close(script->abort[1]);
}

bool script_open(struct script *script, const struct script_options *options,
		 lua_CFunction libraries)
{
	*script = (struct script){.options = options};
	if (pipe2(script->abort, O_CLOEXEC) < 0) {
		error("no pipe for a script: %s", strerror(errno));
		return false;
	}
	script->lua = lua_newstate(allocate, script);
	if (!script->lua) {
		error("no memory for Lua");
		close_pipe(script);
		return false;
	}
	*(struct script **)lua_getextraspace(script->lua) = script;
	pthread_mutex_init(&script->lock, NULL);
	pthread_mutex_init(&script->wait_lock, NULL);
	clock_cond_init(&script->changed);
	lua_pushcfunction(script->lua, libraries);
	if (lua_pcall(script->lua, 0, 0, 0) == LUA_OK)
		return true;
	error("Lua does not start: %s", lua_tostring(script->lua, -1));
	script_close(script);
	return false;
}

void script_close(struct script *script)
{
	struct script_turn turn = {.handler = false};

	script_begin(script, &turn);
	lua_close(script->lua);
	script_finish(script);
	pthread_mutex_destroy(&script->lock);
	pthread_mutex_destroy(&script->wait_lock);
	pthread_cond_destroy(&script->changed);
	close_pipe(script);
}

/* ---- the main part ---- */

static void push_arguments(lua_State *lua, const struct script_options *options)
{
	lua_createtable(lua, options->argument_count, 1);
	lua_pushstring(lua, options->path);
	lua_rawseti(lua, -2, 0);
	for (int i = 0; i < options->argument_count; i++) {
		lua_pushstring(lua, options->arguments[i]);
		lua_rawseti(lua, -2, i + 1);
	}
	lua_setglobal(lua, "arg");
}

static int run_main(lua_State *lua)
{
	const struct script_options *options = script_of(lua)->options;

	int loaded;

	push_arguments(lua, options);
	loaded = luaL_loadfilex(lua, options->path, "t");
	script_of(lua)->unreadable = loaded == LUA_ERRFILE;
	if (loaded != LUA_OK)
		return lua_error(lua);
	script_watch(lua);
	luaL_checkstack(lua, options->argument_count, "too many arguments");
	for (int i = 0; i < options->argument_count; i++)
		lua_pushstring(lua, options->arguments[i]);
	lua_call(lua, options->argument_count, 0);
	script_check(lua);
	return 0;
}

bool script_run(struct script *script)
{
	lua_State *lua = script->lua;
	bool good;

	lua_pushcfunction(lua, script_message);
	lua_pushcfunction(lua, run_main);
	good = lua_pcall(lua, 0, 0, 1) == LUA_OK;
	lua_sethook(lua, NULL, 0, 0);
	/* A handler's failure was said when it happened. */
	if (!good && !script->failed)
		error("%s", lua_tostring(lua, -1));
	lua_settop(lua, 0);
	return good;
}
