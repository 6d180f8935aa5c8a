/* SPDX-License-Identifier: Apache-2.0 */
/* Loads what forward_fentry.bpf.c is compiled to. */
#include <errno.h>

#include "sbi/forward_programs.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "forward_fentry.skel.h"
#pragma GCC diagnostic pop

static void destroy(void *skeleton)
{
	bpf_fentry__destroy(skeleton);
}

static int start(struct forward_programs *programs, struct bpf_fentry *skeleton,
		 const struct forward_rules *rules)
{
	int result;

	programs->step = "loading";
	result = bpf_fentry__load(skeleton);
	if (result < 0)
		return result;
	programs->step = "running";
	result = forward_run(skeleton->progs.who_am_i.prog_fd);
	if (result < 0)
		return result;
	programs->step = "attaching";
	if (rules->count || rules->mend_restart || rules->counts || rules->hart_stops)
		result = forward_attach(programs, skeleton->progs.on_ecall.prog_fd);
	if (result == 0 && rules->counter_reads)
		result = forward_attach(programs, skeleton->progs.on_instruction.prog_fd);
	return result;
}

int forward_load_fentry(struct forward_programs *programs, const struct forward_rules *rules,
			unsigned int harts, unsigned int signal_number)
{
	struct bpf_fentry *skeleton = bpf_fentry__open();
	int result;

	*programs = (struct forward_programs){
		.step = "opening", .skeleton = skeleton, .destroy = destroy, .on_functions = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->rules = *rules;
	skeleton->rodata->signal_number = signal_number;
	skeleton->rodata->hart_count = harts;
	skeleton->maps.slots.max_entries = harts;
	skeleton->maps.firmware.max_entries = harts;
	result = start(programs, skeleton, rules);
	if (result < 0) {
		forward_unload(programs);
		return result;
	}
	programs->slots = skeleton->maps.slots.map_fd;
	programs->firmware = skeleton->maps.firmware.map_fd;
	programs->counting = &skeleton->bss->counting;
	return 0;
}
