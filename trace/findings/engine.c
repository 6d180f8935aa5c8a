/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/engine.h"

#include <stdlib.h>
#include <string.h>

#include "trace/findings/keys.h"
#include "trace/findings/watched.h"

struct findings {
	struct findings_options options;
	uint64_t begin, last; /* looks */
	struct watched_vcpu vcpus[EXIT_VCPUS];
	struct watched_vcpu *before_renewal; /* as many, until the next look; else NULL */
	struct vcpu_interval intervals[EXIT_VCPUS];
	struct row_counts rows[EXIT_VCPUS][EXIT_ROWS]; /* of the interval */
	struct keys before, now;
	struct found found;
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
	free(findings->before_renewal);
	keys_free(&findings->before);
	keys_free(&findings->now);
	free(findings);
}

/* ---- what exits were about ---- */

static bool is_console(const char *device)
{
	return !strncmp(device, "uart+", strlen("uart+")) ||
	       !strncmp(device, "serial", strlen("serial"));
}

/* What came at one address of a vCPU. */
static void add_device(const struct findings *findings, struct vcpu_interval *interval,
		       uint32_t tgid, const struct key *key, bool new)
{
	const struct findings_options *options = &findings->options;
	char device[64] = "";
	const bool known = options->device && options->device(options->opaque, tgid, key->value,
							      device, sizeof(device));

	if (known && !device[0] && new)
		interval->holes++;
	if (is_console(device)) {
		interval->console.count += key->count;
		interval->console.ns += key->ns;
	} else if (key->ns > interval->device_counts.ns) {
		interval->device_counts = (struct row_counts){key->count, key->ns, 0};
		interval->device = key->value;
	}
}

/* Errors of one call come one after the other: *SUM is of those so far. */
static void add_error(struct vcpu_interval *interval, struct failed_call *sum,
		      const struct key *key)
{
	if (sum->row != key->row)
		*sum = (struct failed_call){.row = key->row};
	if (key->count > sum->most) {
		sum->most = key->count;
		sum->error = (int64_t)key->value;
	}
	sum->counts.count += key->count;
	sum->counts.ns += key->ns;
	if (sum->counts.count > interval->failed.counts.count &&
	    rule_fails_always(interval, sum->row, sum->counts.count))
		interval->failed = *sum;
}

/* Where keys_changed() is. */
struct adding {
	struct findings *findings;
	const struct stat_sample *sample;
	struct failed_call failed;
	uint32_t vcpu; /* of it */
};

static void add_key(void *opaque, const struct key *key, bool new)
{
	struct adding *adding = opaque;
	struct vcpu_interval *interval = &adding->findings->intervals[key->vcpu];

	if (adding->vcpu != key->vcpu)
		adding->failed = (struct failed_call){.row = 0};
	adding->vcpu = key->vcpu;
	switch (key->kind) {
	case ABOUT_DEVICE:
		add_device(adding->findings, interval, adding->sample->vcpus[key->vcpu].tgid, key,
			   new);
		break;
	case ABOUT_CSR: interval->csrs += new; break;
	case ABOUT_ERROR: add_error(interval, &adding->failed, key); break;
	}
}

/* ---- another collector ---- */

/* It is another's number now: what it had goes on. */
static void take_over(struct findings *findings, struct watched_vcpu *watched)
{
	for (size_t i = 0; i < EXIT_VCPUS; i++) {
		const struct watched_vcpu *old = &findings->before_renewal[i];

		if (!old->seen || old->tgid != watched->tgid || old->vcpu_id != watched->vcpu_id)
			continue;
		watched->past = old->past;
	}
}

bool findings_renew(struct findings *findings)
{
	free(findings->before_renewal);
	findings->before_renewal = malloc(sizeof(findings->vcpus));
	if (!findings->before_renewal)
		return false;
	memcpy(findings->before_renewal, findings->vcpus, sizeof(findings->vcpus));
	memset(findings->vcpus, 0, sizeof(findings->vcpus));
	findings->before.count = 0;
	return true;
}

/* A hart that was not started has no part in the work. */
static bool is_at_work(const struct vcpu_interval *interval)
{
	return interval->whole && !interval->is_part &&
	       interval->ns[VCPU_BLOCKED] < interval->whole / 2;
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

static void add_resets(struct findings *findings, uint32_t index, const struct stat_sample *sample)
{
	struct vcpu_interval *interval = &findings->intervals[index];

	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++)
		if (sample->vcpus[i].tgid == sample->vcpus[index].tgid &&
		    findings->intervals[i].whole)
			interval->vm_resets += (double)rule_resets(&findings->intervals[i]) +
					       past_last(findings->intervals[i].resets);
}

/* ---- findings ---- */

/* What RULE sees of vCPU INDEX in the interval. */
static struct finding see(const struct findings *findings, const struct stat_sample *sample,
			  uint32_t index, size_t rule)
{
	const struct vcpu_interval *interval = &findings->intervals[index];
	const double set = findings->options.thresholds[rule];
	struct rule_seen seen = {0};
	const double value = rules[rule].value(interval, &seen);

	return (struct finding){
		.rule = rule,
		.tgid = sample->vcpus[index].tgid,
		.vcpu_id = sample->vcpus[index].vcpu_id,
		.first = findings->last,
		.last = sample->when,
		.intervals = 1,
		.worst = value,
		.threshold = set > 0 ? set : rules[rule].threshold,
		.count = seen.count,
		.cost_ns = seen.cost_ns,
		.whole = interval->whole,
		.device = seen.device,
		.row = seen.row,
		.error = seen.error,
		.pc = sample->vcpus[index].pc,
		.pc_weight = 1,
	};
}

/* PIECE with what is left of the interval before. */
static struct finding added_up(const struct streak *streak, const struct finding *piece)
{
	struct finding sum = streak->sums;

	if (!streak->is_left || piece->worst <= 0 || !finding_is(&streak->sums, piece))
		return *piece;
	finding_add(&sum, piece);
	sum.worst = streak->sums.worst + piece->worst;
	return sum;
}

static void judge(struct findings *findings, const struct stat_sample *sample, uint32_t index,
		  size_t rule)
{
	struct streak *streak = &findings->vcpus[index].past.streaks[rule];
	const struct finding alone = see(findings, sample, index, rule);
	const struct finding piece = added_up(streak, &alone);

	streak->is_left = false;
	if (piece.worst < piece.threshold) {
		streak->intervals = 0;
		streak->is_left = rules[rule].adds_up && alone.worst > 0;
		streak->sums = alone;
		return;
	}
	if (!streak->intervals || !finding_is(&streak->sums, &piece)) {
		streak->intervals = 0;
		streak->sums = piece;
	} else if (streak->intervals < rules[rule].intervals) {
		finding_add(&streak->sums, &piece);
	}
	streak->intervals++;
	if (streak->intervals == rules[rule].intervals)
		found_add(&findings->found, &streak->sums);
	else if (streak->intervals > rules[rule].intervals)
		found_add(&findings->found, &piece);
}

/* RULE judges none of it. */
static void pass_over(struct streak *streak)
{
	streak->intervals = 0;
	streak->is_left = false;
}

static void judge_vcpu(struct findings *findings, const struct stat_sample *sample, uint32_t index)
{
	const struct vcpu_interval *interval = &findings->intervals[index];
	struct watched_vcpu *watched = &findings->vcpus[index];

	for (size_t rule = 0; rule < rule_count; rule++)
		if (!interval->whole || (interval->is_part && rules[rule].intervals > 1))
			pass_over(&watched->past.streaks[rule]);
		else
			judge(findings, sample, index, rule);
	watched_keep(watched, interval);
}

static void judge_all(struct findings *findings, const struct stat_sample *sample)
{
	struct adding adding = {.findings = findings, .sample = sample};

	keys_compare(&findings->before, &findings->now, add_key, &adding);
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++) {
		add_siblings(findings, i, sample);
		add_resets(findings, i, sample);
	}
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++)
		judge_vcpu(findings, sample, i);
}

/* Nothing is judged by the first look of a collector. */
static void take_over_all(struct findings *findings, const struct stat_sample *sample)
{
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++)
		take_over(findings, &findings->vcpus[i]);
	free(findings->before_renewal);
	findings->before_renewal = NULL;
}

static void take_vcpu(struct findings *findings, const struct stat_sample *sample, uint32_t index,
		      bool is_short)
{
	struct vcpu_interval *interval = &findings->intervals[index];

	watched_take(&findings->vcpus[index], sample, index, sample->when - findings->last,
		     is_short, findings->rows[index], interval);
	interval->usual = findings->options.usual;
}

static bool look(struct findings *findings, const struct stat_sample *sample, bool is_short)
{
	const struct keys before = findings->before;

	if (!keys_take(&findings->now, sample))
		return false;
	for (uint32_t i = 0; i < sample->vcpu_count && i < EXIT_VCPUS; i++)
		take_vcpu(findings, sample, i, is_short);
	if (findings->before_renewal)
		take_over_all(findings, sample);
	else if (findings->last)
		judge_all(findings, sample);
	findings->before = findings->now;
	findings->now = before;
	if (!findings->begin)
		findings->begin = sample->when;
	findings->last = sample->when;
	return true;
}

bool findings_look(struct findings *findings, const struct stat_sample *sample)
{
	if (findings->last && !findings->before_renewal &&
	    sample->when < findings->last + FINDINGS_INTERVAL - FINDINGS_EARLY)
		return true;
	return look(findings, sample, false);
}

bool findings_end(struct findings *findings, const struct stat_sample *sample)
{
	return sample->when == findings->last || look(findings, sample, true);
}

size_t findings_count(struct findings *findings)
{
	found_sort(&findings->found);
	return findings->found.count;
}

const struct finding *findings_at(const struct findings *findings, size_t index)
{
	return &findings->found.kept[index];
}

void findings_tell(struct findings *findings, found_told *each, void *opaque, bool all)
{
	found_tell(&findings->found, all ? UINT64_MAX : findings->last, each, opaque);
}

uint64_t findings_begin(const struct findings *findings)
{
	return findings->begin;
}

uint64_t findings_lost(const struct findings *findings)
{
	return findings->found.lost;
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
