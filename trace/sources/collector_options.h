/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector is to watch, and why it does not: for it and its sources. */
#ifndef VHART_COLLECTOR_OPTIONS_H
#define VHART_COLLECTOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/option_spec.h"
#include "trace/exits/exits_map.h"

/* Ways to watch, the best first. */
enum collector_tier { TIER_BEST, TIER_FUNCTIONS, TIER_TRACEPOINTS, TIER_PERF, TIER_LOG };
/* All but TIER_BEST. */
extern const struct option_choice collector_tiers[];

struct collector_options {
	pid_t pid;		  /* watch the VMs of this process; 0: of all */
	int log;		  /* memory for the log of a VM that is yet to start, or -1 */
	enum exit_key key;	  /* what else than the row exits are told apart by */
	uint32_t vcpus;		  /* there is room for so many */
	uint32_t traced;	  /* enum exit_class: also keep these exits one by one */
	uint32_t text;		  /* so much of what they write, at most RECORD_LONG_TEXT */
	bool lcofi;		  /* also the paths of samples, where functions can be hooked */
	bool sampled;		  /* also those during which the sampling event overflowed */
	bool stacks;		  /* and the guest's stack with each of them */
	bool tasks;		  /* and its task, where it is known where that is */
	uint64_t buffer;	  /* bytes for all rings; 0: as many as are usual on such a host */
	enum collector_tier tier; /* TIER_BEST: the first that can be had */
};

/*
 * Why there is none, or none as good as could be: the step that failed, the error, and the way out.
 */
struct collector_refusal {
	char why[160];
	char way_out[160];
};

#endif
