/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/recorder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trace/names/exit_names.h"
#include "trace/names/exit_record.h"
#include "trace/record/exit_series.h"
#include "trace/record/record_callers.h"
#include "trace/record/record_file.h"
#include "trace/record/record_maps.h"
#include "trace/record/record_modules.h"
#include "trace/record/sample_sums.h"

/* Of sums, before they are written. */
#define SUMS_LIMIT (32u << 20)

/* How long the last look for modules is waited for, ns. */
#define MODULES_PATIENCE (2 * NS_PER_S)

struct recorder {
	struct recorder_options options;
	struct record_file file;
	struct recording_sample sample; /* the one that is being made */
	uint32_t index, row;		/* of it: its vCPU's in the collector, and its exit's */
	struct record_vm *vm;		/* of it */
	const struct exit_stack *stack; /* of it; NULL: there is none */
	struct sample_sums *sums;	/* NULL: each is written */
	struct exit_series *series;	/* of what is in sums; NULL: there are none */
	struct record_maps *maps;
	struct recorder_counts counts;
	uint64_t samples_before; /* in the files before this one */
	uint64_t lost_told[EXIT_VCPUS], overflows_told[EXIT_VCPUS]; /* of what came */
};

/* ---- lines ---- */

/* False with errno. */
static bool write_sample(struct recorder *recorder, const struct recording_sample *sample)
{
	return record_file_sample(&recorder->file, record_vms_at(recorder->options.vms, sample->vm),
				  sample);
}

/* Where samples are not added up. False with errno. */
static bool write_this_sample(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;

	exit_row_text(recorder->row, sample->exit, sizeof(sample->exit));
	return write_sample(recorder, sample);
}

/* What is added up so far; then there is nothing. False with errno. */
static bool write_sums(struct recorder *recorder)
{
	size_t count = recorder->sums ? sample_sums_count(recorder->sums) : 0;
	struct recording_sample sample;

	for (size_t i = 0; i < count; i++) {
		sample_sums_get(recorder->sums, i, &sample);
		if (!write_sample(recorder, &sample))
			return false;
	}
	if (!count)
		return true;
	sample_sums_free(recorder->sums);
	recorder->sums = sample_sums_new(SUMS_LIMIT);
	errno = ENOMEM;
	return recorder->sums != NULL;
}

/* False with errno. */
static bool add_sum(struct recorder *recorder)
{
	int error = sample_sums_add(recorder->sums, &recorder->sample, recorder->row);

	if (error == -ENOSPC) {
		if (!write_sums(recorder))
			return false;
		error = sample_sums_add(recorder->sums, &recorder->sample, recorder->row);
	}
	errno = -error;
	return !error;
}

static void write_lost(struct recorder *recorder, struct record_vm *vm, uint32_t vcpu,
		       uint64_t records)
{
	if (!records)
		return;
	recorder->file.line.type = RECORDING_LOST;
	recorder->file.line.lost =
		(struct recording_lost){.vm = vm->is.vm, .vcpu = vcpu, .records = records};
	record_file_line_of(&recorder->file, vm);
	recorder->counts.lost += records;
}

static void write_series(struct recorder *recorder)
{
	recorder->file.line.type = RECORDING_REASON;
	for (uint32_t row = 0; recorder->series && row < EXIT_ROWS; row++)
		if (exit_series_get(recorder->series, row, &recorder->file.line.reason))
			record_file_line(&recorder->file);
}

/* ---- tasks ---- */

static void write_mapping(void *opaque, const struct recording_mapping *mapping)
{
	struct recorder *recorder = opaque;

	recorder->file.line.type = RECORDING_MAPPING;
	recorder->file.line.mapping = *mapping;
	record_file_line(&recorder->file);
}

static void find_task(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;
	const struct exit_task *task = collector_task(recorder->options.collector, recorder->index);
	struct guest_maps guest;
	bool known;

	record_tasks_put(task, &sample->task);
	if (!task) {
		recorder->vm->strange += sample->count;
	} else if (task->mm) {
		known = record_tasks_guest(&recorder->vm->tasks, &guest);
		sample->task.space =
			record_maps_space(recorder->maps, known ? &guest : NULL,
					  &(struct record_space){sample->vm, task->mm},
					  &sample->task, sample->pc, write_mapping, recorder);
	}
}

/* Why some samples of this file have none. */
static void write_tasks(struct recorder *recorder)
{
	const struct record_vms *vms = recorder->options.vms;

	for (uint32_t i = 0; i < vms->count; i++) {
		const struct record_vm *vm = vms->vms[i];

		if (!vm->strange)
			continue;
		recorder->file.line.type = RECORDING_TASKS;
		recorder->file.line.tasks = (struct recording_tasks){.vm = vm->is.vm};
		snprintf(recorder->file.line.tasks.why, sizeof(recorder->file.line.tasks.why), "%s",
			 record_vms_why(vms, vm));
		record_file_line(&recorder->file);
	}
}

/* ---- findings ---- */

static void write_finding(void *opaque, const struct recording_finding *finding)
{
	struct recorder *recorder = opaque;

	recorder->file.line.type = RECORDING_FINDING;
	recorder->file.line.finding = *finding;
	record_file_line(&recorder->file);
}

/* Those of this file. False with errno. */
static bool write_findings(struct recorder *recorder)
{
	if (record_findings_tell(recorder->options.findings, recorder->options.header.start,
				 write_finding, recorder))
		return true;
	errno = ENOMEM;
	return false;
}

/* ---- modules ---- */

/* A look that goes on is awaited PATIENCE ns at most. False with errno. */
static bool follow_modules(struct recorder *recorder, struct record_vm *vm, uint64_t patience)
{
	enum record_modules_news news = record_modules_follow(
		vm->modules, vm->tasks.pid, record_tasks_kernel(&vm->tasks), patience);

	if (news == MODULES_AS_BEFORE)
		return true;
	if (news == MODULES_REBOOTED)
		record_tasks_forget(&vm->tasks);
	/* What is added up already is of those that are gone. */
	if (news != MODULES_ADDED && !write_sums(recorder))
		return false;
	record_modules_take(vm->modules);
	record_names_again(&vm->names);
	return true;
}

/* False with errno. */
static bool follow_all_modules(struct recorder *recorder)
{
	const struct record_vms *vms = recorder->options.vms;

	for (uint32_t i = 0; i < vms->count; i++)
		if (!follow_modules(recorder, vms->vms[i], 0))
			return false;
	return true;
}

/* The last look: what came after the one before. Those that wait do so at one time. False with
 * errno. */
static bool await_all_modules(struct recorder *recorder)
{
	const struct record_vms *vms = recorder->options.vms;
	const uint64_t until = clock_now() + MODULES_PATIENCE;

	for (uint32_t i = 0; i < vms->count; i++) {
		const uint64_t now = clock_now();

		if (record_modules_wants(vms->vms[i]->modules) && now < until &&
		    !follow_modules(recorder, vms->vms[i], until - now))
			return false;
	}
	return true;
}

/* ---- samples ---- */

static void find_callers(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;

	if (recorder->stack)
		record_callers_find(recorder->options.collector, recorder->index, recorder->stack,
				    recorder->vm, sample);
	else if (recorder->options.header.chains && !sample->user)
		recorder->counts.alone += sample->count;
}

static void make_sample(struct recorder *recorder, uint32_t vcpu, const struct exit_record *record)
{
	struct recording_sample *sample = &recorder->sample;

	sample->time = record->exited;
	sample->vm = recorder->vm->is.vm;
	sample->vcpu = vcpu;
	sample->user = exit_mode(record) == 'U';
	sample->pc = record->pc;
	/* Where exits are the event, nothing overflows. */
	sample->count = record->samples ? record->samples : 1;
	sample->ns = record->ns;
	sample->vmm_ns = record->vmm_ns;
	sample->depth = 0;
	recorder->row = record->row;
	if (recorder->series)
		exit_series_add(recorder->series, record->row, record->exited, record->ns);
	find_callers(recorder);
	find_task(recorder);
	record_vms_see(recorder->vm, sample);
	recorder->counts.samples += sample->count;
}

static uint32_t vcpus_seen(const struct recorder *recorder)
{
	uint32_t seen = collector_seen(recorder->options.collector);

	return seen < EXIT_VCPUS ? seen : EXIT_VCPUS;
}

/* All that vCPU INDEX has. False with errno. */
static bool drain(struct recorder *recorder, uint32_t index, const struct exit_vcpu *vcpu)
{
	struct collector *collector = recorder->options.collector;
	struct exit_record record;
	const uint8_t *text;

	recorder->index = index;
	while (collector_peek(collector, index, &record, &text)) {
		recorder->stack = collector_stack(collector, index);
		recorder->lost_told[index] += record.lost;
		write_lost(recorder, recorder->vm, vcpu->vcpu_id, record.lost);
		make_sample(recorder, vcpu->vcpu_id, &record);
		collector_take(collector, index);
		if (!(recorder->sums ? add_sum(recorder) : write_this_sample(recorder)))
			return false;
	}
	return true;
}

bool recorder_drain(struct recorder *recorder)
{
	uint32_t seen = vcpus_seen(recorder);

	record_vms_follow(recorder->options.vms);
	if (!record_findings_look(recorder->options.findings)) {
		errno = ENOMEM;
		return false;
	}
	if (!follow_all_modules(recorder))
		return false;
	for (uint32_t i = 0; i < seen; i++) {
		struct exit_vcpu vcpu;

		if (!collector_vcpu(recorder->options.collector, i, &vcpu))
			continue;
		recorder->vm = record_vms_of(recorder->options.vms, &vcpu);
		if (!recorder->vm) {
			errno = ENOMEM;
			return false;
		}
		if (!drain(recorder, i, &vcpu))
			return false;
	}
	return fflush(recorder->options.out) == 0;
}

/* What is to be said of vCPU INDEX at the end. */
static void finish_vcpu(struct recorder *recorder, uint32_t index)
{
	struct collector *collector = recorder->options.collector;
	struct exit_vcpu vcpu;
	struct record_vm *vm;
	uint64_t lost, overflows;

	if (!collector_vcpu(collector, index, &vcpu))
		return;
	vm = record_vms_of(recorder->options.vms, &vcpu);
	if (!vm)
		return;
	lost = collector_records_lost(collector, index);
	write_lost(recorder, vm, vcpu.vcpu_id, lost - recorder->lost_told[index]);
	recorder->lost_told[index] = lost;
	overflows = vcpu.overflows - recorder->overflows_told[index];
	recorder->overflows_told[index] = vcpu.overflows;
	recorder->file.line.type = RECORDING_VCPU;
	recorder->file.line.vcpu = (struct recording_vcpu){
		.vm = vm->is.vm, .vcpu = vcpu.vcpu_id, .overflows = overflows, .stvec = vcpu.stvec};
	recorder->counts.overflows += overflows;
	record_file_line_of(&recorder->file, vm);
}

/* False with errno. */
static bool finish_file(struct recorder *recorder)
{
	uint32_t seen = vcpus_seen(recorder);

	if (!write_sums(recorder))
		return false;
	write_series(recorder);
	for (uint32_t i = 0; i < seen; i++)
		finish_vcpu(recorder, i);
	write_tasks(recorder);
	if (!write_findings(recorder))
		return false;
	recorder->file.line.type = RECORDING_END;
	recorder->file.line.end = (struct recording_end){.time = clock_now(),
							 .samples = recorder->counts.samples -
								    recorder->samples_before};
	record_file_line(&recorder->file);
	return fflush(recorder->options.out) == 0;
}

bool recorder_finish(struct recorder *recorder)
{
	return await_all_modules(recorder) && finish_file(recorder);
}

/* ---- its life ---- */

/* What a file has of its own. */
static void forget_file(struct recorder *recorder)
{
	sample_sums_free(recorder->sums);
	exit_series_free(recorder->series);
	record_maps_free(recorder->maps);
	record_file_end(&recorder->file);
	recorder->sums = NULL;
	recorder->series = NULL;
	recorder->maps = NULL;
}

/* False: no memory. */
static bool begin_file(struct recorder *recorder)
{
	const struct record_vms *vms = recorder->options.vms;

	recorder->samples_before = recorder->counts.samples;
	if (recorder->options.sums) {
		recorder->sums = sample_sums_new(SUMS_LIMIT);
		recorder->series = exit_series_new(recorder->options.header.start);
	}
	recorder->maps = record_maps_new();
	if (!record_file_begin(&recorder->file, recorder->options.out, &recorder->options.header,
			       vms) ||
	    (recorder->options.sums && (!recorder->sums || !recorder->series)) || !recorder->maps) {
		errno = ENOMEM;
		return false;
	}
	for (uint32_t i = 0; i < vms->count; i++)
		vms->vms[i]->strange = 0;
	return true;
}

struct recorder *recorder_new(const struct recorder_options *options)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	recorder->options = *options;
	if (begin_file(recorder))
		return recorder;
	recorder_free(recorder);
	return NULL;
}

bool recorder_go_on(struct recorder *recorder, FILE *out, uint64_t start, uint64_t realtime)
{
	if (!finish_file(recorder))
		return false;
	forget_file(recorder);
	recorder->options.out = out;
	recorder->options.header.start = start;
	recorder->options.header.realtime = realtime;
	return begin_file(recorder);
}

void recorder_free(struct recorder *recorder)
{
	if (!recorder)
		return;
	forget_file(recorder);
	free(recorder);
}

struct recorder_counts recorder_counts(const struct recorder *recorder)
{
	return recorder->counts;
}
