/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `vhart stat` as CSV. */
#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "trace/stat/stat_lines.h"

/* RFC 4180: in quotes, which are doubled within. What a guest calls its functions is its own. */
static void print_csv_text(FILE *out, const char *name, const char *end)
{
	char shown[4 * STAT_AT_LENGTH];
	const char *text = printable(shown, sizeof(shown), name);

	if (!strpbrk(text, ",\"\r\n")) {
		fprintf(out, "%s%s", text, end);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fprintf(out, "\"%s", end);
}

/* Each state of a vCPU is a line: its time, and of the guest how often it ran, and how long. */
static void print_csv_states(FILE *out, const struct stat_view *view, const struct exit_vcpu *vcpu,
			     const struct exit_times *runs, uint64_t when)
{
	for (uint32_t state = 0; state < VCPU_STATES; state++) {
		fprintf(out, "%" PRIu64 ",state,%s,,%" PRIu32 ",%" PRIu32 ",", when,
			vcpu_state_name((enum vcpu_state)state), vcpu->tgid, vcpu->vcpu_id);
		if (state == VCPU_GUEST && runs->count)
			fprintf(out,
				"%" PRIu64 ",,%" PRIu64 ",,,%" PRIu64 ",%" PRIu64 ",%" PRIu64
				",%" PRIu64 ",",
				runs->count, vcpu->ns[state], runs->min, runs->max,
				stat_percentile(runs, 0.5), stat_percentile(runs, 0.99));
		else
			fprintf(out, ",,%" PRIu64 ",,,,,,,", vcpu->ns[state]);
		print_csv_text(out, view->vm_name(view->opaque, vcpu->tgid), "\n");
	}
}

static void print_csv_line(FILE *out, const struct stat_view *view, const struct stat_line *line,
			   uint64_t when)
{
	const struct exit_times *times = &line->times;
	char who[48] = ",";

	if (line->vcpu >= 0)
		snprintf(who, sizeof(who), "%" PRIu32 ",%" PRId64, line->tgid, line->vcpu);
	fprintf(out, "%" PRIu64 ",%s,%s,", when, line->name.reason, line->name.sub);
	print_csv_text(out, line->at, ",");
	fprintf(out,
		"%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
		who, times->count, times->to_vmm, times->ns, times->vmm_ns, times->halted_ns,
		times->min, times->max, stat_percentile(times, 0.5), stat_percentile(times, 0.99));
	print_csv_text(out, line->vcpu >= 0 ? view->vm_name(view->opaque, line->tgid) : "", "\n");
}

void stat_print_csv(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		    const struct stat_lines *lines)
{
	fprintf(out,
		"t_ns,reason,sub,at,pid,vcpu,count,to_vmm,ns,vmm_ns,halted_ns,min_ns,max_ns,p50_ns,"
		"p99_ns,vm\n");
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (stat_is_shown(view, &sample->vcpus[i]))
			print_csv_states(out, view, &sample->vcpus[i],
					 &sample->times[i * EXIT_TIMES + EXIT_RUNS], sample->when);
	for (size_t i = 0; i < lines->count; i++)
		print_csv_line(out, view, &lines->lines[i], sample->when);
}
