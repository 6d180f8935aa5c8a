/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, differences and percentiles of what was counted. Pure. */
#ifndef VHART_STAT_TIMES_H
#define VHART_STAT_TIMES_H

#include "trace/exits/exit_sample.h"

/* AFTER becomes what came between BEFORE and it. Minima and maxima are left: they are of the
 * interval. */
void stat_difference(struct stat_sample *after, const struct stat_sample *before);

/* The same of a vCPU's states. */
void stat_subtract_states(uint64_t after[VCPU_STATES], const uint64_t before[VCPU_STATES]);

void stat_add_times(struct exit_times *sum, const struct exit_times *more);

/* The duration of which SHARE (0 to 1) are not longer, from its bucket; within min and max. */
uint64_t stat_percentile(const struct exit_times *times, double share);

/* "1.4us": three digits. */
const char *stat_duration(uint64_t ns, char out[16]);

#endif
