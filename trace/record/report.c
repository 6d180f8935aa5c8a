/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- lines ---- */

/* Of a file that does not say in its first line what it is, nothing else is said. */
static void refuse(const struct report *report, const char *why, char message[REPORT_MESSAGE_MAX])
{
	if (report->number > 1)
		snprintf(message, REPORT_MESSAGE_MAX, "line %" PRIu64 " %s", report->number, why);
	else
		snprintf(message, REPORT_MESSAGE_MAX, "%s",
			 why == recording_of_another_version ? why
							     : "is no recording of 'vhart record'");
}

enum next { NEXT_LINE, NEXT_END, NEXT_BAD };

static enum next next_line(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	char text[RECORDING_LINE];
	const char *why = "is too long, or cut off";
	size_t len;

	if (!fgets(text, sizeof(text), report->in)) {
		if (!ferror(report->in))
			return NEXT_END;
		snprintf(message, REPORT_MESSAGE_MAX, "%s", strerror(errno));
		return NEXT_BAD;
	}
	report->number++;
	len = strlen(text);
	if (len && text[len - 1] == '\n') {
		if (recording_read(text, len, &report->line, &why)) {
			if ((report->line.type == RECORDING_HEADER) == (report->number == 1))
				return NEXT_LINE;
			why = "is a second header";
		}
	} else if (report->number > 1 && feof(report->in)) {
		return NEXT_END; /* the writer was stopped in the middle of it */
	}
	refuse(report, why, message);
	return NEXT_BAD;
}

static bool begin(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	rewind(report->in);
	report->number = 0;
	switch (next_line(report, message)) {
	case NEXT_LINE: return true;
	case NEXT_END: snprintf(message, REPORT_MESSAGE_MAX, "is empty"); break;
	case NEXT_BAD: break;
	}
	return false;
}

/* ---- all but samples ---- */

static void add_symbol(struct symbols *symbols, const struct recording_symbol *symbol)
{
	symbols_add(symbols, symbol->start, symbol->size, 't', symbol->name, strlen(symbol->name),
		    symbol->module, strlen(symbol->module));
}

static void take_line(struct report *report)
{
	const struct recording_line *line = &report->line;

	switch (line->type) {
	case RECORDING_SYMBOL: add_symbol(&report->symbols, &line->symbol); break;
	case RECORDING_LOST: report->lost = profile_sum(report->lost, line->lost.records); break;
	case RECORDING_END: report->whole = true; break;
	case RECORDING_VCPU:
		report->overflows = profile_sum(report->overflows, line->vcpu.overflows);
		if (!report->stvec)
			report->stvec = line->vcpu.stvec;
		break;
	case RECORDING_SAMPLE:
	case RECORDING_HEADER:
	case RECORDING_OTHER: break;
	}
}

bool report_read_frame(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	enum next next;

	if (!begin(report, message))
		return false;
	report->header = report->line.header;
	report->exits = !strcmp(report->header.event, "exits");
	while ((next = next_line(report, message)) == NEXT_LINE)
		take_line(report);
	if (next == NEXT_END && report->symbols.count)
		return symbols_finish(&report->symbols, message);
	return next == NEXT_END;
}

/* ---- samples ---- */

/* Where entry.S goes on: a return address in these has what was interrupted behind it. */
static bool is_exception(const char *name)
{
	return !strcmp(name, "handle_exception") || !strcmp(name, "ret_from_exception");
}

/* "function", "function [module]", by pc "function+0x1c"; nobody's: the address. */
static void name_of(const struct report *report, uint64_t address, bool returns,
		    struct profile_frame *frame, char out[PROFILE_NAME])
{
	struct symbol_place place;
	char offset[24] = "";

	frame->name = out;
	frame->address = address;
	/* A call may be the last instruction of its function. */
	if (!symbols_lookup(&report->symbols, address - returns, &place)) {
		if (frame->kind == PROFILE_GUEST_USER && !report->by_pc) {
			frame->address = 0;
			snprintf(out, PROFILE_NAME, "[user]");
		} else {
			snprintf(out, PROFILE_NAME, "0x%016" PRIx64, address);
		}
		return;
	}
	if (report->by_pc)
		snprintf(offset, sizeof(offset), "+0x%" PRIx64, place.offset + returns);
	else
		frame->address = place.start;
	snprintf(out, PROFILE_NAME, "%s%s%s%s%s", place.name, offset, *place.module ? " [" : "",
		 place.module, *place.module ? "]" : "");
}

static void add_sample(struct report *report)
{
	const struct recording_sample *sample = &report->line.sample;
	enum profile_kind mode = sample->user ? PROFILE_GUEST_USER : PROFILE_GUEST_KERNEL;
	struct profile_frame frames[2 + RECORDING_CALLERS];
	char names[1 + RECORDING_CALLERS][PROFILE_NAME];
	const struct profile_labels labels = {.vm = report->header.vm,
					      .vcpu = (int32_t)sample->vcpu,
					      .mode = mode,
					      .reason = sample->exit};
	char exit[sizeof(sample->exit) + sizeof("exit:")];
	bool returns = false;
	size_t depth = 0;

	snprintf(exit, sizeof(exit), "exit:%s", sample->exit);
	if (report->exits)
		frames[depth++] = (struct profile_frame){.name = exit, .kind = PROFILE_EXIT};
	for (uint64_t i = 0; i <= sample->depth; i++, depth++) {
		frames[depth].kind = mode;
		name_of(report, i ? sample->callers[i - 1] : sample->pc, returns, &frames[depth],
			names[i]);
		returns = !is_exception(names[i]);
	}
	/* What found no room is in profile_lost(). */
	profile_add(report->profile, frames, depth, &labels,
		    (struct profile_values){.count = sample->count, .host_ns = sample->ns});
}

bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX])
{
	enum next next;

	if (!begin(report, message))
		return false;
	while ((next = next_line(report, message)) == NEXT_LINE)
		if (report->line.type == RECORDING_SAMPLE)
			add_sample(report);
	return next == NEXT_END;
}
