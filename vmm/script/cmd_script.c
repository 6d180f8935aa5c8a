/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart script`: runs a script and says by the exit status whether it passed. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "vmm/commands.h"
#include "vmm/script/late_math.h"
#include "vmm/script/machine_library.h"
#include "vmm/script/sandbox.h"
#include "vmm/script/state.h"

/* A script that does not hear that its time is up (a pattern that takes for ever, say). */
#define HARD_END_NS (10 * NS_PER_S)

static const struct option_spec specs[] = {
	{"--allow-host", NULL, "give the script io, os and require: all that its user may do",
	 OPTION_FLAG(struct script_options, allow_host)},
	{"--seed", "N", "what math.random begins with (another each time)",
	 OPTION_NUMBER(struct script_options, seed, 0, UINT64_MAX)},
	{"--timeout", "SECONDS", "end the script after this time (300)",
	 OPTION_SECONDS(struct script_options, timeout),
	 .expected = "expected a number of seconds above 0, such as 30 or 1.5"},
	{"--verbose", NULL, "say what is being done", OPTION_FLAG(struct script_options, verbose)},
};

static const char *take_file(char *value, void *target)
{
	struct script_options *options = target;

	if (options->path)
		return "expected one script";
	options->path = value;
	return NULL;
}

static const struct option_table table = {
	.command = "script",
	.usage = "[options] FILE.lua [ARGUMENT...]",
	.summary = "Runs a Lua script that makes virtual machines and drives them: see\n"
		   "docs/scripting.md. Its arguments follow it. Defaults are in parentheses.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.operand = take_file,
};

/* ---- options ---- */

static bool takes_value(const char *argument)
{
	for (size_t i = 0; i < table.count; i++)
		if (specs[i].value && !strcmp(specs[i].name, argument))
			return true;
	return false;
}

/* How many of ARGV are ours: what is behind the script's name is the script's. */
static int own_arguments(int argc, char **argv)
{
	int at = 1;

	while (at < argc && argv[at][0] == '-')
		at += takes_value(argv[at]) ? 2 : 1;
	return at < argc ? at + 1 : argc;
}

/* 0, or the exit status. */
static int read_options(int argc, char **argv, struct script_options *options)
{
	const int own = own_arguments(argc, argv);

	*options = (struct script_options){.timeout = SCRIPT_TIMEOUT};
	/* Small enough to be typed again. */
	if (getrandom(&options->seed, 4, 0) != 4)
		options->seed = clock_now();
	if (options_read(&table, own, argv, options, &options->help) != 0)
		return STATUS_NOT_RUN;
	if (options->help)
		return 0;
	if (!options->path) {
		error("script: which one? vhart script FILE.lua");
		return STATUS_NOT_RUN;
	}
	options->arguments = argv + own;
	options->argument_count = argc - own;
	return 0;
}

/* ---- signals, and the time ---- */

/* Where it does not end by itself, the process does, and its machines with it. */
static void end_hard(int status)
{
	error("the script does not hear that it is to end: vhart ends, and its machines with it");
	terminal_restore();
	_exit(status);
}

static bool take_signal(struct script *script, int number)
{
	switch (signal_way(number)) {
	case SIGNAL_STOPS: terminal_stop(); return true;
	case SIGNAL_RESIZES: return true; /* no machine has a terminal */
	case SIGNAL_REPORTS: script_machines_report(script); return true;
	default:
		script->signal = number;
		script_halt(script, SCRIPT_SIGNALLED);
		return false;
	}
}

static int wait_signal(const sigset_t *set, uint64_t until_ns)
{
	const uint64_t now = clock_now();
	const struct timespec wait = clock_timespec(until_ns > now ? until_ns - now : 0);

	return sigtimedwait(set, NULL, &wait);
}

static void *watch(void *opaque)
{
	struct script *script = opaque;
	const uint64_t limit = (uint64_t)(script->options->timeout * (double)NS_PER_S);
	uint64_t until_ns = clock_now() + limit;
	sigset_t set;
	int number;

	signals_awaited(&set);
	for (;;) {
		number = wait_signal(&set, until_ns);
		if (number > 0 && take_signal(script, number))
			continue;
		if (number < 0 && errno == EINTR)
			continue;
		if (number < 0)
			script_halt(script, SCRIPT_TIME_IS_UP);
		break;
	}
	number = wait_signal(&set, clock_now() + HARD_END_NS);
	end_hard(number > 0 ? 128 + number : STATUS_TIMEOUT);
	return NULL;
}

/* ---- the run ---- */

static int status_of(struct script *script, bool good)
{
	if (script->unreadable)
		return STATUS_NOT_RUN;
	switch ((enum script_stop)atomic_load(&script->stop)) {
	case SCRIPT_TIME_IS_UP: return STATUS_TIMEOUT;
	case SCRIPT_SIGNALLED: return 128 + script->signal;
	default: return good && !script->failed ? STATUS_OK : STATUS_HOST;
	}
}

static int run_script(struct script *script)
{
	struct script_turn turn = {.handler = false};
	int status;
	bool good;

	script_begin(script, &turn);
	script_add_library(script->lua, "machine", script_machine_library);
	good = script_run(script);
	script_finish(script);
	status = status_of(script, good);
	if (status != STATUS_OK)
		script_machines_report(script);
	script_halt(script, SCRIPT_ENDS);
	script_machines_end(script);
	/* A handler may have failed until now. */
	return status == STATUS_OK ? status_of(script, good) : status;
}

int command_script(int argc, char **argv)
{
	struct script_options options;
	struct script script;
	pthread_t watcher;
	int status = read_options(argc, argv, &options);

	if (status || options.help)
		return status;
	log_set_verbose(options.verbose);
	signals_prepare();
	if (!late_math_load() || !script_open(&script, &options, script_libraries))
		return STATUS_NOT_RUN;
	status = pthread_create(&watcher, NULL, watch, &script);
	if (status != 0) {
		error("no thread for signals: %s", strerror(status));
		script_close(&script);
		return STATUS_NOT_RUN;
	}
	printf("# seed %" PRIu64 "\n", options.seed);
	fflush(stdout);
	status = run_script(&script);
	script_close(&script);
	pthread_cancel(watcher);
	pthread_join(watcher, NULL);
	return status;
}
