/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles written in the formats that other tools open. The same profile and options give the same
 * bytes, in whatever order the samples came.
 *
 * Each returns 0, or a negative error number: the stream's (a full disk is seen when it is flushed,
 * which these do), -ENOMEM, or -ENOSPC where a profile near its limit makes a tree over its own.
 */
#ifndef VHART_EXPORT_H
#define VHART_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/export/profile.h"

enum export_weight { EXPORT_COUNT, EXPORT_HOST_NS };

struct export_options {
	enum export_weight weight;
	/* Folded stacks and flame graphs begin with the VM, the vCPU, the guest's thread and the
	 * mode: web1;vcpu0;sh;[guest.kernel]. What is not known is left out. */
	bool labels_as_roots;
	bool vcpus_together;  /* not the vCPU, then: their stacks are added up */
	const char *title;    /* of a flame graph; NULL: "Flame graph" */
	const char *subtitle; /* below it, what was measured; NULL: nothing */
	const char *counts;   /* what one count is: "samples" (NULL) or "exits" */
	/* For pprof, which shows them; 0 where not known. */
	uint64_t time_ns; /* CLOCK_REALTIME at the start */
	uint64_t duration_ns;
	uint64_t period_ns; /* of sampling by time */
};

uint64_t export_value(const struct export_options *options, struct profile_values values);

/* Brendan Gregg's collapsed stacks: root;...;leaf SPACE number. ';' in a name becomes ':'. */
int export_folded(struct profile *profile, const struct export_options *options, FILE *to);

/* One SVG file that needs no other; without its script (flamegraph.js) it is a picture with
 * tooltips. */
int export_flamegraph(struct profile *profile, const struct export_options *options, FILE *to);
/* The picture alone, for a page that has its style and script (flamegraph_text.h) once. */
int export_flamegraph_inside(struct profile *profile, const struct export_options *options,
			     FILE *to);

/* profile.proto, not compressed; both values, and the labels as pprof's own. */
int export_pprof(struct profile *profile, const struct export_options *options, FILE *to);

/* How a stream that was written to ended; errno was 0 before the first write, which may be what
 * failed. */
int export_flush(FILE *to);

#endif
