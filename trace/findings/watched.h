/* SPDX-License-Identifier: Apache-2.0 */
/* One vCPU from look to look: what came since the last one, and what is kept of all before. Pure.
 */
#ifndef VHART_WATCHED_H
#define VHART_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"
#include "trace/findings/found.h"
#include "trace/findings/rules.h"

/* What a rule has seen of a vCPU without a break. */
struct streak {
	uint32_t intervals;
	bool is_left; /* of a rule that adds up: SUMS is the interval before, which was no finding
		       */
	struct finding sums;
};

/* What outlives the collector. */
struct watched_past {
	struct past exit_rates, fault_shares, resets;
	uint64_t stvec;	      /* 0: not known */
	uint32_t stvec_looks; /* so many found it the same */
	struct streak streaks[RULES_MAX];
};

struct watched_vcpu {
	bool seen; /* it was there at the last look */
	uint32_t tgid, vcpu_id;
	bool sees_all;
	uint64_t exits, ns[VCPU_STATES];
	struct row_counts rows[EXIT_ROWS]; /* so far */
	struct watched_past past;
};

/*
 * INTERVAL is what came to WATCHED up to the look at INDEX of SAMPLE, LENGTH ns after the last one,
 * with ROWS (EXIT_ROWS) of it, which are the caller's. IS_SHORT: it is less than an interval that
 * rules judge. Its whole is 0 where there is none to judge.
 */
void watched_take(struct watched_vcpu *watched, const struct stat_sample *sample, uint32_t index,
		  uint64_t length, bool is_short, struct row_counts *rows,
		  struct vcpu_interval *interval);

/* The interval was judged, and is past. */
void watched_keep(struct watched_vcpu *watched, const struct vcpu_interval *interval);

#endif
