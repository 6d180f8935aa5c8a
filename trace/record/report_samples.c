/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_samples.h"

#include <inttypes.h>
#include <string.h>

#include "trace/record/report_place.h"
#include "trace/stat/stat_times.h"

/* There is one of each: the lines were read before. */
static struct report_vm *vm_of(const struct report *report, uint64_t number)
{
	struct report_vm *vm = report->vms.vms[number];

	return vm ? vm : report->vms.vms[0];
}

/* A process's name and number. */
#define REPORT_PROCESS (RECORDING_COMM + 16)

/* Where entry.S goes on: a return address in these has what was interrupted behind it. */
static bool is_exception(const char *name)
{
	return !strcmp(name, "handle_exception") || !strcmp(name, "ret_from_exception");
}

/* The vCPU's own number, or of several VMs one of the lanes that came so far. */
static uint64_t lane_of(struct report *report, const struct recording_sample *sample)
{
	char label[REPORT_VM_NAME + 32];
	uint32_t lane = 0;

	if (!report->several)
		return sample->vcpu;
	while (lane < report->lanes_count &&
	       (report->lanes[lane].vm != sample->vm || report->lanes[lane].vcpu != sample->vcpu))
		lane++;
	if (lane == report->lanes_count && lane < PAGE_VCPUS) {
		report->lanes[lane].vm = sample->vm;
		report->lanes[lane].vcpu = sample->vcpu;
		report->lanes_count++;
		snprintf(label, sizeof(label), "%s vcpu%" PRIu64, vm_of(report, sample->vm)->name,
			 sample->vcpu);
		page_series_name(report->series, lane, label);
	}
	return lane;
}

static void add_to_series(struct report *report, const struct recording_sample *sample)
{
	if (report->series && report->exits)
		page_series_exit(report->series, sample->exit, sample->count, sample->ns,
				 sample->vmm_ns);
	else if (report->series)
		page_series_sample(report->series, sample->time, lane_of(report, sample),
				   sample->user ? PAGE_USER : PAGE_KERNEL, sample->count);
}

/* "sh (123)"; the LABELS use the text in PROCESS. */
static void name_task(const struct report *report, const struct recording_task *task,
		      struct profile_labels *labels, char process[REPORT_PROCESS])
{
	if (!task->known)
		return;
	/* An empty name is none for a label. */
	labels->comm = task->comm[0] ? task->comm : "[no name]";
	if (!report->by_process)
		return;
	snprintf(process, REPORT_PROCESS, "%s (%" PRIu32 ")",
		 task->name[0] ? task->name : "[no name]", task->process);
	labels->process = process;
}

/* Callers in a process are where its frame pointers lead, and code without any has something else
 * in that register. */
static bool is_code(const struct report *report, const struct recording_sample *sample,
		    uint64_t address)
{
	uint64_t offset;

	return report_maps_find(&report->maps, sample->task.space, address, &offset);
}

static void add_sample(struct report *report)
{
	const struct recording_sample *sample = &report->line.sample;
	enum profile_kind mode = sample->user ? PROFILE_GUEST_USER : PROFILE_GUEST_KERNEL;
	struct profile_frame frames[2 + RECORDING_CALLERS];
	char names[1 + RECORDING_CALLERS][PROFILE_NAME];
	const struct report_vm *vm = vm_of(report, sample->vm);
	const struct report_places places = {.symbols = &vm->symbols,
					     .modules = &vm->modules,
					     .maps = &report->maps,
					     .users = report->users,
					     .by_pc = report->by_pc};
	struct profile_labels labels = {.vm = vm->name,
					.vcpu = (int32_t)sample->vcpu,
					.mode = mode,
					.reason = sample->exit};
	char process[REPORT_PROCESS];
	char exit[sizeof(sample->exit) + sizeof("exit:")];
	bool returns = false;
	size_t depth = 0;

	snprintf(exit, sizeof(exit), "exit:%s", sample->exit);
	if (report->exits)
		frames[depth++] = (struct profile_frame){.name = exit, .kind = PROFILE_EXIT};
	for (uint64_t i = 0; i <= sample->depth; i++, depth++) {
		const uint64_t address = i ? sample->callers[i - 1] : sample->pc;

		if (i && sample->user && !is_code(report, sample, address - 1))
			break;
		frames[depth].kind = mode;
		report_place_name(&places, address, returns, &sample->task, &frames[depth],
				  names[i]);
		returns = !is_exception(names[i]);
	}
	add_to_series(report, sample);
	name_task(report, &sample->task, &labels, process);
	/* What found no room is in profile_lost(). */
	profile_add(report->profile, frames, depth, &labels,
		    (struct profile_values){.count = sample->count, .host_ns = sample->ns});
}

static void add_reason(const struct report *report, const struct recording_reason *reason)
{
	struct exit_times times = {.min = reason->min, .max = reason->max};

	memcpy(times.buckets, reason->buckets, sizeof(times.buckets));
	page_series_times(report->series, &(struct page_times){
						  .reason = reason->exit,
						  .from = reason->from,
						  .step = reason->step,
						  .columns = reason->columns,
						  .columns_count = reason->count,
						  .buckets = reason->buckets,
						  .p50 = stat_percentile(&times, 0.5),
						  .p99 = stat_percentile(&times, 0.99),
						  .max = reason->max,
					  });
}

static void take_sample(struct report *report)
{
	const struct recording_line *line = &report->line;

	if (line->type == RECORDING_SAMPLE)
		add_sample(report);
	else if (line->type == RECORDING_MODULE)
		report_modules_next(&vm_of(report, line->module.vm)->modules);
	else if (line->type == RECORDING_REASON && report->series)
		add_reason(report, &line->reason);
}

bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	for (size_t i = 0; i <= RECORDING_VMS; i++) {
		struct report_vm *vm = report->vms.vms[i];

		if (vm && !report_modules_begin(&vm->modules)) {
			snprintf(message, REPORT_MESSAGE_MAX, "does not fit into memory");
			return false;
		}
	}
	return report_read(report, take_sample, message);
}
