/* SPDX-License-Identifier: Apache-2.0 */
/* The forward's BPF programs, loaded and attached. For the files of the forward only. */
#ifndef VHART_FORWARD_PROGRAMS_H
#define VHART_FORWARD_PROGRAMS_H

#include "vmm/forward/forward_map.h"

#define FORWARD_MAX_LINKS 2u

/* One object file of them. */
struct forward_programs {
	const char *step; /* what failed */
	int links[FORWARD_MAX_LINKS];
	unsigned int link_count;
	int map;	   /* of slots, or of counts */
	bool on_functions; /* of KVM, not at its tracepoints */
	bool may_be_late;  /* the signal can come when the hart has gone on */
	void *skeleton;
	void (*destroy)(void *skeleton);
};

/*
 * Calls and counter reads, at functions or at tracepoints. SIGNAL_NUMBER is what they raise. 0 or
 * -errno with nothing left but STEP.
 */
int forward_load_calls_fentry(struct forward_programs *programs, const struct forward_rules *rules,
			      unsigned int harts, unsigned int signal_number);
int forward_load_calls_tracepoint(struct forward_programs *programs,
				  const struct forward_rules *rules, unsigned int harts,
				  unsigned int signal_number);
/* What is counted, likewise. */
int forward_load_counts_fentry(struct forward_programs *programs, unsigned int harts);
int forward_load_counts_tracepoint(struct forward_programs *programs, unsigned int harts);

/* Whether they still run where they were attached. */
bool forward_attached(const struct forward_programs *programs);
void forward_unload(struct forward_programs *programs);

/* ---- for the files that load ---- */

/*
 * A skeleton was loaded with RESULT: 0 or -errno. MAP is its map; SETUP is run once; FIRST and
 * SECOND are attached where they say (-1: not wanted). 0, or -errno with everything unloaded.
 */
int forward_begin(struct forward_programs *programs, int result, int map, int setup, int first,
		  int second);

#endif
