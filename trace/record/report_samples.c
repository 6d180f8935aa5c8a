/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_samples.h"

#include <inttypes.h>
#include <string.h>

#include "trace/stat/stat_times.h"

/* There is one of each: the lines were read before. */
static const struct report_vm *vm_of(const struct report *report,
				     const struct recording_sample *sample)
{
	const struct report_vm *vm = report->vms.vms[sample->vm];

	return vm ? vm : report->vms.vms[0];
}

/* A process's name and number. */
#define REPORT_PROCESS (RECORDING_COMM + 16)

/* Where entry.S goes on: a return address in these has what was interrupted behind it. */
static bool is_exception(const char *name)
{
	return !strcmp(name, "handle_exception") || !strcmp(name, "ret_from_exception");
}

/* "function", "function [module]", by pc "function+0x1c". */
static void name_place(const struct report *report, const struct symbol_place *place, bool returns,
		       const char *module, struct profile_frame *frame, char out[PROFILE_NAME])
{
	char offset[24] = "";

	if (report->by_pc)
		snprintf(offset, sizeof(offset), "+0x%" PRIx64, place->offset + returns);
	else
		frame->address = place->start;
	snprintf(out, PROFILE_NAME, "%s%s%s%s%s", place->name, offset, *module ? " [" : "", module,
		 *module ? "]" : "");
}

/* Code of a process, by its function where that is known, else by the file that it is of:
 * "[libc.so.6]", by pc "libc.so.6+0x1c", where that is in the file. */
static void name_user(const struct report *report, bool returns, uint32_t space,
		      struct profile_frame *frame, char out[PROFILE_NAME])
{
	struct symbol_place place;
	uint64_t address = frame->address, offset = 0;
	const char *file = report_maps_find(&report->maps, space, address, &offset);
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (file && *file && report->users &&
	    user_symbols_find(report->users, file, offset - returns, &place)) {
		name_place(report, &place, returns, slash ? slash + 1 : file, frame, out);
		return;
	}
	if (slash)
		file = slash + 1;
	if (!report->by_pc)
		frame->address = 0;
	if (!file && report->by_pc)
		snprintf(out, PROFILE_NAME, "0x%016" PRIx64, address);
	else if (!file)
		snprintf(out, PROFILE_NAME, "[user]");
	else if (!*file)
		snprintf(out, PROFILE_NAME, "[no file]");
	else if (report->by_pc)
		snprintf(out, PROFILE_NAME, "%s+0x%" PRIx64, file, offset);
	else
		snprintf(out, PROFILE_NAME, "[%s]", file);
}

/* As above; what is nobody's is its address. */
static void name_of(const struct report *report, const struct report_vm *vm, uint64_t address,
		    bool returns, uint32_t space, struct profile_frame *frame,
		    char out[PROFILE_NAME])
{
	struct symbol_place place;

	frame->name = out;
	frame->address = address;
	/* A call may be the last instruction of its function. */
	if (!symbols_lookup(&vm->symbols, address - returns, &place)) {
		if (frame->kind == PROFILE_GUEST_USER)
			name_user(report, returns, space, frame, out);
		else
			snprintf(out, PROFILE_NAME, "0x%016" PRIx64, address);
		return;
	}
	name_place(report, &place, returns, place.module, frame, out);
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
		snprintf(label, sizeof(label), "%s vcpu%" PRIu64, vm_of(report, sample)->name,
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

static void add_sample(struct report *report)
{
	const struct recording_sample *sample = &report->line.sample;
	enum profile_kind mode = sample->user ? PROFILE_GUEST_USER : PROFILE_GUEST_KERNEL;
	struct profile_frame frames[2 + RECORDING_CALLERS];
	char names[1 + RECORDING_CALLERS][PROFILE_NAME];
	const struct report_vm *vm = vm_of(report, sample);
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
		frames[depth].kind = mode;
		name_of(report, vm, i ? sample->callers[i - 1] : sample->pc, returns,
			sample->task.space, &frames[depth], names[i]);
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
	if (report->line.type == RECORDING_SAMPLE)
		add_sample(report);
	else if (report->line.type == RECORDING_REASON && report->series)
		add_reason(report, &report->line.reason);
}

bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	return report_read(report, take_sample, message);
}
