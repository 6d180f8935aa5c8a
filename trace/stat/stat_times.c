/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_times.h"

#include "trace/names/text.h"

const char *stat_duration(uint64_t ns, char out[16])
{
	return text_duration(ns, out);
}

uint64_t stat_percentile(const struct exit_times *times, double share)
{
	uint64_t total = 0, below = 0;

	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		total += times->buckets[i];
	for (uint32_t i = 0; i < EXIT_BUCKETS && total; i++) {
		uint64_t upto = below + times->buckets[i];

		if (times->buckets[i] && (double)upto >= share * (double)total) {
			double part = (share * (double)total - (double)below) / times->buckets[i];
			uint64_t start = exit_bucket_start(i), end = exit_bucket_start(i + 1);
			uint64_t ns = start + (uint64_t)(part * (double)(end - start));

			return ns < times->min ? times->min : ns > times->max ? times->max : ns;
		}
		below = upto;
	}
	return times->max;
}

static void subtract_times(struct exit_times *after, const struct exit_times *before)
{
	after->count -= before->count;
	after->to_vmm -= before->to_vmm;
	after->ns -= before->ns;
	after->vmm_ns -= before->vmm_ns;
	after->halted_ns -= before->halted_ns;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		after->buckets[i] -= before->buckets[i];
}

void stat_add_times(struct exit_times *sum, const struct exit_times *more)
{
	if (!more->count)
		return;
	if (!sum->count || more->min < sum->min)
		sum->min = more->min;
	if (!sum->count || more->max > sum->max)
		sum->max = more->max;
	sum->count += more->count;
	sum->to_vmm += more->to_vmm;
	sum->ns += more->ns;
	sum->vmm_ns += more->vmm_ns;
	sum->halted_ns += more->halted_ns;
	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		sum->buckets[i] += more->buckets[i];
}

static bool same_key(const struct exit_key_name *a, const struct exit_key_name *b)
{
	return a->value == b->value && a->vcpu == b->vcpu && a->row == b->row;
}

/*
 * That a vCPU halted is known when the halt is over: what went by before, as when KVM looked
 * whether it ends soon, was counted as another state's until then. Where that was before the
 * interval, the other state has less than it had; so much is not of the interval, and another one's
 * too much.
 */
void stat_subtract_states(uint64_t after[VCPU_STATES], const uint64_t before[VCPU_STATES])
{
	static const enum vcpu_state likely[] = {VCPU_HALTED,  VCPU_BLOCKED, VCPU_KERNEL,
						 VCPU_WAITING, VCPU_VMM,     VCPU_GUEST};
	uint64_t too_much = 0;

	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		const uint64_t now = after[state], then = before[state];

		too_much += now < then ? then - now : 0;
		after[state] = now < then ? 0 : now - then;
	}
	for (size_t i = 0; i < VCPU_STATES && too_much; i++) {
		uint64_t *ns = &after[likely[i]];
		const uint64_t part = too_much < *ns ? too_much : *ns;

		*ns -= part;
		too_much -= part;
	}
}

void stat_difference(struct stat_sample *after, const struct stat_sample *before)
{
	for (uint32_t i = 0; i < before->vcpu_count && i < after->vcpu_count; i++) {
		struct exit_vcpu *vcpu = &after->vcpus[i];

		if (!before->vcpus[i].first)
			continue;
		vcpu->exits -= before->vcpus[i].exits;
		vcpu->orphans -= before->vcpus[i].orphans;
		vcpu->timed -= before->vcpus[i].timed;
		vcpu->own_ns -= before->vcpus[i].own_ns;
		stat_subtract_states(vcpu->ns, before->vcpus[i].ns);
		for (uint32_t row = 0; row < EXIT_TIMES; row++)
			subtract_times(&after->times[i * EXIT_TIMES + row],
				       &before->times[i * EXIT_TIMES + row]);
	}
	/* A hash gives no order: each key is looked for. */
	for (size_t i = 0; i < after->keyed_count; i++)
		for (size_t j = 0; j < before->keyed_count; j++)
			if (same_key(&after->keyed[i].name, &before->keyed[j].name))
				subtract_times(&after->keyed[i].times, &before->keyed[j].times);
}
