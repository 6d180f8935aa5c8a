/* SPDX-License-Identifier: Apache-2.0 */
/* Loads what forward_exits.bpf.c is compiled to. */
#include <errno.h>

#include "sbi/forward_programs.h"

/* Generated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "forward_exits.skel.h"
#pragma GCC diagnostic pop

static void destroy(void *skeleton)
{
	bpf_exits__destroy(skeleton);
}

static int start(struct forward_programs *programs, struct bpf_exits *skeleton)
{
	int result;

	programs->step = "loading";
	result = bpf_exits__load(skeleton);
	if (result < 0)
		return result;
	programs->step = "running";
	result = forward_run(skeleton->progs.who_am_i.prog_fd);
	if (result < 0)
		return result;
	programs->step = "attaching";
	result = forward_attach(programs, skeleton->progs.on_exit.prog_fd);
	return result < 0 ? result : forward_attach(programs, skeleton->progs.on_wfi.prog_fd);
}

int forward_load_exits(struct forward_programs *programs, unsigned int harts)
{
	struct bpf_exits *skeleton = bpf_exits__open();
	int result;

	*programs = (struct forward_programs){
		.step = "opening", .skeleton = skeleton, .destroy = destroy, .on_functions = true};
	if (!skeleton)
		return -ENOMEM;
	skeleton->maps.exits.max_entries = harts;
	result = start(programs, skeleton);
	if (result < 0) {
		forward_unload(programs);
		return result;
	}
	programs->exits = skeleton->maps.exits.map_fd;
	return 0;
}
