/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/names/text.h"
#include "trace/page/page.h"
#include "trace/stat/stat_lines.h"
#include "trace/stat/stat_now.h"
#include "trace/stat/stat_page_lanes.h"

#define FACT 128

/* What a page is made from, beside what it is given. */
struct parts {
	struct stat_page_lanes lanes;
	struct stat_lines lines;
	struct page_reason *reasons; /* as many as lines */
	struct page_finding *findings;
	size_t findings_count;
	char title[FACT], subtitle[FACT];
	char vms[512], ended[32], lasted[FACT], exits[FACT], lost[FACT], cost[FACT], clock[16];
};

/* ---- facts ---- */

static uint64_t count_exits(const struct stat_sample *counts, uint64_t *vcpus)
{
	uint64_t exits = 0;

	*vcpus = 0;
	for (uint32_t i = 0; i < counts->vcpu_count; i++) {
		*vcpus += counts->vcpus[i].first != 0;
		exits += counts->vcpus[i].exits;
	}
	return exits;
}

/* "web1 (pid 12), web2 (pid 13)", as far as there is room. */
static void name_vms(const struct stat_page *page, struct parts *parts)
{
	const struct stat_sample *counts = page->counts;
	struct text text;
	uint32_t last = 0;

	text_init(&text, parts->vms, sizeof(parts->vms));
	for (uint32_t i = 0; i < counts->vcpu_count; i++) {
		const uint32_t tgid = counts->vcpus[i].tgid;
		const char *name;

		if (!counts->vcpus[i].first || tgid == last)
			continue;
		name = page->view->vm_name(page->view->opaque, tgid);
		text_add(&text, "%s%s (pid %" PRIu32 ")", last ? ", " : "", name, tgid);
		snprintf(parts->title, sizeof(parts->title), "%s", last ? "Several VMs" : name);
		last = tgid;
	}
}

static void write_facts(const struct stat_page *page, struct parts *parts)
{
	const struct stat_own_cost cost = stat_own_cost(page->counts);
	const double seconds = (double)page->facts->wall / 1e9;
	uint64_t vcpus, exits = count_exits(page->counts, &vcpus);
	char each[16], count[TEXT_COUNT], rate[TEXT_COUNT];

	name_vms(page, parts);
	text_moment(page->facts->realtime, parts->ended);
	snprintf(parts->lasted, FACT, "%.3f s", seconds);
	text_count(exits, count);
	text_count(seconds > 0 ? (uint64_t)((double)exits / seconds + 0.5) : 0, rate);
	snprintf(parts->exits, FACT, "%s, %s a second", count, rate);
	snprintf(parts->lost, FACT, "%" PRIu64 " events", page->view->lost);
	if (page->view->vcpus_lost)
		snprintf(parts->lost, FACT, "%" PRIu64 " events, and %" PRIu64 " vCPUs",
			 page->view->lost, page->view->vcpus_lost);
	snprintf(parts->cost, FACT, "%s an exit, %.1f %% of the vCPUs' time",
		 text_duration(cost.ns, each), cost.percent);
	text_duration(page->view->resolution, parts->clock);
	snprintf(parts->subtitle, FACT, "%" PRIu64 " vCPU%s, %s exits in %.3f s, %s", vcpus,
		 vcpus == 1 ? "" : "s", count, seconds,
		 page->view->lost || page->view->vcpus_lost ? "some are lost" : "none lost");
}

/* ---- exits ---- */

/* False: no memory. */
static bool add_reasons(const struct stat_page *page, struct parts *parts)
{
	/* Of all VMs and vCPUs together, whatever the table shows. */
	const struct stat_view view = {.by = BY_REASON, .vm_name = page->view->vm_name};

	if (!stat_lines_collect(&parts->lines, &view, page->counts))
		return false;
	parts->reasons = calloc(parts->lines.count + 1, sizeof(*parts->reasons));
	for (size_t i = 0; parts->reasons && i < parts->lines.count; i++) {
		const struct stat_line *line = &parts->lines.lines[i];
		struct page_reason *reason = &parts->reasons[i];

		*reason = (struct page_reason){.count = line->times.count,
					       .ns = line->times.ns,
					       .vmm_ns = line->times.vmm_ns,
					       .buckets = line->times.buckets,
					       .p50 = stat_percentile(&line->times, 0.5),
					       .p99 = stat_percentile(&line->times, 0.99),
					       .max = line->times.max};
		stat_line_text(line, reason->name, sizeof(reason->name));
	}
	return parts->reasons != NULL;
}

/* ---- findings ---- */

/* The words of the first line of it, which come to the caller to be freed, or those of the second.
 * NULL: no memory. */
static char *words_of(const struct stat_page *page, const struct finding *finding, bool headline)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (headline)
		findings_put_headline(out, page->findings_view, page->findings, finding);
	else
		findings_put_seen(out, finding);
	return fclose(out) == 0 ? text : NULL;
}

/* False: no memory. */
static bool add_findings(const struct stat_page *page, struct parts *parts)
{
	const size_t count = page->findings ? findings_count(page->findings) : 0;

	parts->findings = calloc(count + 1, sizeof(*parts->findings));
	while (parts->findings && parts->findings_count < count) {
		const struct finding *finding = findings_at(page->findings, parts->findings_count);
		struct page_finding *to = &parts->findings[parts->findings_count++];

		to->headline = words_of(page, finding, true);
		to->seen = words_of(page, finding, false);
		to->why = rules[finding->rule].means;
		to->help = rules[finding->rule].help;
		if (!to->headline || !to->seen)
			return false;
	}
	return parts->findings != NULL;
}

/* ---- the page ---- */

static int write_page(const struct stat_page *page, const struct parts *parts, FILE *to)
{
	const struct stat_facts *facts = page->facts;
	const struct page_fact rows[] = {
		{"VM", parts->vms},
		{"kernel", facts->guest[0] ? facts->guest : "not known, or several"},
		{"host", facts->kernel},
		{"counted by", page->view->way},
		{"ended", parts->ended},
		{"watched for", parts->lasted},
		{"exits", parts->exits},
		{"lost", parts->lost},
		{"watching took", stat_own_cost(page->counts).ns ? parts->cost : NULL},
		{"clock", parts->clock},
		{"vhart", facts->vhart},
	};
	const struct page_reasons reasons = {
		.reasons = parts->reasons,
		.count = parts->lines.count,
		.none = "There were none.",
		.no_heat = "It is not known.",
	};

	return page_write(
		&(struct page){
			.title = parts->title,
			.subtitle = parts->subtitle,
			.facts = rows,
			.facts_count = sizeof(rows) / sizeof(rows[0]),
			.judged = page->findings != NULL,
			.findings = parts->findings,
			.findings_count = parts->findings_count,
			.vcpus = &parts->lanes.vcpus,
			.rates = &parts->lanes.rates.lanes,
			.reasons = &reasons,
			.flames = {.title = "Which code of the guest causes the exits",
				   .words = "That is not counted here: vhart record -g -e exits, "
					    "and vhart report --html."}},
		to);
}

int stat_page_write(const struct stat_page *page, FILE *to)
{
	struct parts *parts = calloc(1, sizeof(*parts));
	int error = -ENOMEM;

	if (!parts)
		return error;
	write_facts(page, parts);
	if (stat_page_lanes(&parts->lanes, page->history, page->view, page->counts) &&
	    add_reasons(page, parts) && add_findings(page, parts))
		error = write_page(page, parts, to);
	for (size_t i = 0; i < parts->findings_count; i++) {
		free((void *)(uintptr_t)parts->findings[i].headline);
		free((void *)(uintptr_t)parts->findings[i].seen);
	}
	free(parts->findings);
	free(parts->reasons);
	free(parts->lines.lines);
	free(parts);
	return error;
}
