/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_now.h"

#include <stddef.h>

uint64_t stat_time_of(const struct exit_vcpu *vcpu)
{
	uint64_t sum = 0;

	for (uint32_t state = 0; state < VCPU_STATES; state++)
		sum += vcpu->ns[state];
	return sum;
}

struct stat_own_cost stat_own_cost(const struct stat_sample *sample)
{
	uint64_t timed = 0, own_ns = 0, exits = 0, whole = 0;

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		timed += sample->vcpus[i].timed;
		own_ns += sample->vcpus[i].own_ns;
		exits += sample->vcpus[i].exits;
		whole += stat_time_of(&sample->vcpus[i]);
	}
	if (!timed || !whole)
		return (struct stat_own_cost){0};
	double each = (double)own_ns / (double)timed;
	return (struct stat_own_cost){(uint64_t)each, 100.0 * each * (double)exits / (double)whole};
}

/* What a vCPU slept in when watching began. */
static const char *const asleep_words[VCPU_STATES] = {
	[VCPU_VMM] = "in the VMM",
	[VCPU_HALTED] = "halted",
	[VCPU_WAITING] = "stopped by a signal",
	[VCPU_BLOCKED] = "stopped",
};

const char *stat_asleep_word(uint64_t state)
{
	return state < VCPU_STATES ? asleep_words[state] : NULL;
}

bool stat_in_exit(const struct exit_vcpu *vcpu)
{
	return vcpu->open == EXIT_DIRECT || vcpu->open == EXIT_DETOUR;
}

bool stat_is_asleep(const struct exit_vcpu *vcpu)
{
	return vcpu->open == EXIT_UNSEEN && vcpu->exited && stat_asleep_word(vcpu->state);
}

bool stat_sleeps_at(const struct exit_vcpu *vcpu)
{
	return vcpu->state == VCPU_HALTED || vcpu->state == VCPU_BLOCKED;
}

uint64_t stat_in_flight(const struct exit_vcpu *vcpu, uint64_t when)
{
	return when > vcpu->exited ? when - vcpu->exited : 0;
}
