/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/probe/probe.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>

#include "base/printable.h"

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
	char detail[sizeof(finding->detail)];
	va_list list;

	finding->state = state;
	va_start(list, format);
	vsnprintf(detail, sizeof(detail), format, list);
	va_end(list);
	/* Files and the device tree may say anything. */
	printable(finding->detail, sizeof(finding->detail), detail);
}

/* How much of WORD (up to a space) goes on a line with ROOM left; LINE is the room of an empty one.
 */
static size_t part_of_word(const char *word, size_t room, size_t line)
{
	size_t len = strcspn(word, " "), part = 0;

	if (len <= room)
		return len;
	if (len <= line)
		return 0;
	/* It fits nowhere: an ISA string, say. It is broken behind an underscore. */
	for (size_t i = 0; i < len && i < room; i++)
		if (word[i] == '_')
			part = i + 1;
	return part || room < line ? part : len;
}

/* Writes TEXT at column INDENT, which the line has reached, in lines within REPORT_WIDTH. */
static void print_wrapped(FILE *to, const char *text, unsigned int indent)
{
	const size_t line = REPORT_WIDTH - indent;
	size_t room = line;

	while (*text) {
		bool space = *text == ' ';
		size_t part = part_of_word(text + space, room > space ? room - space : 0, line);

		if (part == 0) {
			fprintf(to, "\n%*s", (int)indent, "");
			text += space;
			room = line;
			continue;
		}
		fprintf(to, "%.*s", (int)(space + part), text);
		text += space + part;
		room -= part + space < room ? part + space : room;
	}
	fputc('\n', to);
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* BEFORE is the same remedy of the row above, which the reader has just seen. */
static void print_remedy(FILE *to, const char *label, const char *sentence, const char *before)
{
	if (!sentence)
		return;
	fprintf(to, "%*s%-*s", (int)COLUMN_REMEDY, "", (int)(COLUMN_SENTENCE - COLUMN_REMEDY),
		label);
	print_wrapped(to, same(sentence, before) ? "as above" : sentence, COLUMN_SENTENCE);
}

static void print_row(FILE *to, const char *name, const struct probe_finding *finding)
{
	fprintf(to, "%*s%-*s %-*s", (int)COLUMN_NAME, "", (int)(COLUMN_STATE - COLUMN_NAME - 1),
		name, (int)(COLUMN_DETAIL - COLUMN_STATE), probe_state_name(finding->state));
	print_wrapped(to, finding->detail, COLUMN_DETAIL);
}

/* Whether two rows say no more than that the same thing keeps them from looking. */
static bool alike(const struct probe_result *a, const struct probe_result *b)
{
	return a->group == b->group && a->finding.state == PROBE_UNKNOWN &&
	       b->finding.state == PROBE_UNKNOWN && !a->finding.cost && !b->finding.cost &&
	       !a->finding.fix && !b->finding.fix && same(a->finding.detail, b->finding.detail);
}

/* Prints RESULTS[0] of COUNT, and all that follow and are like it. Returns how many. */
static size_t print_rows(FILE *to, const struct probe_result *results, size_t count,
			 const struct probe_finding *before)
{
	const struct probe_finding *finding = &results->finding;
	size_t rows = 1;
	char name[64];

	while (rows < count && alike(results, &results[rows]))
		rows++;
	if (rows > 1)
		snprintf(name, sizeof(name), "%s, %zu more", results->check->name, rows - 1);
	else
		snprintf(name, sizeof(name), "%s", results->check->name);
	print_row(to, name, finding);
	if (finding->state != PROBE_OK) {
		print_remedy(to, "costs:", finding->cost, before ? before->cost : NULL);
		print_remedy(to, "fix:", finding->fix, before ? before->fix : NULL);
	}
	return rows;
}

void probe_report_text(const struct probe_report *report, FILE *to)
{
	const struct probe_result *last = NULL;
	size_t lacking = 0, unknown = 0;

	for (size_t i = 0; i < report->count; i++) {
		lacking += report->results[i].finding.state == PROBE_LIMITED ||
			   report->results[i].finding.state == PROBE_MISSING;
		unknown += report->results[i].finding.state == PROBE_UNKNOWN;
	}
	for (size_t i = 0; i < report->count;) {
		const struct probe_result *result = &report->results[i];
		bool first = !last || last->group != result->group;
		/* An "ok" shows no remedy that "as above" could point to. */
		bool seen = !first && last->finding.state != PROBE_OK;

		if (first)
			fprintf(to, "%s%s\n", last ? "\n" : "", result->group->title);
		i += print_rows(to, result, report->count - i, seen ? &last->finding : NULL);
		last = result;
	}
	if (report->costs)
		exit_costs_text(report->costs, to);
	fprintf(to, "\nVMs %s be run on this host.\n", report->usable ? "can" : "cannot");
	if (lacking > 0)
		fprintf(to, "%zu of the %zu things looked at %s not as %s could be.\n", lacking,
			report->count - unknown, lacking == 1 ? "is" : "are",
			lacking == 1 ? "it" : "they");
	else if (unknown == 0)
		fprintf(to, "Nothing is missing.\n");
	if (unknown > 0)
		fprintf(to, "%zu could not be looked at.\n", unknown);
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

		if (!finding)
			return false;
		if (json_object_array_add(findings, finding) < 0) {
			json_object_put(finding);
			return false;
		}
	}
	return true;
}

/* Only where they were measured. */
static bool add_costs(json_object *all, const struct exit_cost *costs)
{
	json_object *array = costs ? exit_costs_json(costs) : NULL;

	return !costs || (array && json_object_object_add(all, "exit_costs", array) == 0);
}

static json_object *json_report(const struct probe_report *report)
{
	json_object *all = json_object_new_object(), *findings;

	if (!all)
		return NULL;
	if (add_string(all, "vhart", VHART_VERSION) &&
	    json_object_object_add(all, "usable", json_object_new_boolean(report->usable)) == 0 &&
	    json_object_object_add(all, "findings", json_object_new_array()) == 0 &&
	    json_object_object_get_ex(all, "findings", &findings) && findings &&
	    add_findings(findings, report) && add_costs(all, report->costs))
		return all;
	json_object_put(all);
	return NULL;
}

bool probe_report_json(const struct probe_report *report, FILE *to)
{
	json_object *all = json_report(report);
	bool good = false;

	if (all) {
		const char *text = json_object_to_json_string_ext(
			all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
		good = text && fprintf(to, "%s\n", text) > 0 && fflush(to) == 0;
	}
	json_object_put(all);
	return good;
}
