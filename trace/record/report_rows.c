/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_rows.h"

#include <stdlib.h>
#include <string.h>

/* The frame of STACK in which it happened: an exit's reason lies before it. */
static size_t leaf_of(const struct profile *profile, const struct profile_stack *stack)
{
	return stack->depth > 1 && profile_frame(profile, stack->frames[0]).kind == PROFILE_EXIT;
}

static const char *name_of(const struct report_rows *table, const struct profile_labels *labels,
			   const struct profile_frame *frame)
{
	switch (table->by) {
	case REPORT_BY_SYMBOL:
	case REPORT_BY_PC: return frame->name;
	case REPORT_BY_COMM: return labels->comm;
	case REPORT_BY_PROCESS: return labels->process;
	case REPORT_BY_VM: return labels->vm;
	case REPORT_BY_VCPU:
	case REPORT_BY_EXIT: break;
	}
	return "";
}

static struct report_row row_of(const struct report_rows *table, const struct profile_stack *stack,
				size_t at)
{
	const struct profile *profile = table->report->profile;
	struct profile_frame frame = profile_frame(profile, stack->frames[at]);
	struct report_row row = {
		.name = name_of(table, &stack->labels, &frame),
		.exit = "",
		.vm = table->report->several && stack->labels.vm ? stack->labels.vm : "",
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
static size_t add_rows(const struct report_rows *table, const struct profile_stack *stack,
		       struct report_row *rows)
{
	size_t leaf = leaf_of(table->report->profile, stack), count = 0;
	size_t end = table->children ? stack->depth : leaf + 1;

	for (size_t at = leaf; at < end; at++)
		if (!is_deeper(stack, leaf, at))
			rows[count++] = row_of(table, stack, at);
	return count;
}

bool report_has_callers(const struct report *report)
{
	const struct profile *profile = report->profile;

	for (size_t i = 0; i < profile_count(profile); i++) {
		struct profile_stack stack = profile_stack(profile, i);

		if (stack.depth > leaf_of(profile, &stack) + 1)
			return true;
	}
	return false;
}

static size_t most_rows(const struct report_rows *table)
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

static int compare_names(const struct report_row *a, const struct report_row *b)
{
	int order = strcmp(a->exit, b->exit);

	if (!order)
		order = strcmp(a->vm, b->vm);
	if (!order)
		order = compare_texts(a->name, b->name);
	return order ? order : (a->mode > b->mode) - (a->mode < b->mode);
}

static int compare_keys(const void *left, const void *right)
{
	const struct report_row *a = left, *b = right;
	int order = compare_names(a, b);

	return order ? order : (a->vcpu > b->vcpu) - (a->vcpu < b->vcpu);
}

uint64_t report_weight(const struct report *report, struct profile_values values)
{
	return report->exits ? values.host_ns : values.count;
}

static int compare_weights(const void *left, const void *right, void *opaque)
{
	const struct report_row *a = left, *b = right;
	const struct report_rows *table = opaque;
	uint64_t first = report_weight(table->report, table->children ? a->children : a->values);
	uint64_t second = report_weight(table->report, table->children ? b->children : b->values);

	if (first != second)
		return first > second ? -1 : 1;
	return compare_keys(left, right);
}

/* Rows of equal keys become one. COUNT is of rows that are sorted by them. */
static size_t merge(const struct report_rows *table, struct report_row *rows, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct report_row *last = kept ? &rows[kept - 1] : NULL;
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

bool report_rows_make(struct report_rows *rows)
{
	const struct profile *profile = rows->report->profile;
	size_t room = most_rows(rows);

	rows->count = 0;
	rows->row = calloc(room ? room : 1, sizeof(*rows->row));
	if (!rows->row)
		return false;
	for (size_t i = 0; i < profile_count(profile); i++) {
		struct profile_stack stack = profile_stack(profile, i);

		rows->count += add_rows(rows, &stack, rows->row + rows->count);
	}
	qsort(rows->row, rows->count, sizeof(*rows->row), compare_keys);
	rows->count = merge(rows, rows->row, rows->count);
	qsort_r(rows->row, rows->count, sizeof(*rows->row), compare_weights, rows);
	return true;
}

void report_rows_free(struct report_rows *rows)
{
	free(rows->row);
	rows->row = NULL;
}
