/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/found.h"

#include <stdlib.h>

#include "trace/findings/rules.h"

bool finding_is(const struct finding *finding, const struct finding *other)
{
	return finding->rule == other->rule && finding->tgid == other->tgid &&
	       finding->vcpu_id == other->vcpu_id && finding->device == other->device &&
	       finding->row == other->row;
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

void finding_add(struct finding *to, const struct finding *more)
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

void found_add(struct found *found, const struct finding *finding)
{
	for (size_t i = 0; i < found->count; i++)
		if (finding_is(&found->kept[i], finding)) {
			finding_add(&found->kept[i], finding);
			return;
		}
	if (found->count < FINDINGS_MOST)
		found->kept[found->count++] = *finding;
	else
		found->lost++;
}

static int compare(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;

	if (left->ranked_ns != right->ranked_ns)
		return left->ranked_ns < right->ranked_ns ? 1 : -1;
	if (rule_names_cause(left->rule) != rule_names_cause(right->rule))
		return rule_names_cause(left->rule) ? -1 : 1;
	return left->first < right->first ? -1 : left->first > right->first;
}

static bool explains(const struct finding *cause, const struct finding *finding)
{
	return rule_names_cause(cause->rule) && cause->tgid == finding->tgid &&
	       cause->vcpu_id == finding->vcpu_id && cause->first < finding->last &&
	       finding->first < cause->last && cause->cost_ns >= finding->cost_ns / 2;
}

/* No more than the dearest of what explains it. */
static uint64_t rank_of(const struct found *found, const struct finding *finding)
{
	uint64_t most = 0;

	if (rule_names_cause(finding->rule))
		return finding->cost_ns;
	for (size_t i = 0; i < found->count; i++)
		if (explains(&found->kept[i], finding) && found->kept[i].cost_ns > most)
			most = found->kept[i].cost_ns;
	return most && most < finding->cost_ns ? most : finding->cost_ns;
}

void found_sort(struct found *found)
{
	for (size_t i = 0; i < found->count; i++)
		found->kept[i].ranked_ns = rank_of(found, &found->kept[i]);
	if (found->count)
		qsort(found->kept, found->count, sizeof(found->kept[0]), compare);
}

void found_tell(struct found *found, uint64_t now, found_told *each, void *opaque)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->count; i++) {
		struct finding *finding = &found->kept[i];

		if (!finding->told)
			each(opaque, finding, false);
		finding->told = true;
		if (now >= finding->last + FOUND_CALM)
			each(opaque, finding, true);
		else
			found->kept[kept++] = *finding;
	}
	found->count = kept;
}
