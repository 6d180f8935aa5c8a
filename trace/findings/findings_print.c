/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/findings/findings_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "trace/names/exit_names.h"
#include "trace/names/sbi_names.h"

#define FUNCTION_LENGTH 96

static double cost_percent(const struct finding *finding)
{
	return finding->whole ? 100.0 * (double)finding->cost_ns / (double)finding->whole : 0;
}

/* Since the first look; FIRST is never before it. */
static double seconds(const struct findings *findings, uint64_t when)
{
	return (double)(when - findings_begin(findings)) / 1e9;
}

static void find_function(const struct findings_view *view, const struct finding *finding,
			  char out[FUNCTION_LENGTH])
{
	out[0] = '\0';
	if (view->function && finding->pc)
		view->function(view->opaque, finding->tgid, finding->pc, out, FUNCTION_LENGTH);
}

/* "-3 INVALID_PARAM" */
static const char *error_text(int64_t error, char *out, size_t size)
{
	const char *name = sbi_error_name(error);

	snprintf(out, size, "%" PRId64 "%s%s", error, name ? " " : "", name ? name : "");
	return out;
}

static void print_place(FILE *out, const struct findings_view *view,
			const struct findings *findings, const struct finding *finding)
{
	char device[64], exit[64], error[32], function[FUNCTION_LENGTH];

	if (finding->device) {
		fprintf(out, ", 0x%" PRIx64, finding->device);
		if (findings_device(findings, finding, device, sizeof(device)))
			fprintf(out, " %s", device);
	}
	if (finding->row)
		fprintf(out, ", %s", exit_row_text(finding->row, exit, sizeof(exit)));
	if (finding->error)
		fprintf(out, " returns %s", error_text(finding->error, error, sizeof(error)));
	if (!finding->pc)
		return;
	find_function(view, finding, function);
	fprintf(out, ", at 0x%" PRIx64, finding->pc);
	if (function[0]) {
		fputc(' ', out);
		printable_put(out, function);
	}
}

void findings_put_headline(FILE *out, const struct findings_view *view,
			   const struct findings *findings, const struct finding *finding)
{
	fprintf(out, "%s: ", rules[finding->rule].name);
	printable_put(out, view->vm_name(view->opaque, finding->tgid));
	fprintf(out, " vCPU %" PRIu32 ", %.1f to %.1f s", finding->vcpu_id,
		seconds(findings, finding->first), seconds(findings, finding->last));
	if (finding->cost_ns)
		fprintf(out, ", %.1f%% of its time", cost_percent(finding));
	if (finding->count)
		fprintf(out, ", %.0f/s",
			finding->whole ? (double)finding->count * 1e9 / (double)finding->whole : 0);
	print_place(out, view, findings, finding);
}

void findings_put_seen(FILE *out, const struct finding *finding)
{
	fprintf(out, "up to %.4g %s; odd from %.4g on", finding->worst, rules[finding->rule].unit,
		finding->threshold);
}

void finding_print(FILE *out, const struct findings_view *view, const struct findings *findings,
		   const struct finding *finding)
{
	findings_put_headline(out, view, findings, finding);
	fputc('\n', out);
}

void finding_explain(FILE *out, const struct finding *finding)
{
	const struct rule *rule = &rules[finding->rule];

	fputs("  ", out);
	findings_put_seen(out, finding);
	fprintf(out, "\n  why: %s\n  try: %s\n", rule->means, rule->help);
}

void findings_print(FILE *out, const struct findings_view *view, struct findings *findings)
{
	const size_t count = findings_count(findings);

	if (!count) {
		fprintf(out, "findings: none\n");
		return;
	}
	fprintf(out, "findings: %zu\n", count);
	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = findings_at(findings, i);

		finding_print(out, view, findings, finding);
		finding_explain(out, finding);
	}
	if (findings_lost(findings))
		fprintf(out, "and more, for which there was no room\n");
}

void findings_print_short(FILE *out, const struct findings_view *view, struct findings *findings)
{
	const size_t count = findings_count(findings);
	const size_t shown = count > FINDINGS_LINES ? FINDINGS_LINES - 1 : count;

	for (size_t i = 0; i < shown; i++)
		finding_print(out, view, findings, findings_at(findings, i));
	if (shown < count)
		fprintf(out, "and %zu more findings: 'vhart stat --findings' has them all\n",
			count - shown);
}

static void end_line(FILE *out, struct json_line *line)
{
	const size_t size = json_line_end(line);

	fwrite(line->text, 1, size, out);
}

void finding_json(struct json_line *line, const struct findings_view *view,
		  const struct findings *findings, const struct finding *finding)
{
	const struct rule *rule = &rules[finding->rule];
	char device[64], exit[64], function[FUNCTION_LENGTH];

	json_line_string(line, "rule", rule->name);
	json_line_string(line, "vm", view->vm_name(view->opaque, finding->tgid));
	json_line_uint(line, "pid", finding->tgid);
	json_line_uint(line, "vcpu", finding->vcpu_id);
	json_line_uint(line, "first_ns", finding->first);
	json_line_uint(line, "last_ns", finding->last);
	json_line_uint(line, "intervals", finding->intervals);
	json_line_uint(line, "count", finding->count);
	json_line_uint(line, "cost_ns", finding->cost_ns);
	json_line_uint(line, "of_ns", finding->whole);
	/* More than any rule can see in a second: it has room for three digits behind. */
	json_line_decimal(line, "worst", (uint64_t)(finding->worst * 1000), 3);
	json_line_decimal(line, "threshold", (uint64_t)(finding->threshold * 1000), 3);
	json_line_string(line, "unit", rule->unit);
	if (finding->device)
		json_line_hex(line, "device", finding->device);
	if (findings_device(findings, finding, device, sizeof(device)))
		json_line_string(line, "device_name", device);
	if (finding->row)
		json_line_string(line, "exit", exit_row_text(finding->row, exit, sizeof(exit)));
	if (finding->error)
		json_line_int(line, "error", finding->error);
	if (finding->pc)
		json_line_hex(line, "pc", finding->pc);
	find_function(view, finding, function);
	if (function[0])
		json_line_string(line, "function", function);
	json_line_string(line, "why", rule->means);
	json_line_string(line, "try", rule->help);
}

static void print_json_one(FILE *out, const struct findings_view *view,
			   const struct findings *findings, const struct finding *finding)
{
	char text[FINDING_JSON];
	struct json_line line;

	json_line_begin(&line, text, sizeof(text));
	json_line_string(&line, "type", "finding");
	finding_json(&line, view, findings, finding);
	end_line(out, &line);
}

void findings_print_json(FILE *out, const struct findings_view *view, struct findings *findings)
{
	const size_t count = findings_count(findings);
	struct json_line line;
	char text[256];

	json_line_begin(&line, text, sizeof(text));
	json_line_string(&line, "type", "findings");
	json_line_uint(&line, "count", count);
	json_line_uint(&line, "lost", findings_lost(findings));
	end_line(out, &line);
	for (size_t i = 0; i < count; i++)
		print_json_one(out, view, findings, findings_at(findings, i));
}
