/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two sides, each of one or more runs. Pure.
 *
 * Of a side's runs the median counts: one run in which something else happened does not move it.
 * What they scatter by is their median absolute deviation, times 1.4826, which makes it the
 * standard deviation where they scatter normally, but never less than the square root of the count:
 * what comes by chance, and independently, scatters by that, and a few runs may agree by chance.
 */
#ifndef VHART_DIFF_COMPARE_H
#define VHART_DIFF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/diff/diff_run.h"

enum diff_by { DIFF_BY_REASON, DIFF_BY_VCPU };
enum diff_per { DIFF_PER_RUN, DIFF_PER_SECOND };
/* A bit each. */
enum diff_hold { DIFF_HOLD_COUNT = 1, DIFF_HOLD_TIME = 2 };

struct diff_rules {
	uint64_t threshold; /* per cent */
	uint64_t noise;	    /* so many standard errors */
	enum diff_by by;
	enum diff_per per;
	enum diff_hold hold;
	uint64_t limit; /* so many rows are shown; 0: all */
};

/* Of the time of each exit is judged only what so many runs of each side have: fewer do not show
 * how much it differs from one run to another. */
#define DIFF_RUNS_FOR_TIME 3u

enum diff_change {
	DIFF_SAME, /* not beyond threshold and noise */
	DIFF_MORE,
	DIFF_FEWER,
	DIFF_NEW,
	DIFF_GONE,
	DIFF_UNKNOWN, /* too few runs */
};

/* Of one quantity on both sides: before and after. */
struct diff_values {
	double middle[2]; /* medians */
	double noise;	  /* what their difference must be above: rules.noise standard errors */
	double percent;	  /* of the first; 0 where that is 0 */
	enum diff_change change;
};

struct diff_row {
	const char *reason, *sub, *at; /* of the first run that has it */
	int64_t vcpu;		       /* -1: of all */
	bool hosts;		       /* an interrupt of the host's: never a regression */
	bool regressed;		       /* as rules.hold has it */
	struct diff_values count;      /* exits of a run, or of a second */
	struct diff_values each;       /* ns of handling an exit: only runs that have any */
	double cost; /* ns of handling that were added to a run, or to a second; or
			samples */
};

struct diff_side {
	const struct diff_run *runs; /* at least one; all of both sides of one kind */
	size_t count;
};

enum diff_of {
	DIFF_OF_ALL,
	DIFF_OF_KEYS, /* registers, CSRs or functions, where all runs have the same */
};

struct diff {
	enum diff_of of;
	struct diff_row *rows; /* what changed the host's time most comes first */
	size_t count;
	struct diff_row total; /* of all; but of counts, without the host's interrupts */
	size_t regressed;      /* rows, the total of DIFF_OF_ALL too */
};

/* False: no memory. DIFF is freed by diff_free() either way. */
bool diff_compare(struct diff *diff, const struct diff_rules *rules,
		  const struct diff_side sides[2], enum diff_of of);
void diff_free(struct diff *diff);

/* Whether all runs tell exits apart by the same keys. */
bool diff_has_keys(const struct diff_side sides[2]);

/* What RUNS have on both sides, each at least 0 (the numbers are used up); FLOOR is the scatter of
 * one run that is taken at least. */
struct diff_values diff_judge(const struct diff_rules *rules, double *runs[2],
			      const size_t counts[2], const double floor[2]);

#endif
