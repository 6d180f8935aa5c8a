/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script: one Lua 5.4 state, the machines that it makes, and the SBI calls that it answers for
 * them. All of them live in one process.
 *
 * Threads: Lua code runs under the script's lock. The main script holds it while it computes, and
 * gives it away in every function that waits. What a machine asks of the script (an SBI call) runs
 * on the thread of the vCPU, under the lock, in a Lua thread of its own (sbi_override.h): it may
 * not wait for the machines, since one of them waits for it.
 *
 * Order of locks: the script's before a machine's. Never the other way.
 */
#ifndef VHART_SCRIPT_STATE_H
#define VHART_SCRIPT_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua5.4/lua.h>

#include "vmm/script/sbi_rows.h"

#define SCRIPT_MEMORY_MOST  (256ull << 20) /* bytes that Lua may have at once */
#define SCRIPT_FAILURE_MAX  1000u
#define SCRIPT_HANDLER_MOST 10000000u /* instructions of Lua in one call of a handler */
#define SCRIPT_HOOK_EVERY   10000u    /* instructions of Lua between two looks */
#define SCRIPT_TIMEOUT	    300.0     /* seconds, of the whole script */

/* Why a script is to stop what it does. */
enum script_stop {
	SCRIPT_GOES_ON,
	SCRIPT_TIME_IS_UP,
	SCRIPT_SIGNALLED,
	SCRIPT_ENDS, /* its main part has ended; handlers have nothing to wait for */
};

/* One stretch of Lua code, from where the lock is taken to where it is given back for good. */
struct script_turn {
	bool handler;	       /* it may not wait; and there is a limit: */
	uint64_t instructions; /* done so far, as far as looked */
	bool over;	       /* that was too many */
};

/* What the user asked for. */
struct script_options {
	const char *path;
	char **arguments; /* of the script; what argv has after PATH */
	int argument_count;
	bool allow_host; /* io and os */
	bool show;	 /* the consoles on standard output, as comments of TAP */
	bool verbose;
	uint64_t seed;
	bool has_seed;
	double timeout; /* seconds */
	bool help;
};

struct script {
	const struct script_options *options;
	lua_State *lua; /* the main script's */
	size_t memory;	/* bytes that Lua has */
	pthread_mutex_t lock;
	struct script_turn *turn; /* of whoever holds it */
	struct script_rows rows;

	atomic_int stop; /* enum script_stop: the first counts */
	int signal;	 /* of SCRIPT_SIGNALLED */

	bool unreadable; /* its file could not be read */
	/* What a handler did wrong: the first one. The text under the lock. */
	atomic_bool failed;
	char failure[SCRIPT_FAILURE_MAX];

	/* Those that run, for whoever has to wake them: script_machine.c. */
	struct script_machine *machines;
	unsigned int machine_count; /* made so far */
	int abort[2]; /* a pipe, whose end is closed when there is nothing to wait for */
	atomic_bool aborted;
	pthread_mutex_t wait_lock;
	pthread_cond_t changed; /* a console has more, a machine ended, or the script is to stop */
};

/* A script with what LIBRARIES opens (script_libraries(), or a test's). False after error().
 * OPTIONS stay the caller's. */
bool script_open(struct script *script, const struct script_options *options,
		 lua_CFunction libraries);
void script_close(struct script *script);

/* Of any Lua thread of it. */
struct script *script_of(lua_State *lua);

/* A turn of Lua code on this thread: waits for the lock. */
void script_begin(struct script *script, struct script_turn *turn);
void script_finish(struct script *script);

/*
 * In a function that waits, around the wait, during which others have the lock. script_away()
 * raises an error of Lua in a handler: WHAT is the function's name.
 */
struct script_turn *script_away(lua_State *lua, const char *what);
void script_back(struct script *script, struct script_turn *turn);

/* Whoever waits looks again. Any thread. */
void script_wake(struct script *script);
/* The script is to stop for WHY: raises an error of Lua wherever it is. Any thread. */
void script_halt(struct script *script, enum script_stop why);
/* Raises an error of Lua if the script is to stop, or a handler failed. After a wait. */
void script_check(lua_State *lua);

/* A handler failed, with MESSAGE, which has file and line: said to the user, and the script fails.
 * Under the lock. */
void script_failed(struct script *script, const char *message);

/* The hook that ends a handler that does not return; for each Lua thread that C makes. */
void script_watch(lua_State *lua);

/* A message handler for lua_pcall(): what is not a text becomes one. */
int script_message(lua_State *lua);

/* Runs the main part: loads FILE, gives it the arguments. False after error(). Under the lock. */
bool script_run(struct script *script);

#endif
