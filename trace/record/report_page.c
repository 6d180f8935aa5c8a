/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_page.h"

#include <inttypes.h>
#include <time.h>

#include "trace/names/text.h"
#include "trace/page/page.h"
#include "trace/record/report_words.h"

bool report_page_begin(struct report *report, struct page_series *series)
{
	const uint64_t until = report->until, start = report->header.start;

	report->series = series;
	return page_series_begin(series, start < until ? start : until, until);
}

static void write_time(uint64_t realtime, char out[40])
{
	const time_t seconds = (time_t)(realtime / 1000000000);
	struct tm at;

	if (!realtime || !gmtime_r(&seconds, &at) ||
	    !strftime(out, 40, "%Y-%m-%d %H:%M:%S UTC", &at))
		snprintf(out, 40, "not known");
}

int report_page(const struct report *report, bool per_vcpu, FILE *to)
{
	const struct recording_header *header = &report->header;
	char title[sizeof(header->vm) + 32], subtitle[REPORT_SUBTITLE], vm[sizeof(header->vm) + 32];
	char began[40], took[16] = "not known", lost[64];
	const struct page_fact facts[] = {
		{"VM", vm},
		{"kernel", header->kernel[0] ? header->kernel : "not known"},
		{"event", header->event},
		{"why this one", header->why[0] ? header->why : NULL},
		{"seen by", header->way},
		{"host", "not in a recording"},
		{"began", began},
		{"lasted", took},
		{"lost", lost},
		{"names", report->symbols.count ? "in the recording, or as given"
						: "none: addresses are shown"},
		{"end", report->whole ? "the recording is whole" : "none: its writer was stopped"},
	};
	const struct export_options flames = {
		.weight = report->exits ? EXPORT_HOST_NS : EXPORT_COUNT,
		.labels_as_roots = true,
		.vcpus_together = !per_vcpu,
		.title = report->exits ? "Exits, by the host's time" : "Samples of the guest",
		.subtitle = subtitle,
		.counts = report->exits ? "exits" : "samples",
	};

	snprintf(title, sizeof(title), "%s: %s", header->vm, report->exits ? "exits" : "samples");
	snprintf(vm, sizeof(vm), "%s (pid %" PRIu64 ")", header->vm, header->pid);
	write_time(header->realtime, began);
	if (report_duration(report))
		text_duration(report_duration(report), took);
	snprintf(lost, sizeof(lost), "%" PRIu64 " %s", report_lost(report),
		 report->exits ? "exits" : "samples");
	return page_write(&(struct page){.title = title,
					 .subtitle = report_subtitle(report, subtitle),
					 .facts = facts,
					 .facts_count = sizeof(facts) / sizeof(facts[0]),
					 .exits = report->exits,
					 .series = report->series,
					 .profile = report->profile,
					 .flames = &flames},
			  to);
}
