/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `vhart stat` for people. */
#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "trace/stat/stat_lines.h"
#include "trace/stat/stat_now.h"

#define NAME_WIDTH 32 /* of the table's first column, at least */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_header(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
			 uint64_t wall)
{
	uint64_t exits = 0, orphans = 0;
	uint32_t vcpus = 0;
	char resolution[16], each[16];

	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		if (!stat_is_shown(view, &sample->vcpus[i]))
			continue;
		vcpus++;
		exits += sample->vcpus[i].exits;
		orphans += sample->vcpus[i].orphans;
	}
	fprintf(out, "%" PRIu32 " vCPU%s  %" PRIu64 " exits in %.3f s  %s  clock %s  lost %" PRIu64,
		vcpus, vcpus == 1 ? "" : "s", exits, (double)wall / 1e9, view->way,
		stat_duration(view->resolution, resolution), view->lost);
	const struct stat_own_cost cost = stat_own_cost(sample);
	if (cost.ns)
		fprintf(out, "  tracer %s/exit (%.1f%%)", stat_duration(cost.ns, each),
			cost.percent);
	if (orphans)
		fprintf(out, "  unpaired %" PRIu64, orphans);
	if (view->vcpus_lost)
		fprintf(out, "  vCPUs not counted %" PRIu64, view->vcpus_lost);
	fprintf(out, "\n\n");
}

static void print_in_flight(FILE *out, const struct exit_vcpu *vcpu, uint64_t when)
{
	char row[64], since[16];

	if (vcpu->open == EXIT_ENDED)
		fprintf(out, "  %s (ended in it)", exit_row_text(vcpu->row, row, sizeof(row)));
	else if (stat_in_exit(vcpu))
		fprintf(out, "  %s %s", exit_row_text(vcpu->row, row, sizeof(row)),
			stat_duration(stat_in_flight(vcpu, when), since));
	else if (stat_is_asleep(vcpu))
		fprintf(out, "  %s %s", stat_asleep_word(vcpu->state),
			stat_duration(stat_in_flight(vcpu, when), since));
	if (vcpu->pc && stat_sleeps_at(vcpu))
		fprintf(out, " at 0x%" PRIx64, vcpu->pc);
}

static void print_vcpus(FILE *out, const struct stat_view *view, const struct stat_sample *sample)
{
	fprintf(out, "%-16s %7s %4s %7s %8s %6s %7s %6s %7s %10s  %s\n", "VM", "PID", "VCPU",
		"GUEST%", "KERNEL%", "VMM%", "HALT%", "WAIT%", "BLOCK%", "EXITS/S", "IN-FLIGHT");
	for (uint32_t i = 0; i < sample->vcpu_count; i++) {
		const struct exit_vcpu *vcpu = &sample->vcpus[i];
		uint64_t whole = stat_time_of(vcpu);
		char name[64];

		if (!stat_is_shown(view, vcpu))
			continue;
		fprintf(out,
			"%-16.16s %7" PRIu32 " %4" PRIu32
			" %7.1f %8.1f %6.1f %7.1f %6.1f %7.1f %10.0f",
			printable(name, sizeof(name), view->vm_name(view->opaque, vcpu->tgid)),
			vcpu->tgid, vcpu->vcpu_id, percent(vcpu->ns[VCPU_GUEST], whole),
			percent(vcpu->ns[VCPU_KERNEL], whole), percent(vcpu->ns[VCPU_VMM], whole),
			percent(vcpu->ns[VCPU_HALTED], whole),
			percent(vcpu->ns[VCPU_WAITING], whole),
			percent(vcpu->ns[VCPU_BLOCKED], whole),
			whole ? (double)vcpu->exits * 1e9 / (double)whole : 0);
		print_in_flight(out, vcpu, sample->when);
		fprintf(out, "\n");
	}
	fprintf(out, "\n");
}

static void print_times(FILE *out, int width, const char *name, const struct exit_times *times,
			const struct exit_times *total)
{
	char sum[16], min[16], average[16], p50[16], p99[16], max[16], halted[16];

	fprintf(out, "%-*s %9" PRIu64 " %6.1f%% %6.1f%% %8s %8s %8s %8s %8s %8s %6.1f %8s\n", width,
		name, times->count, percent(times->count, total->count),
		percent(times->ns, total->ns), stat_duration(times->ns, sum),
		stat_duration(times->min, min),
		stat_duration(times->count ? times->ns / times->count : 0, average),
		stat_duration(stat_percentile(times, 0.5), p50),
		stat_duration(stat_percentile(times, 0.99), p99), stat_duration(times->max, max),
		percent(times->to_vmm, times->count),
		times->halted_ns ? stat_duration(times->halted_ns, halted) : "-");
}

/* How long the guest ran each time: of all vCPUs that are shown. Not where runs are not seen. */
static void print_runs(FILE *out, int width, const struct stat_view *view,
		       const struct stat_sample *sample)
{
	struct exit_times runs = {0};
	char sum[16], min[16], average[16], p50[16], p99[16], max[16];

	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (stat_is_shown(view, &sample->vcpus[i]))
			stat_add_times(&runs, &sample->times[i * EXIT_TIMES + EXIT_RUNS]);
	if (!runs.count)
		return;
	fprintf(out, "%-*s %9" PRIu64 " %7s %7s %8s %8s %8s %8s %8s %8s\n", width, "guest runs",
		runs.count, "-", "-", stat_duration(runs.ns, sum), stat_duration(runs.min, min),
		stat_duration(runs.ns / runs.count, average),
		stat_duration(stat_percentile(&runs, 0.5), p50),
		stat_duration(stat_percentile(&runs, 0.99), p99), stat_duration(runs.max, max));
}

void stat_print_text(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		     uint64_t wall, const struct stat_lines *lines)
{
	struct exit_times total = {0};
	int width = NAME_WIDTH;
	char name[STAT_LINE_LENGTH];

	for (size_t i = 0; i < lines->count; i++) {
		int length = (int)strlen(stat_line_text(&lines->lines[i], name, sizeof(name)));

		stat_add_times(&total, &lines->lines[i].times);
		width = length > width ? length : width;
	}
	print_header(out, view, sample, wall);
	print_vcpus(out, view, sample);
	fprintf(out, "%-*s %9s %7s %7s %8s %8s %8s %8s %8s %8s %6s %8s\n", width, "EXIT REASON",
		"COUNT", "COUNT%", "TIME%", "TOTAL", "MIN", "AVG", "P50", "P99", "MAX", ">VMM%",
		"HALTED");
	for (size_t i = 0; i < lines->count; i++)
		print_times(out, width, stat_line_text(&lines->lines[i], name, sizeof(name)),
			    &lines->lines[i].times, &total);
	print_times(out, width, "total", &total, &total);
	print_runs(out, width, view, sample);
}
