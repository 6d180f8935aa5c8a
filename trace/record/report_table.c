/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/json_text.h"
#include "trace/stat/stat_table.h"

/* What a row is called, beside its exit. */
struct name_column {
	const char *title, *line; /* NULL: it has no such column */
	const char *key;	  /* in JSON */
};

static const struct name_column name_columns[] = {
	[REPORT_BY_SYMBOL] = {"Symbol", "......", "symbol"},
	[REPORT_BY_PC] = {"Symbol", "......", "symbol"},
	[REPORT_BY_VCPU] = {0},
	[REPORT_BY_EXIT] = {0},
	[REPORT_BY_COMM] = {"Command", ".......", "comm"},
	[REPORT_BY_PROCESS] = {"Process", ".......", "process"},
};

struct report_columns {
	const struct report *report;
	enum report_by by;
	const struct name_column *name;
	bool exit, children; /* it has these columns */
};

/* What a row is told apart by; what it is not has nothing in it. */
struct row {
	const char *name, *exit; /* "": none; a NAME of NULL: it is not known */
	enum profile_kind mode;
	int32_t vcpu; /* PROFILE_NO_VCPU: several */
	struct profile_values values;
	struct profile_values children; /* and what was called from there */
};

/* The frame of STACK in which it happened: an exit's reason lies before it. */
static size_t leaf_of(const struct profile *profile, const struct profile_stack *stack)
{
	return stack->depth > 1 && profile_frame(profile, stack->frames[0]).kind == PROFILE_EXIT;
}

static const char *name_of(const struct report_columns *table, const struct profile_labels *labels,
			   const struct profile_frame *frame)
{
	switch (table->by) {
	case REPORT_BY_SYMBOL:
	case REPORT_BY_PC: return frame->name;
	case REPORT_BY_COMM: return labels->comm;
	case REPORT_BY_PROCESS: return labels->process;
	case REPORT_BY_VCPU:
	case REPORT_BY_EXIT: break;
	}
	return "";
}

static struct row row_of(const struct report_columns *table, const struct profile_stack *stack,
			 size_t at)
{
	const struct profile *profile = table->report->profile;
	struct profile_frame frame = profile_frame(profile, stack->frames[at]);
	struct row row = {
		.name = name_of(table, &stack->labels, &frame),
		.exit = "",
		.mode = stack->labels.mode,
		.vcpu = stack->labels.vcpu,
		.children = stack->values,
	};

	if (at == leaf_of(profile, stack))
		row.values = stack->values;
	else
		row.mode = frame.kind;
	if (table->exit && stack->labels.reason)
		row.exit = stack->labels.reason;
	return row;
}

/* A function that calls itself took its time once. */
static bool is_deeper(const struct profile_stack *stack, size_t from, size_t at)
{
	for (size_t i = from; i < at; i++)
		if (stack->frames[i] == stack->frames[at])
			return true;
	return false;
}

/* Of STACK: one, or one for each function that it is in. */
static size_t add_rows(const struct report_columns *table, const struct profile_stack *stack,
		       struct row *rows)
{
	size_t leaf = leaf_of(table->report->profile, stack), count = 0;
	size_t end = table->children ? stack->depth : leaf + 1;

	for (size_t at = leaf; at < end; at++)
		if (!is_deeper(stack, leaf, at))
			rows[count++] = row_of(table, stack, at);
	return count;
}

static bool has_callers(const struct profile *profile)
{
	for (size_t i = 0; i < profile_count(profile); i++) {
		struct profile_stack stack = profile_stack(profile, i);

		if (stack.depth > leaf_of(profile, &stack) + 1)
			return true;
	}
	return false;
}

static size_t most_rows(const struct report_columns *table)
{
	const struct profile *profile = table->report->profile;
	size_t sum = 0;

	for (size_t i = 0; i < profile_count(profile); i++)
		sum += table->children ? profile_stack(profile, i).depth : 1;
	return sum;
}

/* What is not known comes first. */
static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_names(const struct row *a, const struct row *b)
{
	int order = strcmp(a->exit, b->exit);

	if (!order)
		order = compare_texts(a->name, b->name);
	return order ? order : (a->mode > b->mode) - (a->mode < b->mode);
}

static int compare_keys(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_names(a, b);

	return order ? order : (a->vcpu > b->vcpu) - (a->vcpu < b->vcpu);
}

static uint64_t weight(const struct report *report, struct profile_values values)
{
	return report->exits ? values.host_ns : values.count;
}

static int compare_weights(const void *left, const void *right, void *opaque)
{
	const struct row *a = left, *b = right;
	const struct report_columns *table = opaque;
	uint64_t first = weight(table->report, table->children ? a->children : a->values);
	uint64_t second = weight(table->report, table->children ? b->children : b->values);

	if (first != second)
		return first > second ? -1 : 1;
	return compare_keys(left, right);
}

/* Rows of equal keys become one. COUNT is of rows that are sorted by them. */
static size_t merge(const struct report_columns *table, struct row *rows, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct row *last = kept ? &rows[kept - 1] : NULL;
		bool same = last && compare_names(last, &rows[i]) == 0;

		if (same && table->by == REPORT_BY_VCPU)
			same = last->vcpu == rows[i].vcpu;
		if (!same) {
			rows[kept++] = rows[i];
			continue;
		}
		if (last->vcpu != rows[i].vcpu)
			last->vcpu = PROFILE_NO_VCPU;
		last->values.count = profile_sum(last->values.count, rows[i].values.count);
		last->values.host_ns = profile_sum(last->values.host_ns, rows[i].values.host_ns);
		last->children.count = profile_sum(last->children.count, rows[i].children.count);
		last->children.host_ns =
			profile_sum(last->children.host_ns, rows[i].children.host_ns);
	}
	return kept;
}

/* ---- text ---- */

static void print_event(FILE *out, const struct report *report)
{
	const struct recording_header *header = &report->header;
	struct profile_values total = profile_total(report->profile);
	char time[16];

	fprintf(out, "# Samples: %" PRIu64 " of event '", total.count);
	printable_put(out, header->event);
	fputs("'", out);
	if (header->period)
		fprintf(out, ", one every %" PRIu64 "%s", header->period,
			!strcmp(header->event, "cpu-clock") ? " ns" : "");
	if (header->frequency)
		fprintf(out, ", %" PRIu64 " a second", header->frequency);
	if (report->exits)
		fprintf(out, ", weighed by the host's time: %s",
			stat_duration(total.host_ns, time));
	if (header->why[0]) {
		fputs(": ", out);
		printable_put(out, header->why);
	}
	fprintf(out, "\n");
}

/* Why some have no name, once. */
static void print_strange(FILE *out, const struct report_columns *table)
{
	const struct report *report = table->report;

	if ((table->by != REPORT_BY_COMM && table->by != REPORT_BY_PROCESS) || !report->strange)
		return;
	fprintf(out, "# Of %" PRIu64 " of the %s the task is not known", report->strange,
		report->exits ? "exits" : "samples");
	if (report->why[0]) {
		fputs(": ", out);
		printable_put(out, report->why);
	}
	fputs("\n", out);
}

static void print_head(FILE *out, const struct report_columns *table)
{
	const struct report *report = table->report;
	uint64_t known = profile_sum(profile_total(report->profile).count, report_lost(report));

	fputs("# VM: ", out);
	printable_put(out, report->header.vm);
	fprintf(out, " (pid %" PRIu64 "), seen by ", report->header.pid);
	printable_put(out, report->header.way);
	fputs("\n", out);
	print_event(out, report);
	if (!report->exits && report->overflows > known)
		fprintf(out, "# While the host ran: %" PRIu64 "\n", report->overflows - known);
	fprintf(out, "# Lost: %" PRIu64 "\n", report_lost(report));
	if (!report->whole)
		fprintf(out, "# The recording has no end: its writer was stopped\n");
	print_strange(out, table);
	fprintf(out, "#\n");
}

static const char *mode_letter(enum profile_kind mode)
{
	return mode == PROFILE_GUEST_USER ? "[u]" : "[g]";
}

/* A title, and what is under it. */
static void print_titles(FILE *out, const struct report_columns *table)
{
	static const char line[] = "............................";

	fprintf(out, table->children ? "# Children" : "#");
	fprintf(out, table->report->exits ? "   Time%%    Exits      Time" : " Overhead  Samples");
	fprintf(out, "  VCPU  Mode%s", table->exit ? "  Reason                      " : "");
	fprintf(out, "%s%s\n", table->name->title ? "  " : "",
		table->name->title ? table->name->title : "");
	fprintf(out, table->children ? "# ........" : "#");
	fprintf(out, table->report->exits ? " ......  .......  ........" : " ........  .......");
	fprintf(out, "  ....  ....%s%s", table->exit ? "  " : "", table->exit ? line : "");
	fprintf(out, "%s%s\n#\n", table->name->line ? "  " : "",
		table->name->line ? table->name->line : "");
}

/* Of all there is. */
static double share_of(const struct report_columns *table, struct profile_values values)
{
	uint64_t total = weight(table->report, profile_total(table->report->profile));

	return total ? (double)weight(table->report, values) / (double)total : 0;
}

static void print_row(FILE *out, const struct report_columns *table, const struct row *row)
{
	char time[16], vcpu[16] = "*", exit[PROFILE_NAME];
	int width = (table->report->exits ? 7 : 9) - table->children;

	if (row->vcpu != PROFILE_NO_VCPU)
		snprintf(vcpu, sizeof(vcpu), "%d", (int)row->vcpu);
	if (table->children)
		fprintf(out, "%9.2f%%", share_of(table, row->children) * 100);
	fprintf(out, "%*.2f%%  %7" PRIu64, width, share_of(table, row->values) * 100,
		row->values.count);
	if (table->report->exits)
		fprintf(out, "  %8s", stat_duration(row->values.host_ns, time));
	fprintf(out, "  %4s  %s", vcpu, mode_letter(row->mode));
	if (table->exit)
		fprintf(out, "   %-28s", printable(exit, sizeof(exit), row->exit));
	if (table->name->title) {
		fputs(table->exit ? "  " : "   ", out);
		printable_put(out, row->name ? row->name : "[not known]");
	}
	fprintf(out, "\n");
}

/* ---- JSON ---- */

static void print_json_head(FILE *out, const struct report *report)
{
	char text[RECORDING_LINE];
	struct json_line json;

	json_line_begin(&json, text, sizeof(text));
	json_line_string(&json, "vhart", "report");
	json_line_uint(&json, "version", 1);
	json_line_string(&json, "vm", report->header.vm);
	json_line_uint(&json, "pid", report->header.pid);
	json_line_string(&json, "event", report->header.event);
	json_line_uint(&json, "samples", profile_total(report->profile).count);
	json_line_uint(&json, "lost", report_lost(report));
	json_line_bool(&json, "whole", report->whole);
	fwrite(text, 1, json_line_end(&json), out);
}

static void put_share(struct json_line *json, const char *name, double share)
{
	json_line_decimal(json, name, (uint64_t)(share * 1e6 + 0.5), 6);
}

static void print_json(FILE *out, const struct report_columns *table, const struct row *row)
{
	char text[RECORDING_LINE];
	struct json_line json;

	json_line_begin(&json, text, sizeof(text));
	put_share(&json, "share", share_of(table, row->values));
	if (table->children)
		put_share(&json, "children", share_of(table, row->children));
	json_line_uint(&json, table->report->exits ? "exits" : "samples", row->values.count);
	if (table->report->exits)
		json_line_uint(&json, "ns", row->values.host_ns);
	if (row->vcpu != PROFILE_NO_VCPU)
		json_line_uint(&json, "vcpu", (uint64_t)row->vcpu);
	else
		json_line_null(&json, "vcpu");
	json_line_string(&json, "mode", row->mode == PROFILE_GUEST_USER ? "u" : "g");
	if (table->exit)
		json_line_string(&json, "reason", row->exit);
	if (table->name->key && row->name)
		json_line_string(&json, table->name->key, row->name);
	else if (table->name->key)
		json_line_null(&json, table->name->key);
	fwrite(text, 1, json_line_end(&json), out);
}

/* ---- all of it ---- */

static void print_rows(FILE *out, const struct report_columns *table, const struct row *rows,
		       size_t count, const struct report_view *view)
{
	size_t shown = view->limit && view->limit < count ? view->limit : count;

	for (size_t i = 0; i < shown; i++)
		if (view->json)
			print_json(out, table, &rows[i]);
		else
			print_row(out, table, &rows[i]);
	if (shown < count && !view->json)
		fprintf(out, "# %zu more row%s\n", count - shown, count - shown == 1 ? "" : "s");
}

bool report_print(FILE *out, const struct report *report, const struct report_view *view)
{
	struct report_columns table = {
		.report = report,
		.by = view->by,
		.name = &name_columns[view->by],
	};
	bool functions = view->by == REPORT_BY_SYMBOL || view->by == REPORT_BY_PC;
	size_t count = 0, room;
	struct row *rows;

	table.exit = view->by == REPORT_BY_EXIT || (report->exits && functions);
	table.children = functions && !view->only_self && has_callers(report->profile);
	room = most_rows(&table);
	rows = calloc(room ? room : 1, sizeof(*rows));
	if (!rows)
		return false;
	for (size_t i = 0; i < profile_count(report->profile); i++) {
		struct profile_stack stack = profile_stack(report->profile, i);

		count += add_rows(&table, &stack, rows + count);
	}
	qsort(rows, count, sizeof(*rows), compare_keys);
	count = merge(&table, rows, count);
	qsort_r(rows, count, sizeof(*rows), compare_weights, &table);
	if (view->json) {
		print_json_head(out, report);
	} else {
		print_head(out, &table);
		print_titles(out, &table);
	}
	print_rows(out, &table, rows, count, view);
	free(rows);
	return fflush(out) == 0 && !ferror(out);
}
