/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the programs that count. */
#include <errno.h>

#include "vmm/forward/forward_programs.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "vmm/forward/forward_counts_fentry.skel.h"
#include "vmm/forward/forward_counts_tracepoint.skel.h"
#pragma GCC diagnostic pop

/* ---- at functions ---- */

static void destroy_fentry(void *skeleton)
{
	counts_fentry__destroy(skeleton);
}

int forward_load_counts_fentry(struct forward_programs *programs, unsigned int harts)
{
	struct counts_fentry *skeleton = counts_fentry__open();
	int result;

	*programs = (struct forward_programs){.step = "loading",
					      .skeleton = skeleton,
					      .destroy = destroy_fentry,
					      .on_functions = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->hart_count = harts;
	skeleton->maps.counts.max_entries = harts;
	result = counts_fentry__load(skeleton);
	return forward_begin(programs, result, skeleton->maps.counts.map_fd,
			     skeleton->progs.who_am_i.prog_fd, skeleton->progs.on_exit.prog_fd,
			     skeleton->progs.on_wfi.prog_fd);
}

/* ---- at tracepoints ---- */

static void destroy_tracepoint(void *skeleton)
{
	counts_tracepoint__destroy(skeleton);
}

int forward_load_counts_tracepoint(struct forward_programs *programs, unsigned int harts)
{
	struct counts_tracepoint *skeleton = counts_tracepoint__open();
	int result;

	*programs = (struct forward_programs){.step = "loading",
					      .skeleton = skeleton,
					      .destroy = destroy_tracepoint,
					      .on_functions = false};
	if (!skeleton)
		return -ENOMEM;
	skeleton->rodata->hart_count = harts;
	skeleton->maps.counts.max_entries = harts;
	result = counts_tracepoint__load(skeleton);
	return forward_begin(programs, result, skeleton->maps.counts.map_fd,
			     skeleton->progs.who_am_i.prog_fd, skeleton->progs.on_entry.prog_fd,
			     skeleton->progs.on_exit.prog_fd);
}
