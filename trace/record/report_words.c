/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/stat/stat_table.h"

__attribute__((format(printf, 2, 3))) static void add(char out[REPORT_SUBTITLE], const char *format,
						      ...)
{
	size_t used = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out + used, REPORT_SUBTITLE - used, format, arguments);
	va_end(arguments);
}

const char *report_title(const struct report *report, char out[REPORT_TITLE])
{
	const struct report_vm *vm = report_vms_next(&report->vms, -1);

	if (report->several)
		snprintf(out, REPORT_TITLE, "%zu VMs", report_vms_count(&report->vms));
	else
		snprintf(out, REPORT_TITLE, "%s", vm ? vm->name : "");
	return out;
}

const char *report_subtitle(const struct report *report, char out[REPORT_SUBTITLE])
{
	const struct recording_header *header = &report->header;
	struct profile_values total = profile_total(report->profile);
	char time[16];

	out[0] = '\0';
	if (report->exits)
		add(out, "%" PRIu64 " exits, %s of the host's time", total.count,
		    stat_duration(total.host_ns, time));
	else
		add(out, "%" PRIu64 " samples of %s", total.count, header->event);
	if (header->period)
		add(out, ", one every %" PRIu64 "%s", header->period,
		    !strcmp(header->event, "cpu-clock") ? " ns" : "");
	if (header->frequency)
		add(out, ", %" PRIu64 " a second", header->frequency);
	if (report_duration(report))
		add(out, ", in %s", stat_duration(report_duration(report), time));
	add(out, ", %" PRIu64 " lost", report_lost(report));
	return out;
}
