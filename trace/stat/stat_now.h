/* SPDX-License-Identifier: Apache-2.0 */
/* What a vCPU of a sample does at its moment, and what watching it costs. Pure. */
#ifndef VHART_STAT_NOW_H
#define VHART_STAT_NOW_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"

/* The sum of its states, ns. */
uint64_t stat_time_of(const struct exit_vcpu *vcpu);

/* What the programs took themselves: 0 where too few exits say. */
struct stat_own_cost {
	uint64_t ns;	/* an exit */
	double percent; /* of the vCPUs' time */
};
struct stat_own_cost stat_own_cost(const struct stat_sample *sample);

/* An exit of it is being handled. */
bool stat_in_exit(const struct exit_vcpu *vcpu);
/* It slept when watching began, and does still; stat_asleep_word() says in what. */
bool stat_is_asleep(const struct exit_vcpu *vcpu);
const char *stat_asleep_word(uint64_t state); /* NULL: nobody sleeps in that STATE */
/* It sleeps at its pc. */
bool stat_sleeps_at(const struct exit_vcpu *vcpu);
/* How long the exit has taken, ns. It may have come after WHEN: vCPUs are read one after the
 * other. */
uint64_t stat_in_flight(const struct exit_vcpu *vcpu, uint64_t when);

#endif
