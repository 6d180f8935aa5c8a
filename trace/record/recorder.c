/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "trace/guest/guest_image.h"
#include "trace/guest/guest_names.h"
#include "trace/names/exit_names.h"
#include "trace/names/exit_record.h"
#include "trace/record/exit_series.h"
#include "trace/record/record_chain.h"
#include "trace/record/record_maps.h"
#include "trace/record/record_modules.h"
#include "trace/record/record_names.h"
#include "trace/record/recording_packed.h"
#include "trace/record/sample_sums.h"

/* Of sums, before they are written. */
#define SUMS_LIMIT (32u << 20)

/* How long the last look for modules is waited for, ns. */
#define MODULES_PATIENCE (2 * NS_PER_S)

struct recorder {
	struct recorder_options options;
	struct recording_line line;	/* one at a time */
	struct recording_sample sample; /* the one that is being made */
	uint32_t index, row;		/* of it: its vCPU's in the collector, and its exit's */
	const struct exit_stack *stack; /* of it; NULL: there is none */
	struct sample_sums *sums;	/* NULL: each is written */
	struct exit_series *series;	/* of what is in sums; NULL: there are none */
	struct recording_packer *packer;
	struct record_maps *maps;
	struct record_modules *modules; /* of all files */
	struct record_names names;
	uint64_t kernel_start; /* where its symbols say; 0: not known */
	uint64_t stvec;	       /* by which the symbols were moved */
	bool searched;	       /* the guest's memory, for symbols */
	struct record_chain chain;
	struct recorder_counts counts;
	uint64_t samples_before, strange_before; /* in the files before this one */
	uint64_t lost_told[EXIT_VCPUS], overflows_told[EXIT_VCPUS]; /* of what came */
};

/* ---- lines ---- */

static void write_this(void *opaque, const struct recording_line *line)
{
	const struct recorder *recorder = opaque;
	char text[RECORDING_LINE];
	size_t size = recording_write(line, text);

	fwrite(text, 1, size, recorder->options.out);
}

static void write_line(struct recorder *recorder)
{
	write_this(recorder, &recorder->line);
}

/* False with errno. */
static bool write_sample(struct recorder *recorder, const struct recording_sample *sample)
{
	uint8_t packed[RECORDING_LINE];
	size_t size;

	record_names_put(&recorder->names, sample->pc);
	/* A call may be the last instruction of its function: what is behind it is not in it. */
	for (uint64_t i = 0; i < sample->depth; i++) {
		record_names_put(&recorder->names, sample->callers[i] - 1);
		record_names_put(&recorder->names, sample->callers[i]);
	}
	size = recording_pack(recorder->packer, sample, packed);
	if (!size)
		errno = ENOMEM;
	else
		fwrite(packed, 1, size, recorder->options.out);
	return size > 0;
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

static void write_lost(struct recorder *recorder, uint32_t vcpu, uint64_t records)
{
	if (!records)
		return;
	recorder->line.type = RECORDING_LOST;
	recorder->line.lost = (struct recording_lost){.vcpu = vcpu, .records = records};
	write_line(recorder);
	recorder->counts.lost += records;
}

static void write_series(struct recorder *recorder)
{
	recorder->line.type = RECORDING_REASON;
	for (uint32_t row = 0; recorder->series && row < EXIT_ROWS; row++)
		if (exit_series_get(recorder->series, row, &recorder->line.reason))
			write_line(recorder);
}

static void find_callers(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;

	recorder->chain.index = recorder->index;
	if (!record_chain_find(&recorder->chain, recorder->stack, sample) &&
	    recorder->options.header.chains && !sample->user)
		recorder->counts.alone += sample->count;
}

/* ---- tasks ---- */

static void write_mapping(void *opaque, const struct recording_mapping *mapping)
{
	struct recorder *recorder = opaque;

	recorder->line.type = RECORDING_MAPPING;
	recorder->line.mapping = *mapping;
	write_line(recorder);
}

static void find_task(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;
	const struct exit_task *task = collector_task(recorder->options.collector, recorder->index);
	struct guest_maps guest;
	bool known;

	record_tasks_put(task, &sample->task);
	if (!task) {
		recorder->counts.strange += sample->count;
	} else if (task->mm) {
		known = record_tasks_guest(recorder->options.tasks, &guest);
		sample->task.space =
			record_maps_space(recorder->maps, known ? &guest : NULL, task->mm,
					  &sample->task, sample->pc, write_mapping, recorder);
	}
}

static const char *why_not_known(const struct record_tasks *tasks)
{
	if (tasks->unwanted)
		return "it was recorded with --no-tasks";
	return tasks->why == TASKS_FOUND ? "it was not found yet, or did not fit together"
					 : task_search_words(tasks->why);
}

/* Why some samples of this file have none. */
static void write_tasks(struct recorder *recorder)
{
	if (recorder->counts.strange == recorder->strange_before)
		return;
	recorder->line.type = RECORDING_TASKS;
	snprintf(recorder->line.tasks.why, sizeof(recorder->line.tasks.why), "%s",
		 why_not_known(recorder->options.tasks));
	write_line(recorder);
}

/* ---- findings ---- */

static void write_finding(void *opaque, const struct recording_finding *finding)
{
	struct recorder *recorder = opaque;

	recorder->line.type = RECORDING_FINDING;
	recorder->line.finding = *finding;
	write_line(recorder);
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

static void see_address(const struct recorder *recorder, uint64_t address)
{
	/* They are before it. */
	if (recorder->kernel_start - 1 - address < MODULES_REACH)
		record_modules_see(recorder->modules, address);
}

static void see_modules(const struct recorder *recorder)
{
	const struct recording_sample *sample = &recorder->sample;

	if (sample->user || !recorder->kernel_start)
		return;
	see_address(recorder, sample->pc);
	for (uint64_t i = 0; i < sample->depth; i++)
		see_address(recorder, sample->callers[i]);
}

/* A look that goes on is awaited PATIENCE ns at most. False with errno. */
static bool follow_modules(struct recorder *recorder, uint64_t patience)
{
	struct record_tasks *tasks = recorder->options.tasks;
	enum record_modules_news news = record_modules_follow(recorder->modules, tasks->pid,
							      record_tasks_kernel(tasks), patience);

	if (news == MODULES_AS_BEFORE)
		return true;
	if (news == MODULES_REBOOTED)
		record_tasks_forget(tasks, recorder->options.collector);
	/* What is added up already is of those that are gone. */
	if (news != MODULES_ADDED && !write_sums(recorder))
		return false;
	record_modules_take(recorder->modules);
	record_names_again(&recorder->names);
	return true;
}

/* ---- samples ---- */

static void make_sample(struct recorder *recorder, uint32_t vcpu, const struct exit_record *record)
{
	struct recording_sample *sample = &recorder->sample;

	sample->time = record->exited;
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
	see_modules(recorder);
	recorder->counts.samples += sample->count;
}

/* The kernel may be anywhere (KASLR), and is there once it has set its trap handler. */
static void follow_kernel(struct recorder *recorder, uint64_t stvec)
{
	struct symbols *symbols = recorder->options.symbols;

	if (stvec == recorder->stvec)
		return;
	recorder->stvec = stvec;
	/* A kernel that nobody knew of, because the guest's firmware brought it, runs now. */
	if (!symbols->count && !recorder->searched && stvec >> 63) {
		recorder->searched = true;
		guest_image_symbols((pid_t)recorder->options.header.pid, symbols);
	}
	guest_names_move(symbols, stvec);
	if (!symbols_find(symbols, "_start", &recorder->kernel_start))
		recorder->kernel_start = 0;
	if (!recorder->options.header.chains)
		return;
	if (!symbols_find(symbols, "handle_exception", &recorder->chain.exception_start) ||
	    !symbols_find(symbols, "ret_from_exception_end", &recorder->chain.exception_end))
		recorder->chain.exception_end = 0;
}

static uint32_t vcpus_seen(const struct recorder *recorder)
{
	uint32_t seen = collector_seen(recorder->options.collector);

	return seen < EXIT_VCPUS ? seen : EXIT_VCPUS;
}

bool recorder_drain(struct recorder *recorder)
{
	struct collector *collector = recorder->options.collector;
	uint32_t seen = vcpus_seen(recorder);

	if (!recorder->options.tasks->unwanted || record_modules_wants(recorder->modules))
		record_tasks_follow(recorder->options.tasks, collector);
	if (!record_findings_look(recorder->options.findings)) {
		errno = ENOMEM;
		return false;
	}
	if (!follow_modules(recorder, 0))
		return false;
	for (uint32_t i = 0; i < seen; i++) {
		struct exit_record record;
		struct exit_vcpu vcpu;
		const uint8_t *text;

		if (!collector_vcpu(collector, i, &vcpu))
			continue;
		follow_kernel(recorder, vcpu.stvec);
		while (collector_peek(collector, i, &record, &text)) {
			recorder->index = i;
			recorder->stack = collector_stack(collector, i);
			recorder->lost_told[i] += record.lost;
			write_lost(recorder, vcpu.vcpu_id, record.lost);
			make_sample(recorder, vcpu.vcpu_id, &record);
			collector_take(collector, i);
			if (!(recorder->sums ? add_sum(recorder) : write_this_sample(recorder)))
				return false;
		}
	}
	return fflush(recorder->options.out) == 0;
}

/* False with errno. */
static bool finish_file(struct recorder *recorder)
{
	struct collector *collector = recorder->options.collector;
	uint32_t seen = vcpus_seen(recorder);

	if (!write_sums(recorder))
		return false;
	write_series(recorder);
	for (uint32_t i = 0; i < seen; i++) {
		struct exit_vcpu vcpu;
		uint64_t lost, overflows;

		if (!collector_vcpu(collector, i, &vcpu))
			continue;
		lost = collector_records_lost(collector, i);
		write_lost(recorder, vcpu.vcpu_id, lost - recorder->lost_told[i]);
		recorder->lost_told[i] = lost;
		overflows = vcpu.overflows - recorder->overflows_told[i];
		recorder->overflows_told[i] = vcpu.overflows;
		recorder->line.type = RECORDING_VCPU;
		recorder->line.vcpu = (struct recording_vcpu){
			.vcpu = vcpu.vcpu_id, .overflows = overflows, .stvec = vcpu.stvec};
		recorder->counts.overflows += overflows;
		write_line(recorder);
	}
	write_tasks(recorder);
	if (!write_findings(recorder))
		return false;
	recorder->line.type = RECORDING_END;
	recorder->line.end = (struct recording_end){.time = clock_now(),
						    .samples = recorder->counts.samples -
							       recorder->samples_before};
	write_line(recorder);
	return fflush(recorder->options.out) == 0;
}

bool recorder_finish(struct recorder *recorder)
{
	/* What came after the last look. */
	return (!record_modules_wants(recorder->modules) ||
		follow_modules(recorder, MODULES_PATIENCE)) &&
	       finish_file(recorder);
}

/* ---- its life ---- */

/* What a file has of its own. */
static void forget_file(struct recorder *recorder)
{
	record_names_end(&recorder->names);
	sample_sums_free(recorder->sums);
	exit_series_free(recorder->series);
	recording_packer_free(recorder->packer);
	record_maps_free(recorder->maps);
	recorder->sums = NULL;
	recorder->series = NULL;
	recorder->packer = NULL;
	recorder->maps = NULL;
}

/* False: no memory. */
static bool begin_file(struct recorder *recorder)
{
	record_names_begin(&recorder->names);
	recorder->samples_before = recorder->counts.samples;
	recorder->strange_before = recorder->counts.strange;
	if (recorder->options.sums) {
		recorder->sums = sample_sums_new(SUMS_LIMIT);
		recorder->series = exit_series_new(recorder->options.header.start);
	}
	recorder->packer = recording_packer_new();
	recorder->maps = record_maps_new();
	if ((recorder->options.sums && (!recorder->sums || !recorder->series)) ||
	    !recorder->packer || !recorder->maps) {
		errno = ENOMEM;
		return false;
	}
	recorder->line.type = RECORDING_HEADER;
	recorder->line.header = recorder->options.header;
	write_line(recorder);
	return true;
}

struct recorder *recorder_new(const struct recorder_options *options)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	recorder->options = *options;
	recorder->chain.collector = options->collector;
	recorder->modules = record_modules_new();
	recorder->names = (struct record_names){.symbols = options->symbols,
						.modules = recorder->modules,
						.write = write_this,
						.opaque = recorder,
						.line = &recorder->line};
	if (recorder->modules && begin_file(recorder))
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
	record_modules_free(recorder->modules);
	free(recorder);
}

struct recorder_counts recorder_counts(const struct recorder *recorder)
{
	return recorder->counts;
}
