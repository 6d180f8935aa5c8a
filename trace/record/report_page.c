/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_page.h"

#include <errno.h>
#include <inttypes.h>

#include "trace/names/text.h"
#include "trace/page/page.h"
#include "trace/record/report_words.h"

bool report_page_begin(struct report *report, struct page_series *series)
{
	const uint64_t until = report->until, start = report->header.start;

	report->series = series;
	return page_series_begin(series, start < until ? start : until, until);
}

static bool has_names(const struct report *report)
{
	const struct report_vm *vm = NULL;

	while ((vm = report_vms_next(&report->vms, vm ? (int64_t)vm->is.vm : -1)))
		if (vm->symbols.count)
			return true;
	return false;
}

int report_page(const struct report *report, bool per_vcpu, FILE *to)
{
	const struct recording_header *header = &report->header;
	const struct report_vm *first = report_vms_next(&report->vms, -1);
	char title[REPORT_TITLE + 32], subtitle[REPORT_SUBTITLE], vm[REPORT_TITLE + 32];
	char whose[REPORT_TITLE];
	char began[TEXT_MOMENT], took[16] = "not known", lost[64];
	const struct page_fact facts[] = {
		{"VM", vm},
		{"kernel", report->several		  ? NULL
			   : first && first->is.kernel[0] ? first->is.kernel
							  : "not known"},
		{"event", header->event},
		{"why this one", header->why[0] ? header->why : NULL},
		{"seen by", header->way},
		{"host", "not in a recording"},
		{"began", began},
		{"lasted", took},
		{"lost", lost},
		{"names",
		 has_names(report) ? "in the recording, or as given" : "none: addresses are shown"},
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
	const struct page_reasons reasons = {
		.reasons = report->series->reasons,
		.count = report->series->reasons_count,
		.none = report->exits ? "The recording has none."
				      : "The recording has samples of the guest, not its exits: "
					"vhart record -e exits.",
		.no_heat = "The recording does not say that: it has no end, or is of vhart 0.4.",
	};
	struct page_series_lanes lanes;
	struct page_series_rates rates;

	if (!page_series_rates(report->series, &rates))
		return -ENOMEM;
	rates.rates.lanes.none =
		"The recording does not say that: it has no end, or is of vhart 0.4.";
	page_series_lanes(report->series, &lanes);
	report_title(report, whose);
	snprintf(title, sizeof(title), "%s: %s", whose, report->exits ? "exits" : "samples");
	if (report->several || !first)
		snprintf(vm, sizeof(vm), "%s", whose);
	else
		snprintf(vm, sizeof(vm), "%s (pid %" PRIu64 ")", whose, first->is.pid);
	text_moment(header->realtime, began);
	if (report_duration(report))
		text_duration(report_duration(report), took);
	snprintf(lost, sizeof(lost), "%" PRIu64 " %s", report_lost(report),
		 report->exits ? "exits" : "samples");
	return page_write(
		&(struct page){
			.title = title,
			.subtitle = report_subtitle(report, subtitle),
			.facts = facts,
			.facts_count = sizeof(facts) / sizeof(facts[0]),
			.judged = header->judged,
			.findings = report->findings.on_page,
			.findings_count = report->findings.count,
			.vcpus = report->exits ? NULL : &lanes.lanes,
			.rates = report->exits ? &rates.rates.lanes : NULL,
			.reasons = &reasons,
			.flames =
				{.title = report->exits ? "Which code of the guest causes the exits"
							: "Where the guest spends its time",
				 .profile = report->profile,
				 .options = &flames,
				 .words = report->exits
						  ? "Where the guest itself spends its time is not "
						    "in a recording of exits: vhart record -g."
						  : "Which code causes exits is not in a recording "
						    "of samples: vhart record -g -e exits."}},
		to);
}
