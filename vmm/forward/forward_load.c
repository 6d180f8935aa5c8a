/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs that bring calls and counter reads. */
#include <errno.h>

#include "vmm/forward/forward_programs.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "vmm/forward/forward_calls_fentry.skel.h"
#include "vmm/forward/forward_calls_tracepoint.skel.h"
#pragma GCC diagnostic pop

/* ---- at functions ---- */

static void destroy_fentry(void *skeleton)
{
	calls_fentry__destroy(skeleton);
}

int forward_load_calls_fentry(struct forward_programs *programs, const struct forward_rules *rules,
			      unsigned int harts, unsigned int signal_number)
{
	struct calls_fentry *skeleton = calls_fentry__open();
	bool calls = rules->count || rules->mend_restart || rules->hart_stops;
	int result;

	*programs = (struct forward_programs){.step = "loading",
					      .skeleton = skeleton,
					      .destroy = destroy_fentry,
					      .on_functions = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->rules = *rules;
	skeleton->rodata->signal_number = signal_number;
	skeleton->maps.slots.max_entries = harts;
	result = calls_fentry__load(skeleton);
	return forward_begin(programs, result, skeleton->maps.slots.map_fd,
			     skeleton->progs.who_am_i.prog_fd,
			     calls ? skeleton->progs.on_ecall.prog_fd : -1,
			     rules->counter_reads ? skeleton->progs.on_instruction.prog_fd : -1);
}

/* ---- at tracepoints ---- */

static void destroy_tracepoint(void *skeleton)
{
	calls_tracepoint__destroy(skeleton);
}

int forward_load_calls_tracepoint(struct forward_programs *programs,
				  const struct forward_rules *rules, unsigned int harts,
				  unsigned int signal_number)
{
	struct calls_tracepoint *skeleton = calls_tracepoint__open();
	int result;

	*programs = (struct forward_programs){.step = "loading",
					      .skeleton = skeleton,
					      .destroy = destroy_tracepoint,
					      .may_be_late = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->rules = *rules;
	skeleton->rodata->signal_number = signal_number;
	skeleton->maps.slots.max_entries = harts;
	result = calls_tracepoint__load(skeleton);
	return forward_begin(programs, result, skeleton->maps.slots.map_fd,
			     skeleton->progs.who_am_i.prog_fd, skeleton->progs.on_entry.prog_fd,
			     skeleton->progs.on_exit.prog_fd);
}
