/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came when: the states of each vCPU and the exits by reason, column by column of time.
 * However long it goes on the columns are bounded: when there is no more room each two become one,
 * and from then on a column lasts twice as long. Pure; one thread.
 */
#ifndef VHART_STAT_HISTORY_H
#define VHART_STAT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"

#define STAT_HISTORY_COLUMNS 512u
#define STAT_HISTORY_STEP    200000000ull /* ns: a column's length at first */

struct stat_column {
	uint64_t end; /* CLOCK_MONOTONIC, ns; it begins where the one before ended */
	uint64_t ns[EXIT_VCPUS][VCPU_STATES];
	uint64_t exits[EXIT_ROWS]; /* of all vCPUs */
};

struct stat_history {
	uint64_t from; /* where the first column begins; 0: there was no look */
	uint64_t step; /* ns: how long after a look the next one is due */
	uint32_t count;
	struct stat_column *columns; /* STAT_HISTORY_COLUMNS */
	struct stat_column before;   /* what had been counted at the last look */
	bool seen[EXIT_VCPUS];	     /* had been at it */
};

/* NULL: no memory. */
struct stat_history *stat_history_new(void);
void stat_history_free(struct stat_history *history); /* NULL is fine */

/* SAMPLE is what was counted up to now, no difference. The first only says where it begins. */
void stat_history_look(struct stat_history *history, const struct stat_sample *sample);
/* As if that were the first. */
void stat_history_reset(struct stat_history *history, const struct stat_sample *sample);

/* How long COLUMN is, ns, never 0. */
uint64_t stat_history_length(const struct stat_history *history, uint32_t column);

#endif
