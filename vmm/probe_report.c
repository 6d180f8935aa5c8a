/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/probe.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>

#define REPORT_WIDTH	80u /* of the text: a terminal's */
#define COLUMN_NAME	2u
#define COLUMN_STATE	27u
#define COLUMN_DETAIL	36u
#define COLUMN_REMEDY	6u  /* "costs: ..." */
#define COLUMN_SENTENCE 13u /* the text behind it */

const char *probe_state_name(enum probe_state state)
{
	static const char *const names[] = {
		[PROBE_OK] = "ok",
		[PROBE_LIMITED] = "limited",
		[PROBE_MISSING] = "missing",
		[PROBE_UNKNOWN] = "unknown",
	};

	return names[state];
}

void probe_set(struct probe_finding *finding, enum probe_state state, const char *format, ...)
{
	va_list list;

	finding->state = state;
	va_start(list, format);
	vsnprintf(finding->detail, sizeof(finding->detail), format, list);
	va_end(list);
}

/*
 * Writes TEXT from column AT on, in lines that are no longer than the report is wide. A line may
 * end at a space or behind an underscore, of which ISA strings are full.
 */
static void print_wrapped(FILE *to, const char *text, unsigned int indent)
{
	unsigned int at = indent;

	while (*text) {
		size_t word = strcspn(text, " _");
		size_t taken = word + (text[word] == '_');

		if (at > indent && at + taken > REPORT_WIDTH) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		}
		fwrite(text, 1, taken, to);
		at += (unsigned int)taken;
		text += taken;
		if (*text == ' ') {
			/* A space at the end of a line is left out. */
			size_t next = strcspn(text + 1, " _");

			if (at + 1 + next + (text[1 + next] == '_') <= REPORT_WIDTH) {
				fputc(' ', to);
				at++;
			} else {
				fprintf(to, "\n%*s", (int)indent, "");
				at = indent;
			}
			text++;
		}
	}
	fputc('\n', to);
}

static void print_remedy(FILE *to, const char *label, const char *sentence)
{
	if (!sentence)
		return;
	fprintf(to, "%*s%-*s", (int)COLUMN_REMEDY, "", (int)(COLUMN_SENTENCE - COLUMN_REMEDY),
		label);
	print_wrapped(to, sentence, COLUMN_SENTENCE);
}

static void print_result(FILE *to, const struct probe_result *result)
{
	const struct probe_finding *finding = &result->finding;

	fprintf(to, "%*s%-*s %-*s", (int)COLUMN_NAME, "", (int)(COLUMN_STATE - COLUMN_NAME - 1),
		result->check->name, (int)(COLUMN_DETAIL - COLUMN_STATE),
		probe_state_name(finding->state));
	print_wrapped(to, finding->detail, COLUMN_DETAIL);
	if (finding->state == PROBE_OK)
		return;
	print_remedy(to, "costs:", finding->cost);
	print_remedy(to, "fix:", finding->fix);
}

void probe_report_text(const struct probe_report *report, FILE *to)
{
	const struct probe_group *group = NULL;
	size_t lacking = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct probe_result *result = &report->results[i];

		if (result->group != group)
			fprintf(to, "%s%s\n", group ? "\n" : "", result->group->title);
		group = result->group;
		print_result(to, result);
		lacking += result->finding.state != PROBE_OK;
	}
	fprintf(to, "\nVMs %s run on this host; ", report->usable ? "can be" : "cannot be");
	if (lacking == 0)
		fprintf(to, "nothing is missing.\n");
	else
		fprintf(to, "of %zu things looked at, %zu %s not as %s could be.\n", report->count,
			lacking, lacking == 1 ? "is" : "are", lacking == 1 ? "it" : "they");
}

static bool add_string(json_object *object, const char *key, const char *value)
{
	return json_object_object_add(object, key, value ? json_object_new_string(value) : NULL) ==
	       0;
}

static json_object *json_finding(const struct probe_result *result)
{
	const struct probe_finding *finding = &result->finding;
	bool good = finding->state == PROBE_OK;
	json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (add_string(object, "id", result->check->id) &&
	    add_string(object, "group", result->group->id) &&
	    add_string(object, "name", result->check->name) &&
	    add_string(object, "state", probe_state_name(finding->state)) &&
	    add_string(object, "detail", finding->detail) &&
	    add_string(object, "cost", good ? NULL : finding->cost) &&
	    add_string(object, "fix", good ? NULL : finding->fix))
		return object;
	json_object_put(object);
	return NULL;
}

static bool add_findings(json_object *findings, const struct probe_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		json_object *finding = json_finding(&report->results[i]);

		if (!finding || json_object_array_add(findings, finding) < 0)
			return false;
	}
	return true;
}

bool probe_report_json(const struct probe_report *report, FILE *to)
{
	json_object *all = json_object_new_object(), *findings = json_object_new_array();
	const char *text = NULL;

	if (add_string(all, "vhart", VHART_VERSION) &&
	    json_object_object_add(all, "usable", json_object_new_boolean(report->usable)) == 0 &&
	    json_object_object_add(all, "findings", findings) == 0 &&
	    add_findings(findings, report))
		text = json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								   JSON_C_TO_STRING_NOSLASHESCAPE);
	bool good = text && fprintf(to, "%s\n", text) > 0 && fflush(to) == 0;
	json_object_put(all);
	return good;
}
