/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/diff/diff_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/json_text.h"
#include "trace/stat/stat_times.h"

#define NAME_LENGTH 256
#define NAME_WIDTH  32 /* of the table's first column, at least */

static const char *const count_words[] = {
	[DIFF_SAME] = "",   [DIFF_MORE] = "more", [DIFF_FEWER] = "fewer",
	[DIFF_NEW] = "new", [DIFF_GONE] = "gone", [DIFF_UNKNOWN] = "",
};

/* What takes no time before or after is as good as new or gone. */
static const char *const time_words[] = {
	[DIFF_SAME] = "",      [DIFF_MORE] = "slower", [DIFF_FEWER] = "faster",
	[DIFF_NEW] = "slower", [DIFF_GONE] = "faster", [DIFF_UNKNOWN] = "",
};

/* Whole, and not above what an integer holds. */
static uint64_t whole(double number)
{
	return number < 0 ? 0 : number >= 0x1p63 ? INT64_MAX : (uint64_t)(number + 0.5);
}

/* ---- text ---- */

static const char *row_text(const struct diff_row *row, char out[NAME_LENGTH])
{
	char vcpu[32] = "", text[NAME_LENGTH];

	if (row->vcpu >= 0)
		snprintf(vcpu, sizeof(vcpu), "vcpu%" PRId64 " ", row->vcpu);
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", vcpu, row->reason, row->sub[0] ? " " : "",
		 row->sub, row->at[0] ? " " : "", row->at);
	return printable(out, NAME_LENGTH, text);
}

static const char *signed_duration(double ns, char out[20])
{
	char text[16];

	snprintf(out, 20, "%s%s", ns < 0 ? "-" : "+",
		 stat_duration(whole(ns < 0 ? -ns : ns), text));
	return out;
}

static const char *percent_text(const struct diff_values *values, char out[24])
{
	if (values->middle[0] > 0)
		snprintf(out, 24, "%+.1f%%", values->percent);
	else
		snprintf(out, 24, "%s", values->middle[1] > 0 ? "new" : "-");
	return out;
}

/* Samples took no time. */
static bool has_times(const struct diff_side sides[2])
{
	return sides[0].runs[0].kind != DIFF_SAMPLES;
}

static void print_times(FILE *out, const struct diff_row *row)
{
	char each[24], before[16], after[16], cost[20];

	fprintf(out, " %8s %8s %9s %9s", stat_duration(whole(row->each.middle[0]), before),
		stat_duration(whole(row->each.middle[1]), after), percent_text(&row->each, each),
		signed_duration(row->cost, cost));
}

static void print_row(FILE *out, const struct diff_row *row, int width, bool times)
{
	char name[NAME_LENGTH], count[24];
	const char *more = count_words[row->count.change], *slower = time_words[row->each.change];

	fprintf(out, "%-*s %11.0f %11.0f %9s %9.1f", width, row_text(row, name),
		row->count.middle[0], row->count.middle[1], percent_text(&row->count, count),
		row->count.noise);
	if (times)
		print_times(out, row);
	fprintf(out, "  %s%s%s%s\n", more, *more && *slower ? ", " : "", slower,
		row->regressed ? " !" : "");
}

/* Of ROWS. */
static size_t shown_of(const struct diff_rules *rules, size_t rows)
{
	return rules->limit && rules->limit < rows ? (size_t)rules->limit : rows;
}

static bool is_change(const struct diff_values *values)
{
	return values->change != DIFF_SAME && values->change != DIFF_UNKNOWN;
}

/* There are very many keys: of them only those that changed are shown. */
static bool is_shown(const struct diff *diff, const struct diff_row *row)
{
	return diff->of == DIFF_OF_ALL || is_change(&row->count) || is_change(&row->each);
}

static size_t count_changed(const struct diff *diff)
{
	size_t changed = 0;

	for (size_t i = 0; i < diff->count; i++)
		changed += is_shown(diff, &diff->rows[i]);
	return changed;
}

static void print_side(FILE *out, const char *name, const struct diff_side *side)
{
	double wall = 0;

	for (size_t run = 0; run < side->count; run++)
		wall += side->runs[run].seconds;
	fprintf(out, "%s: %zu run%s of %.3f s  ", name, side->count, side->count == 1 ? "" : "s",
		wall / (double)side->count);
}

/* The rows of a table below its heading, how many of those shown as RULES want. */
static void print_table(FILE *out, const struct diff *diff, const struct diff_rules *rules,
			const char *heading, bool times)
{
	const size_t changed = count_changed(diff), shown = shown_of(rules, changed);
	int width = NAME_WIDTH;
	char name[NAME_LENGTH];

	for (size_t i = 0, left = shown; left; i++) {
		int length;

		if (!is_shown(diff, &diff->rows[i]))
			continue;
		left--;
		length = (int)strlen(row_text(&diff->rows[i], name));
		width = length > width ? length : width;
	}
	fprintf(out, "\n%-*s %11s %11s %9s %9s", width, heading, "BEFORE", "AFTER", "COUNT%",
		"NOISE");
	if (times)
		fprintf(out, " %8s %8s %9s %9s", "EACH", "AFTER", "TIME%", "COST");
	fprintf(out, "  WHAT\n");
	for (size_t i = 0, left = shown; left; i++)
		if (is_shown(diff, &diff->rows[i])) {
			print_row(out, &diff->rows[i], width, times);
			left--;
		}
	if (diff->of == DIFF_OF_ALL)
		print_row(out, &diff->total, width, times);
	if (shown < changed)
		fprintf(out, "\n%zu more row%s\n", changed - shown,
			changed - shown == 1 ? "" : "s");
}

static const char *keys_heading(const struct diff_side sides[2])
{
	static const char *const headings[][2] = {{"mmio", "EXITS BY DEVICE REGISTER"},
						  {"csr", "EXITS BY CSR"},
						  {"pc", "EXITS BY FUNCTION"}};
	const char *keys = sides[0].runs[0].counts.facts.keys;

	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		if (!strcmp(headings[i][0], keys))
			return headings[i][1];
	return "EXITS BY WHAT THEY ARE ABOUT";
}

static void print_keys(FILE *out, const struct diff *keys, const struct diff_rules *rules,
		       const struct diff_side sides[2])
{
	const size_t same = keys->count - count_changed(keys);

	if (same < keys->count)
		print_table(out, keys, rules, keys_heading(sides), true);
	else
		fprintf(out, "\n%s\n", keys_heading(sides));
	fprintf(out, "%zu row%s did not change\n", same, same == 1 ? "" : "s");
}

static void print_text(FILE *out, const struct diff *all, const struct diff *keys,
		       const struct diff_rules *rules, const struct diff_side sides[2])
{
	static const char *const headings[] = {[DIFF_COUNTS] = "EXIT REASON",
					       [DIFF_EXITS] = "FUNCTION, BY ITS EXITS",
					       [DIFF_SAMPLES] = "FUNCTION, BY ITS SAMPLES"};
	const size_t regressed = all->regressed + (keys ? keys->regressed : 0);

	print_side(out, "before", &sides[0]);
	print_side(out, "after", &sides[1]);
	fprintf(out, "per %s  threshold %" PRIu64 "%%  noise x%" PRIu64 "\n",
		rules->per == DIFF_PER_RUN ? "run" : "second", rules->threshold, rules->noise);
	print_table(out, all, rules, headings[sides[0].runs[0].kind], has_times(sides));
	if (keys)
		print_keys(out, keys, rules, sides);
	if (regressed)
		fprintf(out, "\n! %zu regressed\n", regressed);
}

/* ---- for scripts ---- */

static void put_values(struct json_line *line, const char *key, const struct diff_values *values,
		       const char *const words[])
{
	json_line_object(line, key);
	json_line_decimal(line, "before", whole(values->middle[0] * 1000), 3);
	json_line_decimal(line, "after", whole(values->middle[1] * 1000), 3);
	json_line_decimal(line, "noise", whole(values->noise * 1000), 3);
	json_line_string(line, "change",
			 values->change == DIFF_UNKNOWN ? "unknown"
			 : *words[values->change]	? words[values->change]
							: "same");
	json_line_close(line);
}

static void print_json_row(FILE *out, const char *type, enum diff_kind kind,
			   const struct diff_row *row)
{
	struct json_line line;
	char text[8192];

	json_line_begin(&line, text, sizeof(text));
	json_line_string(&line, "type", type);
	if (kind == DIFF_COUNTS) {
		json_line_string(&line, "reason", row->reason);
		json_line_string(&line, "sub", row->sub);
		if (row->at[0])
			json_line_string(&line, "at", row->at);
	} else {
		json_line_string(&line, "function", row->reason);
	}
	if (row->vcpu >= 0)
		json_line_int(&line, "vcpu", row->vcpu);
	put_values(&line, "count", &row->count, count_words);
	if (kind != DIFF_SAMPLES) {
		put_values(&line, "each_ns", &row->each, time_words);
		json_line_int(&line, "cost_ns",
			      row->cost < 0 ? -(int64_t)whole(-row->cost)
					    : (int64_t)whole(row->cost));
	}
	json_line_bool(&line, "regressed", row->regressed);
	const size_t size = json_line_end(&line);
	fwrite(text, 1, size, out);
}

static void print_json_rows(FILE *out, const char *type, const struct diff *diff,
			    const struct diff_rules *rules, enum diff_kind kind)
{
	for (size_t i = 0; i < shown_of(rules, diff->count); i++)
		print_json_row(out, type, kind, &diff->rows[i]);
}

static void print_json(FILE *out, const struct diff *all, const struct diff *keys,
		       const struct diff_rules *rules, const struct diff_side sides[2])
{
	const enum diff_kind kind = sides[0].runs[0].kind;
	struct json_line line;
	char text[512];

	json_line_begin(&line, text, sizeof(text));
	json_line_string(&line, "type", "diff");
	json_line_uint(&line, "version", 1);
	json_line_uint(&line, "runs_before", sides[0].count);
	json_line_uint(&line, "runs_after", sides[1].count);
	json_line_string(&line, "per", rules->per == DIFF_PER_RUN ? "run" : "second");
	json_line_uint(&line, "threshold", rules->threshold);
	json_line_uint(&line, "noise", rules->noise);
	json_line_uint(&line, "regressed", all->regressed + (keys ? keys->regressed : 0));
	if (keys)
		json_line_string(&line, "keys", sides[0].runs[0].counts.facts.keys);
	const size_t size = json_line_end(&line);
	fwrite(text, 1, size, out);
	print_json_rows(out, kind == DIFF_COUNTS ? "exit" : "function", all, rules, kind);
	print_json_row(out, "total", kind, &all->total);
	if (keys)
		print_json_rows(out, "key", keys, rules, kind);
}

bool diff_print(FILE *out, const struct diff *all, const struct diff *keys,
		const struct diff_rules *rules, const struct diff_side sides[2], bool json)
{
	if (json)
		print_json(out, all, keys, rules, sides);
	else
		print_text(out, all, keys, rules, sides);
	return fflush(out) == 0 && !ferror(out);
}
