/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF programs that watch vCPUs, loaded and attached. For bpf_source.c only. */
#ifndef VHART_BPF_PROGRAMS_H
#define VHART_BPF_PROGRAMS_H

#include "base/skeleton.h"
#include "trace/exits/exit_task.h"
#include "trace/exits/exits_map.h"

#define BPF_PROGRAMS_KEYS 8192u /* that exits can be told apart by */

/* Where they are attached. */
enum bpf_programs_at {
	PROGRAMS_AT_LCOFI, /* as the next, and at functions that a sample passes */
	PROGRAMS_AT_FUNCTIONS,
	PROGRAMS_AT_TRACEPOINTS,
};

struct bpf_programs {
	const char *step; /* what failed */
	struct loaded_skeleton loaded;
	int attached[SKELETON_LINKS]; /* the programs behind its links, in their order */
	unsigned int program_count;
	int vcpus, known, runners, keyed, rings, records, texts, stacks, pieces, tasks; /* maps */
	int sampling;	     /* a program */
	uint64_t *keys_lost; /* in memory that the programs share */
	uint32_t *vcpu_count;
	struct task_places *task_places;
};

/* 0, or -errno with nothing left but STEP. */
int bpf_programs_load(struct bpf_programs *programs, enum bpf_programs_at at,
		      const struct exit_rules *rules);
/* Begins: what was to be there before has been put into the maps. 0, or -errno. */
int bpf_programs_attach(struct bpf_programs *programs);
void bpf_programs_unload(struct bpf_programs *programs);

#endif
