/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/alert_counts.h"

#include <inttypes.h>

#include "trace/export/openmetrics.h"
#include "trace/findings/rules.h"

static struct alert_count *find(struct alert_counts *counts, const struct finding *finding)
{
	for (size_t i = 0; i < counts->count; i++)
		if (counts->counts[i].tgid == finding->tgid &&
		    counts->counts[i].rule == finding->rule)
			return &counts->counts[i];
	return NULL;
}

/* NULL: all are still so. */
static struct alert_count *make_room(struct alert_counts *counts)
{
	struct alert_count *oldest = NULL;

	if (counts->count < ALERT_COUNTS_MOST)
		return &counts->counts[counts->count++];
	for (size_t i = 0; i < counts->count; i++)
		if (!counts->counts[i].now && (!oldest || counts->counts[i].last < oldest->last))
			oldest = &counts->counts[i];
	return oldest;
}

void alert_counts_add(struct alert_counts *counts, const struct finding *finding, const char *vm,
		      bool over)
{
	struct alert_count *count = find(counts, finding);

	if (!count && !over) {
		count = make_room(counts);
		if (count) {
			*count = (struct alert_count){.tgid = finding->tgid, .rule = finding->rule};
			snprintf(count->vm, sizeof(count->vm), "%s", vm);
		}
	}
	if (!count)
		return;
	count->begun += !over;
	count->now += !over;
	if (over && count->now)
		count->now--;
	count->last = ++counts->changes;
}

static const struct openmetrics_family begun_family = {"vhart_findings", OPENMETRICS_COUNTER, NULL,
						       "Findings that began, by VM and rule."};
static const struct openmetrics_family now_family = {"vhart_findings_now", OPENMETRICS_GAUGE, NULL,
						     "Findings that are not over, by VM and rule."};
static const struct openmetrics_family vcpus_family = {"vhart_watch_vcpus", OPENMETRICS_GAUGE, NULL,
						       "vCPUs that are watched."};
static const struct openmetrics_family lost_family = {"vhart_watch_lost", OPENMETRICS_COUNTER, NULL,
						      "Events that were not counted, of all VMs."};
static const struct openmetrics_family about_family = {
	"vhart_watch_info", OPENMETRICS_GAUGE, NULL, "The program that watches, and how it does."};

static void put(FILE *out, const struct openmetrics_family *family,
		const struct alert_counts *counts)
{
	openmetrics_family(out, family);
	for (size_t i = 0; i < counts->count; i++) {
		const struct alert_count *count = &counts->counts[i];
		char pid[16];
		const struct openmetrics_label labels[] = {
			{"vm", count->vm}, {"pid", pid}, {"rule", rules[count->rule].name}};

		snprintf(pid, sizeof(pid), "%" PRIu32, count->tgid);
		openmetrics_uint(out, family, labels, 3,
				 family == &begun_family ? count->begun : count->now);
	}
}

static void put_one(FILE *out, const struct openmetrics_family *family, uint64_t value)
{
	openmetrics_family(out, family);
	openmetrics_uint(out, family, NULL, 0, value);
}

bool alert_counts_print(FILE *out, const struct alert_counts *counts, const char *way,
			uint64_t vcpus, uint64_t lost)
{
	const struct openmetrics_label about[] = {{"version", VHART_VERSION}, {"way", way}};

	put(out, &begun_family, counts);
	put(out, &now_family, counts);
	put_one(out, &vcpus_family, vcpus);
	put_one(out, &lost_family, lost);
	openmetrics_family(out, &about_family);
	openmetrics_uint(out, &about_family, about, 2, 1);
	openmetrics_end(out);
	return fflush(out) == 0 && !ferror(out);
}
