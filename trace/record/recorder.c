/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "trace/export/intern.h"
#include "trace/guest/guest_image.h"
#include "trace/guest/guest_names.h"
#include "trace/guest/unwind.h"
#include "trace/names/exit_names.h"
#include "trace/names/exit_record.h"
#include "trace/record/exit_series.h"
#include "trace/record/record_maps.h"
#include "trace/record/recording_packed.h"
#include "trace/record/sample_sums.h"

/* Of sums, before they are written; and of which names were written. */
#define SUMS_LIMIT  (32u << 20)
#define NAMES_LIMIT (16u << 20)

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
	struct budget budget;
	struct intern named;			 /* where symbols begin that were written */
	uint64_t stvec;				 /* by which the symbols were moved */
	bool searched;				 /* the guest's memory, for symbols */
	uint64_t near;				 /* an address of the kernel that is unwound */
	uint64_t exception_start, exception_end; /* unwind.h */
	struct recorder_counts counts;
	uint64_t samples_before, strange_before; /* in the files before this one */
	uint64_t lost_told[EXIT_VCPUS], overflows_told[EXIT_VCPUS]; /* of what came */
};

/* ---- lines ---- */

static void write_line(struct recorder *recorder)
{
	char text[RECORDING_LINE];
	size_t size = recording_write(&recorder->line, text);

	fwrite(text, 1, size, recorder->options.out);
}

/* The function that ADDRESS is in, if it has not been written yet. */
static void write_symbol(struct recorder *recorder, uint64_t address)
{
	struct recording_symbol *symbol = &recorder->line.symbol;
	uint32_t count = recorder->named.count, number;
	struct symbol_place place;

	if (!symbols_lookup(recorder->options.symbols, address, &place) ||
	    intern_add(&recorder->named, &place.start, sizeof(place.start), &number) != 0 ||
	    number < count)
		return;
	recorder->line.type = RECORDING_SYMBOL;
	*symbol = (struct recording_symbol){.start = place.start, .size = place.size};
	snprintf(symbol->name, sizeof(symbol->name), "%s", place.name);
	snprintf(symbol->module, sizeof(symbol->module), "%s", place.module);
	write_line(recorder);
}

/* False with errno. */
static bool write_sample(struct recorder *recorder, const struct recording_sample *sample)
{
	uint8_t packed[RECORDING_LINE];
	size_t size;

	write_symbol(recorder, sample->pc);
	/* A call may be the last instruction of its function: what is behind it is not in it. */
	for (uint64_t i = 0; i < sample->depth; i++) {
		write_symbol(recorder, sample->callers[i] - 1);
		write_symbol(recorder, sample->callers[i]);
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

/* False with errno. */
static bool write_sums(struct recorder *recorder)
{
	size_t count = recorder->sums ? sample_sums_count(recorder->sums) : 0;
	struct recording_sample sample;

	for (size_t i = 0; i < count; i++) {
		sample_sums_get(recorder->sums, i, &sample);
		if (!write_sample(recorder, &sample))
			return false;
	}
	return true;
}

/* False with errno. */
static bool add_sum(struct recorder *recorder)
{
	int error = sample_sums_add(recorder->sums, &recorder->sample, recorder->row);

	if (error == -ENOSPC) {
		if (!write_sums(recorder))
			return false;
		sample_sums_free(recorder->sums);
		recorder->sums = sample_sums_new(SUMS_LIMIT);
		error = recorder->sums
				? sample_sums_add(recorder->sums, &recorder->sample, recorder->row)
				: -ENOMEM;
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

/* ---- call chains ---- */

static bool read_stack(void *opaque, uint64_t address, uint64_t *value)
{
	const struct recorder *recorder = opaque;

	return collector_stack_word(recorder->options.collector, recorder->index, recorder->stack,
				    address, value);
}

/* Kernel and modules are where one instruction reaches from one to the other. */
#define CODE_REACH (1ull << 31)

static bool is_code(void *opaque, uint64_t address)
{
	const struct recorder *recorder = opaque;

	/* Linux has itself at the top of the address space, next to the lowest of its processes. */
	return (address ^ recorder->near) >> 63 == 0 &&
	       address - (recorder->near - CODE_REACH) < 2 * CODE_REACH;
}

static void find_callers(struct recorder *recorder)
{
	struct recording_sample *sample = &recorder->sample;
	const struct exit_stack *stack = recorder->stack;
	uint64_t chain[1 + RECORDING_CALLERS];

	if (!stack) {
		if (recorder->options.header.chains && !sample->user)
			recorder->counts.alone += sample->count;
		return;
	}
	const struct unwind unwind = {
		.pc = sample->pc,
		.ra = stack->ra,
		.sp = stack->sp,
		.fp = stack->fp,
		.read = read_stack,
		.is_code = is_code,
		.context = recorder,
		.exception_start = recorder->exception_start,
		.exception_end = recorder->exception_end,
	};

	recorder->near = sample->pc;
	sample->depth = unwind_chain(&unwind, chain, sizeof(chain) / sizeof(chain[0])) - 1;
	memcpy(sample->callers, chain + 1, sample->depth * sizeof(chain[0]));
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
	if (!tasks)
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
	if (!recorder->options.header.chains)
		return;
	if (!symbols_find(symbols, "handle_exception", &recorder->exception_start) ||
	    !symbols_find(symbols, "ret_from_exception_end", &recorder->exception_end))
		recorder->exception_end = 0;
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

	if (recorder->options.tasks)
		record_tasks_follow(recorder->options.tasks, collector);
	if (!record_findings_look(recorder->options.findings)) {
		errno = ENOMEM;
		return false;
	}
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

bool recorder_finish(struct recorder *recorder)
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

/* ---- its life ---- */

/* What a file has of its own. */
static void forget_file(struct recorder *recorder)
{
	intern_free(&recorder->named);
	sample_sums_free(recorder->sums);
	exit_series_free(recorder->series);
	recording_packer_free(recorder->packer);
	record_maps_free(recorder->maps);
	recorder->named = (struct intern){0};
	recorder->sums = NULL;
	recorder->series = NULL;
	recorder->packer = NULL;
	recorder->maps = NULL;
}

/* False: no memory. */
static bool begin_file(struct recorder *recorder)
{
	recorder->budget.left = NAMES_LIMIT;
	recorder->named.budget = &recorder->budget;
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
	if (begin_file(recorder))
		return recorder;
	recorder_free(recorder);
	return NULL;
}

bool recorder_go_on(struct recorder *recorder, FILE *out, uint64_t start, uint64_t realtime)
{
	if (!recorder_finish(recorder))
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
