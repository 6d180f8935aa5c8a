/* SPDX-License-Identifier: Apache-2.0 */
/* The forward's BPF programs, loaded and attached. For the files of the forward only. */
#ifndef VHART_FORWARD_PROGRAMS_H
#define VHART_FORWARD_PROGRAMS_H

#include "base/skeleton.h"
#include "vmm/forward/forward_map.h"

/* One object file of them. */
struct forward_programs {
	const char *step; /* what failed */
	struct loaded_skeleton loaded;
	int map;	   /* of slots, or of counts */
	bool on_functions; /* of KVM, not at its tracepoints */
	bool may_be_late;  /* the signal can come when the hart has gone on */
};

/* An object file of programs: what they do, and where they are attached. */
enum forward_object {
	FORWARD_CALLS_AT_FUNCTIONS, /* calls and counter reads */
	FORWARD_CALLS_AT_TRACEPOINTS,
	FORWARD_COUNTS_AT_FUNCTIONS, /* what is counted */
	FORWARD_COUNTS_AT_TRACEPOINTS,
};

/* Whose vCPUs the programs are for. */
struct forward_target {
	uint64_t machine; /* what their kvm_run has: see forward_attach_vcpu() */
	unsigned int harts;
	unsigned int signal_number; /* what calls raise */
};

/* 0, or -errno with nothing left but STEP. */
int forward_load(struct forward_programs *programs, enum forward_object object,
		 const struct forward_rules *rules, const struct forward_target *target);

/* Whether they still run where they were attached. */
bool forward_attached(const struct forward_programs *programs);
void forward_unload(struct forward_programs *programs);

/* ---- for the file that loads ---- */

/*
 * A skeleton was loaded with RESULT: 0 or -errno. MAP is its map; SETUP is run once; FIRST and
 * SECOND are attached where they say (-1: not wanted). 0, or -errno with everything unloaded.
 */
int forward_begin(struct forward_programs *programs, int result, int map, int setup, int first,
		  int second);

#endif
