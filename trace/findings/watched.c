/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/watched.h"

/* States may be split otherwise later: one of them can have less than before. */
static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static void take_rows(struct watched_vcpu *watched, struct row_counts *rows,
		      const struct exit_times *times)
{
	for (uint32_t row = 0; row < EXIT_ROWS; row++) {
		struct row_counts *before = &watched->rows[row];

		rows[row] = (struct row_counts){since(times[row].count, before->count),
						since(times[row].ns, before->ns),
						since(times[row].halted_ns, before->halted_ns)};
		*before =
			(struct row_counts){times[row].count, times[row].ns, times[row].halted_ns};
		if (row < EXIT_EXCEPTION && times[row].count)
			watched->sees_all = true;
	}
}

/* Of a kernel alone, which is where addresses are negative: a boot loader's is another than that of
 * what it loads. */
static void take_vector(struct watched_past *past, uint64_t stvec, struct vcpu_interval *interval)
{
	if (stvec == past->stvec) {
		past->stvec_looks++;
		return;
	}
	if (past->stvec >> 63 && stvec)
		interval->vector_looks = past->stvec_looks;
	past->stvec = stvec;
	past->stvec_looks = 0;
}

void watched_take(struct watched_vcpu *watched, const struct stat_sample *sample, uint32_t index,
		  uint64_t length, bool is_short, struct row_counts *rows,
		  struct vcpu_interval *interval)
{
	const struct exit_vcpu *vcpu = &sample->vcpus[index];

	*interval = (struct vcpu_interval){.rows = rows,
					   .exit_rates = &watched->past.exit_rates,
					   .fault_shares = &watched->past.fault_shares,
					   .resets = &watched->past.resets,
					   .state = vcpu->state};
	if (!vcpu->first)
		return;
	take_rows(watched, rows, &sample->times[(size_t)index * EXIT_TIMES]);
	interval->sees_all = watched->sees_all;
	interval->exits = since(vcpu->exits, watched->exits);
	watched->exits = vcpu->exits;
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		interval->ns[state] = since(vcpu->ns[state], watched->ns[state]);
		interval->whole += interval->ns[state];
		watched->ns[state] = vcpu->ns[state];
	}
	/* One that came, or ended, in the middle of it, was there for a piece that says little. */
	interval->is_part = is_short || !watched->seen || interval->whole < length / 2;
	take_vector(&watched->past, vcpu->stvec, interval);
	watched->seen = true;
	watched->tgid = vcpu->tgid;
	watched->vcpu_id = vcpu->vcpu_id;
}

void watched_keep(struct watched_vcpu *watched, const struct vcpu_interval *interval)
{
	struct watched_past *past = &watched->past;
	struct rule_seen unused = {0};

	if (!interval->whole)
		return;
	past_add(&past->resets, (double)rule_resets(interval));
	if (interval->is_part)
		return;
	past_add(&past->exit_rates, (double)interval->exits * 1e9 / (double)interval->whole);
	past_add(&past->fault_shares, rule_fault_share(interval, &unused));
}
