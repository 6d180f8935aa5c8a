/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs that bring calls and counter reads. */
#include <errno.h>

#include "sbi/forward_programs.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "forward_calls_fentry.skel.h"
#include "forward_calls_tracepoint.skel.h"
#pragma GCC diagnostic pop

/* ---- at functions ---- */

static void destroy_fentry(void *skeleton)
{
	calls_fentry__destroy(skeleton);
}

static int start_fentry(struct forward_programs *programs, struct calls_fentry *skeleton,
			const struct forward_rules *rules)
{
	int result;

	programs->step = "loading";
	result = calls_fentry__load(skeleton);
	if (result < 0)
		return result;
	programs->map = skeleton->maps.slots.map_fd;
	programs->step = "running";
	result = forward_run(skeleton->progs.who_am_i.prog_fd);
	if (result < 0)
		return result;
	programs->step = "attaching";
	if (rules->count || rules->mend_restart || rules->hart_stops)
		result = forward_attach(programs, skeleton->progs.on_ecall.prog_fd);
	if (result == 0 && rules->counter_reads)
		result = forward_attach(programs, skeleton->progs.on_instruction.prog_fd);
	return result;
}

int forward_load_calls_fentry(struct forward_programs *programs, const struct forward_rules *rules,
			      unsigned int harts, unsigned int signal_number)
{
	struct calls_fentry *skeleton = calls_fentry__open();
	int result;

	*programs = (struct forward_programs){.step = "opening",
					      .skeleton = skeleton,
					      .destroy = destroy_fentry,
					      .on_functions = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->rules = *rules;
	skeleton->rodata->signal_number = signal_number;
	skeleton->maps.slots.max_entries = harts;
	result = start_fentry(programs, skeleton, rules);
	if (result < 0)
		forward_unload(programs);
	return result;
}

/* ---- at tracepoints ---- */

static void destroy_tracepoint(void *skeleton)
{
	calls_tracepoint__destroy(skeleton);
}

static int start_tracepoint(struct forward_programs *programs, struct calls_tracepoint *skeleton)
{
	int result;

	programs->step = "loading";
	result = calls_tracepoint__load(skeleton);
	if (result < 0)
		return result;
	programs->map = skeleton->maps.slots.map_fd;
	programs->step = "running";
	result = forward_run(skeleton->progs.who_am_i.prog_fd);
	if (result < 0)
		return result;
	programs->step = "attaching";
	result = forward_attach(programs, skeleton->progs.on_entry.prog_fd);
	return result < 0 ? result : forward_attach(programs, skeleton->progs.on_exit.prog_fd);
}

int forward_load_calls_tracepoint(struct forward_programs *programs,
				  const struct forward_rules *rules, unsigned int harts,
				  unsigned int signal_number)
{
	struct calls_tracepoint *skeleton = calls_tracepoint__open();
	int result;

	*programs = (struct forward_programs){.step = "opening",
					      .skeleton = skeleton,
					      .destroy = destroy_tracepoint,
					      .may_be_late = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->rules = *rules;
	skeleton->rodata->signal_number = signal_number;
	skeleton->maps.slots.max_entries = harts;
	result = start_tracepoint(programs, skeleton);
	if (result < 0)
		forward_unload(programs);
	return result;
}
