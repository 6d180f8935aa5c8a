/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/engine.h"

#include <stdlib.h>
#include <string.h>

/* What a rule has seen of a vCPU without a break. */
struct streak {
	uint32_t intervals;
	struct finding sums;
};

struct watched_vcpu {
	bool seen; /* it was there at the last look */
	bool sees_all;
	uint64_t exits, ns[VCPU_STATES];
	struct row_counts rows[EXIT_ROWS]; /* so far */
	struct past exit_rates, fault_shares;
	struct streak streaks[RULES_MAX];
};

struct key {
	struct exit_key_name name;
	uint64_t count, ns;
};

struct keys {
	struct key *keys; /* in order */
	size_t count, room;
};

struct findings {
	struct findings_options options;
	uint64_t begin, last; /* looks */
	struct watched_vcpu vcpus[EXIT_VCPUS];
	struct vcpu_interval intervals[EXIT_VCPUS];
	struct row_counts rows[EXIT_VCPUS][EXIT_ROWS]; /* of the interval */
	struct keys before, now;
	struct finding found[FINDINGS_MOST];
	size_t count;
	uint64_t lost;
};

struct findings *findings_new(const struct findings_options *options)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (findings)
		findings->options = *options;
	return findings;
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	free(findings->before.keys);
	free(findings->now.keys);
	free(findings);
}

/* ---- keys ---- */

/* By vCPU, then by address: what is read and what is written there are neighbours. */
static int compare_names(const struct exit_key_name *a, const struct exit_key_name *b)
{
	if (a->vcpu != b->vcpu)
		return a->vcpu < b->vcpu ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *left = a, *right = b;

	return compare_names(&left->name, &right->name);
}

static bool is_device(const struct exit_key_name *name)
{
	return name->vcpu < EXIT_VCPUS &&
	       (name->row == EXIT_LOAD_MMIO || name->row == EXIT_STORE_MMIO);
}

/* False: no memory. */
static bool take_keys(struct keys *keys, const struct stat_sample *sample)
{
	keys->count = 0;
	if (sample->keyed_count > keys->room) {
		struct key *more = realloc(keys->keys, 2 * sample->keyed_count * sizeof(*more));

		if (!more)
			return false;
		keys->keys = more;
		keys->room = 2 * sample->keyed_count;
	}
	for (size_t i = 0; i < sample->keyed_count; i++)
		if (is_device(&sample->keyed[i].name))
			keys->keys[keys->count++] =
				(struct key){sample->keyed[i].name, sample->keyed[i].times.count,
					     sample->keyed[i].times.ns};
	if (keys->count)
		qsort(keys->keys, keys->count, sizeof(*keys->keys), compare_keys);
	return true;
}

static bool is_console(const char *device)
{
	return !strncmp(device, "uart+", strlen("uart+")) ||
	       !strncmp(device, "serial", strlen("serial"));
}

/* What came at one address of a vCPU, loads and stores. */
static void add_device(const struct findings *findings, struct vcpu_interval *interval,
		       uint32_t tgid, uint64_t address, const struct row_counts *counts, bool new)
{
	const struct findings_options *options = &findings->options;
	char device[64] = "";
	const bool known = options->device &&
			   options->device(options->opaque, tgid, address, device, sizeof(device));

	if (known && !device[0] && new)
		interval->holes++;
	if (is_console(device)) {
		interval->console.count += counts->count;
		interval->console.ns += counts->ns;
	} else if (counts->ns > interval->device_counts.ns) {
		interval->device_counts = *counts;
		interval->device = address;
	}
}

static void add_devices(struct findings *findings, const struct stat_sample *sample)
{
	const struct keys *now = &findings->now, *before = &findings->before;
	size_t then = 0;

	for (size_t i = 0; i < now->count;) {
		const struct exit_key_name *name = &now->keys[i].name;
		struct row_counts counts = {0};
		bool new = true;

		for (; i < now->count && now->keys[i].name.vcpu == name->vcpu &&
		       now->keys[i].name.value == name->value;
		     i++) {
			const struct key *key = &now->keys[i];
			const struct key *old = NULL;

			while (then < before->count &&
			       compare_names(&before->keys[then].name, &key->name) < 0)
				then++;
			if (then < before->count && !compare_keys(&before->keys[then], key))
				old = &before->keys[then];
			counts.count += key->count - (old ? old->count : 0);
			counts.ns += key->ns - (old ? old->ns : 0);
			new = new && !old;
		}
		if (counts.count && name->vcpu < sample->vcpu_count)
			add_device(findings, &findings->intervals[name->vcpu],
				   sample->vcpus[name->vcpu].tgid, name->value, &counts, new);
	}
}

/* ---- the interval ---- */

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

/* The interval's whole is 0 where there is none to judge. */
static void take_vcpu(struct findings *findings, uint32_t index, const struct stat_sample *sample)
{
	const struct exit_vcpu *vcpu = &sample->vcpus[index];
	struct watched_vcpu *watched = &findings->vcpus[index];
	struct vcpu_interval *interval = &findings->intervals[index];

	*interval = (struct vcpu_interval){.rows = findings->rows[index],
					   .exit_rates = &watched->exit_rates,
					   .fault_shares = &watched->fault_shares,
					   .state = vcpu->state};
	if (!vcpu->first)
		return;
	take_rows(watched, findings->rows[index], &sample->times[(size_t)index * EXIT_TIMES]);
	interval->sees_all = watched->sees_all;
	interval->exits = since(vcpu->exits, watched->exits);
	watched->exits = vcpu->exits;
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		interval->ns[state] = since(vcpu->ns[state], watched->ns[state]);
		interval->whole += interval->ns[state];
		watched->ns[state] = vcpu->ns[state];
	}
	/* One that came, or ended, in the middle of it, was there for a piece that says little. */
	if (interval->whole < (sample->when - findings->last) / 2 || !watched->seen)
		interval->whole = 0;
	watched->seen = true;
}

/* A hart that was not started has no part in the work. */
static bool is_at_work(const struct vcpu_interval *interval)
{
	return interval->whole && interval->ns[VCPU_BLOCKED] < interval->whole / 2;
}

static void add_siblings(struct findings *findings, uint32_t index,
			 const struct stat_sample *sample)
{
	struct vcpu_interval *interval = &findings->intervals[index];
	double busy = 0;

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (i == index || sample->vcpus[i].tgid != sample->vcpus[index].tgid ||
		    sample->vcpus[i].kvm != sample->vcpus[index].kvm ||
		    !is_at_work(&findings->intervals[i]))
			continue;
		interval->siblings++;
		busy += rule_busy_share(&findings->intervals[i]);
	}
	if (interval->siblings)
		interval->siblings_busy = busy / interval->siblings;
}

/* ---- findings ---- */

static struct finding *find(struct findings *findings, const struct finding *like)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->found[i];

		if (finding->rule == like->rule && finding->tgid == like->tgid &&
		    finding->vcpu_id == like->vcpu_id && finding->device == like->device)
			return finding;
	}
	return NULL;
}

/* The pc that most had, if it was more than half of them, without keeping them all. */
static void vote(struct finding *finding, uint64_t pc, uint32_t weight)
{
	if (finding->pc == pc) {
		finding->pc_weight += weight;
	} else if (weight > finding->pc_weight) {
		finding->pc_weight = weight - finding->pc_weight;
		finding->pc = pc;
	} else {
		finding->pc_weight -= weight;
	}
}

static void add_sums(struct finding *to, const struct finding *more)
{
	to->last = more->last;
	to->intervals += more->intervals;
	to->worst = more->worst > to->worst ? more->worst : to->worst;
	to->count += more->count;
	to->cost_ns += more->cost_ns;
	to->whole += more->whole;
	if (more->pc)
		vote(to, more->pc, more->pc_weight);
}

static void report(struct findings *findings, const struct finding *sums)
{
	struct finding *known = find(findings, sums);

	if (known)
		add_sums(known, sums);
	else if (findings->count < FINDINGS_MOST)
		findings->found[findings->count++] = *sums;
	else
		findings->lost++;
}

static void judge(struct findings *findings, const struct stat_sample *sample, uint32_t index,
		  size_t rule)
{
	const struct vcpu_interval *interval = &findings->intervals[index];
	struct streak *streak = &findings->vcpus[index].streaks[rule];
	const double set = findings->options.thresholds[rule];
	const double threshold = set > 0 ? set : rules[rule].threshold;
	struct rule_seen seen = {0};
	const double value = rules[rule].value(interval, &seen);

	if (value < threshold) {
		streak->intervals = 0;
		return;
	}
	const struct finding piece = {
		.rule = rule,
		.tgid = sample->vcpus[index].tgid,
		.vcpu_id = sample->vcpus[index].vcpu_id,
		.first = findings->last,
		.last = sample->when,
		.intervals = 1,
		.worst = value,
		.threshold = threshold,
		.count = seen.count,
		.cost_ns = seen.cost_ns,
		.whole = interval->whole,
		.device = seen.device,
		.pc = sample->vcpus[index].pc,
		.pc_weight = 1,
	};
	if (!streak->intervals || streak->sums.device != piece.device) {
		streak->intervals = 0;
		streak->sums = piece;
	} else if (streak->intervals < rules[rule].intervals) {
		add_sums(&streak->sums, &piece);
	}
	streak->intervals++;
	if (streak->intervals == rules[rule].intervals)
		report(findings, &streak->sums);
	else if (streak->intervals > rules[rule].intervals)
		report(findings, &piece);
}

static void judge_vcpu(struct findings *findings, const struct stat_sample *sample, uint32_t index)
{
	const struct vcpu_interval *interval = &findings->intervals[index];
	struct watched_vcpu *watched = &findings->vcpus[index];
	struct rule_seen unused = {0};

	if (!interval->whole) {
		for (size_t rule = 0; rule < rule_count; rule++)
			watched->streaks[rule].intervals = 0;
		return;
	}
	for (size_t rule = 0; rule < rule_count; rule++)
		judge(findings, sample, index, rule);
	past_add(&watched->exit_rates, (double)interval->exits * 1e9 / (double)interval->whole);
	past_add(&watched->fault_shares, rule_fault_share(interval, &unused));
}

bool findings_look(struct findings *findings, const struct stat_sample *sample)
{
	const struct keys before = findings->before;

	if (findings->last && sample->when < findings->last + FINDINGS_INTERVAL - FINDINGS_EARLY)
		return true;
	if (!take_keys(&findings->now, sample))
		return false;
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++)
		take_vcpu(findings, i, sample);
	if (findings->last)
		add_devices(findings, sample);
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++) {
		add_siblings(findings, i, sample);
		judge_vcpu(findings, sample, i);
	}
	findings->before = findings->now;
	findings->now = before;
	if (!findings->begin)
		findings->begin = sample->when;
	findings->last = sample->when;
	return true;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;

	if (left->cost_ns != right->cost_ns)
		return left->cost_ns < right->cost_ns ? 1 : -1;
	return left->first < right->first ? -1 : left->first > right->first;
}

size_t findings_count(struct findings *findings)
{
	if (findings->count)
		qsort(findings->found, findings->count, sizeof(findings->found[0]),
		      compare_findings);
	return findings->count;
}

const struct finding *findings_at(const struct findings *findings, size_t index)
{
	return &findings->found[index];
}

uint64_t findings_begin(const struct findings *findings)
{
	return findings->begin;
}

uint64_t findings_lost(const struct findings *findings)
{
	return findings->lost;
}

bool findings_device(const struct findings *findings, const struct finding *finding, char *out,
		     size_t size)
{
	const struct findings_options *options = &findings->options;

	out[0] = '\0';
	return finding->device && options->device &&
	       options->device(options->opaque, finding->tgid, finding->device, out, size) &&
	       out[0];
}
