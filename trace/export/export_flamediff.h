/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two profiles, as a flame graph. Pure. */
#ifndef VHART_EXPORT_FLAMEDIFF_H
#define VHART_EXPORT_FLAMEDIFF_H

#include <stdio.h>

#include "trace/export/profile.h"

struct flamediff {
	/* A profile of both sides: of each stack the count is what it was before, and host_ns what
	 * it is after, in one unit. */
	struct profile *both;
	const char *title, *subtitle;
	double one;	  /* what a sample is in it; 0: it has ns */
	double threshold; /* a change of at most so many per cent is none, */
	double noise; /* nor of at most so many standard errors of samples, which come by chance */
	/* What a sample that was taken is in it, where a mean of several runs is; 0: it has none.
	 */
	double sample;
};

/*
 * One SVG file as export_flamegraph() writes. A frame is as wide as it was before and after
 * together, so that what is gone is seen as well; its name begins with how it changed, so that this
 * can be told, and searched for, without colours. 0, or a negative error number as the exports have
 * it (export.h).
 */
int export_flamediff(const struct flamediff *diff, FILE *to);

#endif
