/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run as it is compared: what came how often, and how long it took. Of what `vhart stat --save`
 * counted that are exits by reason, of a recording the functions of the guest.
 */
#ifndef VHART_DIFF_RUN_H
#define VHART_DIFF_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/record/report.h"
#include "trace/stat/stat_file.h"

enum diff_kind {
	DIFF_COUNTS,  /* of `vhart stat --save` */
	DIFF_EXITS,   /* a recording of exits: which functions caused them */
	DIFF_SAMPLES, /* a recording of samples: which functions they fell in; they took no time */
};

/* Texts are of a file: shown by printable() alone. */
struct diff_item {
	const char *reason, *sub; /* "sbi", "time.set_timer"; or a function, and "" */
	const char *at;		  /* of keys: a device register, a CSR, a function; else "" */
	int64_t vcpu;
	double count, ns;
	double squares; /* of the ns of each, about; 0: not known */
};

/* What should be alike: its name, of our own, and what the run has. */
struct diff_fact {
	const char *what, *text;
	char number[40]; /* TEXT, where it is made of one */
};
#define DIFF_FACTS 6u

struct diff_items {
	struct diff_item *items;
	size_t count;
};

/* It does not move: its facts point into it. */
struct diff_run {
	enum diff_kind kind;
	double seconds; /* 0: not known */
	uint64_t lost;
	struct diff_fact facts[DIFF_FACTS]; /* WHAT is NULL: it has no more */
	struct diff_items all;
	struct diff_items keys; /* the exits that counts.facts.keys tells apart */
	/* What it was made from, which the items point into. */
	struct stat_file counts;
	struct report *report; /* with a profile; NULL: it is no recording */
};

/* RUN is empty. False after error(). Freed by diff_run_free() either way. */
bool diff_run_read(const char *path, struct diff_run *run);
void diff_run_free(struct diff_run *run);

/* ---- pure ---- */

/* Of the counts that RUN has, whose names of keys become those of the items; of the profile of its
 * report. False: no memory. */
bool diff_run_of_counts(struct diff_run *run);
bool diff_run_of_recording(struct diff_run *run);

#endif
