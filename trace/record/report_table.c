/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/json_text.h"
#include "trace/record/report_words.h"
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
	[REPORT_BY_VM] = {"VM", "..", "vm"},
};

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
static void print_strange(FILE *out, const struct report_rows *table)
{
	const struct report *report = table->report;
	const struct report_vm *vm = NULL;

	if (table->by != REPORT_BY_COMM && table->by != REPORT_BY_PROCESS)
		return;
	while ((vm = report_vms_next(&report->vms, vm ? (int64_t)vm->is.vm : -1))) {
		if (!vm->strange)
			continue;
		fprintf(out, "# Of %" PRIu64 " of the %s", vm->strange,
			report->exits ? "exits" : "samples");
		if (report->several) {
			fputs(" of ", out);
			printable_put(out, vm->name);
		}
		fputs(" the task is not known", out);
		if (vm->tasks.why[0]) {
			fputs(": ", out);
			printable_put(out, vm->tasks.why);
		}
		fputs("\n", out);
	}
}

static void print_vms(FILE *out, const struct report *report)
{
	const struct report_vm *vm = NULL;
	const char *between = "";

	fputs(report->several ? "# VMs: " : "# VM: ", out);
	while ((vm = report_vms_next(&report->vms, vm ? (int64_t)vm->is.vm : -1))) {
		fputs(between, out);
		printable_put(out, vm->is.name[0] ? vm->is.name : vm->name);
		if (vm->is.name[0] || vm->is.pid)
			fprintf(out, " (pid %" PRIu64 ")", vm->is.pid);
		between = ", ";
	}
	fputs(", seen by ", out);
	printable_put(out, report->header.way);
	fputs("\n", out);
}

static void print_head(FILE *out, const struct report_rows *table)
{
	const struct report *report = table->report;
	uint64_t known = profile_sum(profile_total(report->profile).count, report_lost(report));

	print_vms(out, report);
	print_event(out, report);
	if (!report->exits && report->overflows > known)
		fprintf(out, "# While the host ran: %" PRIu64 "\n", report->overflows - known);
	fprintf(out, "# Lost: %" PRIu64 "\n", report_lost(report));
	if (!report->whole)
		fprintf(out, "# The recording has no end: its writer was stopped\n");
	print_strange(out, table);
	report_findings_print(out, &report->findings);
	fprintf(out, "#\n");
}

static const char *mode_letter(enum profile_kind mode)
{
	return mode == PROFILE_GUEST_USER ? "[u]" : "[g]";
}

#define VM_WIDTH 16

/* In front of what else a row is told apart by. */
static bool has_vm(const struct report_rows *table)
{
	return table->report->several && table->by != REPORT_BY_VM;
}

/* A title, and what is under it. */
static void print_titles(FILE *out, const struct report_rows *table)
{
	const struct name_column *column = &name_columns[table->by];
	static const char line[] = "............................";

	fprintf(out, table->children ? "# Children" : "#");
	fprintf(out, table->report->exits ? "   Time%%    Exits      Time" : " Overhead  Samples");
	if (has_vm(table))
		fprintf(out, "  %-*s", VM_WIDTH, "VM");
	fprintf(out, "  VCPU  Mode%s", table->exit ? "  Reason                      " : "");
	fprintf(out, "%s%s\n", column->title ? "  " : "", column->title ? column->title : "");
	fprintf(out, table->children ? "# ........" : "#");
	fprintf(out, table->report->exits ? " ......  .......  ........" : " ........  .......");
	if (has_vm(table))
		fprintf(out, "  %.*s", VM_WIDTH, line);
	fprintf(out, "  ....  ....%s%s", table->exit ? "  " : "", table->exit ? line : "");
	fprintf(out, "%s%s\n#\n", column->line ? "  " : "", column->line ? column->line : "");
}

/* Of all there is. */
static double share_of(const struct report_rows *table, struct profile_values values)
{
	uint64_t total = report_weight(table->report, profile_total(table->report->profile));

	return total ? (double)report_weight(table->report, values) / (double)total : 0;
}

static void print_row(FILE *out, const struct report_rows *table, const struct report_row *row)
{
	const struct name_column *column = &name_columns[table->by];
	char time[16], vcpu[16] = "*", exit[PROFILE_NAME], vm[4 * REPORT_VM_NAME];
	int width = (table->report->exits ? 7 : 9) - table->children;

	if (row->vcpu != PROFILE_NO_VCPU)
		snprintf(vcpu, sizeof(vcpu), "%d", (int)row->vcpu);
	if (table->children)
		fprintf(out, "%9.2f%%", share_of(table, row->children) * 100);
	fprintf(out, "%*.2f%%  %7" PRIu64, width, share_of(table, row->values) * 100,
		row->values.count);
	if (table->report->exits)
		fprintf(out, "  %8s", stat_duration(row->values.host_ns, time));
	if (has_vm(table))
		fprintf(out, "  %-*s", VM_WIDTH, printable(vm, sizeof(vm), row->vm));
	fprintf(out, "  %4s  %s", vcpu, mode_letter(row->mode));
	if (table->exit)
		fprintf(out, "   %-28s", printable(exit, sizeof(exit), row->exit));
	if (column->title) {
		fputs(table->exit ? "  " : "   ", out);
		printable_put(out, row->name ? row->name : "[not known]");
	}
	fprintf(out, "\n");
}

/* ---- JSON ---- */

static void print_json_head(FILE *out, const struct report *report)
{
	const struct report_vm *vm = report_vms_next(&report->vms, -1);
	char text[RECORDING_LINE], title[REPORT_TITLE];
	struct json_line json;

	json_line_begin(&json, text, sizeof(text));
	json_line_string(&json, "vhart", "report");
	json_line_uint(&json, "version", 1);
	json_line_string(&json, "vm", report_title(report, title));
	json_line_uint(&json, "pid", report->several || !vm ? 0 : vm->is.pid);
	if (report->several)
		json_line_uint(&json, "vms", report_vms_count(&report->vms));
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

static void print_json(FILE *out, const struct report_rows *table, const struct report_row *row)
{
	const struct name_column *column = &name_columns[table->by];
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
	if (has_vm(table))
		json_line_string(&json, "vm", row->vm);
	json_line_string(&json, "mode", row->mode == PROFILE_GUEST_USER ? "u" : "g");
	if (table->exit)
		json_line_string(&json, "reason", row->exit);
	if (column->key && row->name)
		json_line_string(&json, column->key, row->name);
	else if (column->key)
		json_line_null(&json, column->key);
	fwrite(text, 1, json_line_end(&json), out);
}

/* ---- all of it ---- */

static void print_rows(FILE *out, const struct report_rows *table, const struct report_view *view)
{
	size_t shown = view->limit && view->limit < table->count ? view->limit : table->count;
	size_t more = table->count - shown;

	for (size_t i = 0; i < shown; i++)
		if (view->json)
			print_json(out, table, &table->row[i]);
		else
			print_row(out, table, &table->row[i]);
	if (more && !view->json)
		fprintf(out, "# %zu more row%s\n", more, more == 1 ? "" : "s");
}

bool report_print(FILE *out, const struct report *report, const struct report_view *view)
{
	bool functions = view->by == REPORT_BY_SYMBOL || view->by == REPORT_BY_PC;
	struct report_rows table = {
		.report = report,
		.by = view->by,
		.exit = view->by == REPORT_BY_EXIT || (report->exits && functions),
		.children = functions && !view->only_self && report_has_callers(report),
	};

	if (!report_rows_make(&table))
		return false;
	if (view->json) {
		print_json_head(out, report);
	} else {
		print_head(out, &table);
		print_titles(out, &table);
	}
	print_rows(out, &table, view);
	report_rows_free(&table);
	return fflush(out) == 0 && !ferror(out);
}
