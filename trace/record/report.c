/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trace/record/report_place.h"
#include "trace/stat/stat_times.h"

/* ---- lines, and packed records between them ---- */

/* Of a file that does not say in its first line what it is, nothing else is said. */
static void refuse(const struct report *report, const char *why, char message[REPORT_MESSAGE_MAX])
{
	if (report->number > 1)
		snprintf(message, REPORT_MESSAGE_MAX, "%s %" PRIu64 " %s",
			 report->packed ? "record" : "line", report->number, why);
	else
		snprintf(message, REPORT_MESSAGE_MAX, "%s",
			 why == recording_of_another_version ? why
							     : "is no recording of 'vhart record'");
}

enum next { NEXT_LINE, NEXT_END, NEXT_BAD };

/* False with WHY, or without where the file ends in the middle of it: its writer was stopped then.
 */
static bool read_packed(struct report *report, uint8_t tag, const char **why)
{
	uint8_t bytes[RECORDING_PACKED_MAX];
	uint64_t len = 0;
	int byte;

	*why = NULL;
	report->packed = true;
	for (unsigned int shift = 0; shift <= 14; shift += 7) {
		byte = getc(report->in);
		if (byte == EOF)
			return false;
		len |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (len > sizeof(bytes) || (byte & 0x80)) {
		*why = "is too long";
		return false;
	}
	return fread(bytes, 1, len, report->in) == len &&
	       recording_unpack(report->unpacker, tag, bytes, len, &report->line, why);
}

/* As above. */
static bool read_line(struct report *report, const char **why)
{
	char text[RECORDING_LINE];
	size_t len;

	*why = NULL;
	if (!fgets(text, sizeof(text), report->in))
		return false;
	len = strlen(text);
	if (len && text[len - 1] == '\n') {
		if (!recording_read(text, len, &report->line, why))
			return false;
		if ((report->line.type == RECORDING_HEADER) == (report->number == 1))
			return true;
		*why = "is a second header";
	} else if (report->number == 1 || !feof(report->in)) {
		*why = "is too long, or cut off";
	}
	return false;
}

static enum next next_line(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	int first = getc(report->in);
	const char *why = NULL;

	if (first != EOF) {
		report->number++;
		if (first >= RECORDING_TAGS && report->number > 1) {
			if (read_packed(report, (uint8_t)first, &why))
				return NEXT_LINE;
		} else {
			ungetc(first, report->in);
			if (read_line(report, &why))
				return NEXT_LINE;
		}
	}
	if (!why && !ferror(report->in))
		return NEXT_END;
	if (why)
		refuse(report, why, message);
	else
		snprintf(message, REPORT_MESSAGE_MAX, "%s", strerror(errno));
	return NEXT_BAD;
}

static bool begin(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	rewind(report->in);
	report->number = 0;
	report->packed = false;
	switch (next_line(report, message)) {
	case NEXT_LINE: return true;
	case NEXT_END: snprintf(message, REPORT_MESSAGE_MAX, "is empty"); break;
	case NEXT_BAD: break;
	}
	return false;
}

/* Gives TAKE each line and sample of the recording behind its header. False with MESSAGE. */
static bool read_all(struct report *report, void (*take)(struct report *report),
		     char message[REPORT_MESSAGE_MAX])
{
	enum next next;

	report->unpacker = recording_unpacker_new();
	if (!report->unpacker) {
		snprintf(message, REPORT_MESSAGE_MAX, "no memory");
		return false;
	}
	while ((next = next_line(report, message)) == NEXT_LINE)
		take(report);
	recording_unpacker_free(report->unpacker);
	report->unpacker = NULL;
	return next == NEXT_END;
}

/* ---- all but samples ---- */

static void add_symbol(struct report *report, const struct recording_symbol *symbol)
{
	if (report_modules_add_symbol(&report->modules, symbol))
		return;
	symbols_add(&report->symbols, symbol->start, symbol->size, 't', symbol->name,
		    strlen(symbol->name), symbol->module, strlen(symbol->module));
}

static void take_time(struct report *report, uint64_t time)
{
	if (time > report->until)
		report->until = time;
}

static void take_line(struct report *report)
{
	const struct recording_line *line = &report->line;

	switch (line->type) {
	case RECORDING_SYMBOL: add_symbol(report, &line->symbol); break;
	case RECORDING_LOST: report->lost = profile_sum(report->lost, line->lost.records); break;
	case RECORDING_END:
		report->whole = true;
		take_time(report, line->end.time);
		break;
	case RECORDING_VCPU:
		report->overflows = profile_sum(report->overflows, line->vcpu.overflows);
		if (!report->stvec)
			report->stvec = line->vcpu.stvec;
		break;
	case RECORDING_SAMPLE:
		take_time(report, line->sample.time);
		if (!line->sample.task.known)
			report->strange = profile_sum(report->strange, line->sample.count);
		break;
	case RECORDING_MAPPING: report_maps_add(&report->maps, &line->mapping); break;
	case RECORDING_FINDING: report_findings_add(&report->findings, &line->finding); break;
	case RECORDING_MODULE: report_modules_add(&report->modules, &line->module); break;
	case RECORDING_TASKS: memcpy(report->why, line->tasks.why, sizeof(report->why)); break;
	case RECORDING_HEADER:
	case RECORDING_REASON:
	case RECORDING_OTHER: break;
	}
}

bool report_read_frame(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	if (!begin(report, message))
		return false;
	report->header = report->line.header;
	report->exits = !strcmp(report->header.event, "exits");
	if (!read_all(report, take_line, message))
		return false;
	report_maps_finish(&report->maps);
	return !report->symbols.count || symbols_finish(&report->symbols, message);
}

/* ---- samples ---- */

/* A process's name and number. */
#define REPORT_PROCESS (RECORDING_COMM + 16)

/* Where entry.S goes on: a return address in these has what was interrupted behind it. */
static bool is_exception(const char *name)
{
	return !strcmp(name, "handle_exception") || !strcmp(name, "ret_from_exception");
}

static void add_to_series(const struct report *report, const struct recording_sample *sample)
{
	if (report->series && report->exits)
		page_series_exit(report->series, sample->exit, sample->count, sample->ns,
				 sample->vmm_ns);
	else if (report->series)
		page_series_sample(report->series, sample->time, sample->vcpu,
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
	const struct report_places places = {.symbols = &report->symbols,
					     .modules = &report->modules,
					     .maps = &report->maps,
					     .users = report->users,
					     .by_pc = report->by_pc};
	struct profile_labels labels = {.vm = report->header.vm,
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
		report_place_name(&places, i ? sample->callers[i - 1] : sample->pc, returns,
				  &sample->task, &frames[depth], names[i]);
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
	else if (report->line.type == RECORDING_MODULE)
		report_modules_next(&report->modules);
	else if (report->line.type == RECORDING_REASON && report->series)
		add_reason(report, &report->line.reason);
}

bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	if (!report_modules_begin(&report->modules)) {
		snprintf(message, REPORT_MESSAGE_MAX, "does not fit into memory");
		return false;
	}
	return begin(report, message) && read_all(report, take_sample, message);
}

/* ---- sums ---- */

uint64_t report_lost(const struct report *report)
{
	return profile_sum(report->lost, profile_lost(report->profile).count);
}

uint64_t report_duration(const struct report *report)
{
	uint64_t start = report->header.start;

	return start && report->until > start ? report->until - start : 0;
}

void report_free(struct report *report)
{
	report_maps_free(&report->maps);
	report_modules_free(&report->modules);
	report_findings_free(&report->findings);
	symbols_free(&report->symbols);
}
