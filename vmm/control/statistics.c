/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/statistics.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- objects ---- */

static void add_count(void *to, const char *name, uint64_t count)
{
	json_object_object_add(to, name, json_object_new_uint64(count));
}

static json_object *exits_object(const struct exit_causes *exits)
{
	json_object *object = json_object_new_object();

	exit_causes_tell(exits, add_count, object);
	return object;
}

static json_object *kvm_object(const struct kvm_stats *kvm)
{
	json_object *object = json_object_new_object();

	for (unsigned int i = 0; i < kvm->count; i++)
		add_count(object, kvm->entries[i].name, kvm->entries[i].value);
	return object;
}

static json_object *hart_object(const struct statistics_hart *hart, unsigned int number)
{
	json_object *object = json_object_new_object();

	add_count(object, "hart", number);
	json_object_object_add(object, "exits", exits_object(&hart->exits));
	json_object_object_add(object, "kvm", kvm_object(&hart->kvm));
	return object;
}

/* ---- the table ---- */

#define LINE_MAX_BYTES 256u
#define ROW_NAME       "%-28.47s"
#define ROW_VALUE      " %13s"

struct table {
	json_object *lines;
	json_object *harts; /* of the objects above; as many as have columns */
	const char *part;   /* of each */
};

static void add_line(const struct table *table, const char *line)
{
	json_object_array_add(table->lines, json_object_new_string(line));
}

static void add_cell(char line[LINE_MAX_BYTES], size_t *len, const char *text)
{
	if (*len < LINE_MAX_BYTES)
		*len += (size_t)snprintf(line + *len, LINE_MAX_BYTES - *len, ROW_VALUE, text);
}

static uint64_t count_of(json_object *hart, const char *part, const char *name)
{
	json_object *counts, *count;

	return json_object_object_get_ex(hart, part, &counts) &&
			       json_object_object_get_ex(counts, name, &count)
		       ? json_object_get_uint64(count)
		       : 0;
}

static size_t columns(const struct table *table)
{
	size_t harts = json_object_array_length(table->harts);

	return harts > 1 && harts <= STATISTICS_COLUMNS ? harts : 0;
}

static void add_row(void *context, const char *name, uint64_t sum)
{
	const struct table *table = context;
	char line[LINE_MAX_BYTES], cell[24];
	size_t len = (size_t)snprintf(line, sizeof(line), ROW_NAME, name);

	snprintf(cell, sizeof(cell), "%" PRIu64, sum);
	add_cell(line, &len, cell);
	for (size_t i = 0; i < columns(table); i++) {
		json_object *hart = json_object_array_get_idx(table->harts, i);

		snprintf(cell, sizeof(cell), "%" PRIu64, count_of(hart, table->part, name));
		add_cell(line, &len, cell);
	}
	add_line(table, line);
}

static void add_head(const struct table *table, const char *what)
{
	char line[LINE_MAX_BYTES], cell[32];
	size_t len = (size_t)snprintf(line, sizeof(line), ROW_NAME, what);

	add_cell(line, &len, "all");
	for (size_t i = 0; i < columns(table); i++) {
		snprintf(cell, sizeof(cell), "hart %zu", i);
		add_cell(line, &len, cell);
	}
	add_line(table, line);
}

static void add_lines(struct table *table, const struct statistics_hart *sum, uint64_t guest_errors)
{
	char line[48];

	table->part = "exits";
	add_head(table, "exits to vhart");
	exit_causes_tell(&sum->exits, add_row, table);
	table->part = "kvm";
	if (sum->kvm.count)
		add_head(table, "counted by KVM");
	for (unsigned int i = 0; i < sum->kvm.count; i++)
		add_row(table, sum->kvm.entries[i].name, sum->kvm.entries[i].value);
	snprintf(line, sizeof(line), "guest errors: %" PRIu64, guest_errors);
	add_line(table, line);
}

/* ---- */

static void sum_up(struct statistics_hart *sum, const struct statistics_hart *harts,
		   unsigned int count)
{
	*sum = (struct statistics_hart){.exits = {.interrupted = 0}};
	for (unsigned int i = 0; i < count; i++) {
		exit_causes_add(&sum->exits, &harts[i].exits);
		kvm_stats_sum(&sum->kvm, &harts[i].kvm);
	}
}

void statistics_add(json_object *result, const struct statistics_hart *harts, unsigned int count,
		    uint64_t guest_errors)
{
	struct table table = {.lines = json_object_new_array(), .harts = json_object_new_array()};
	struct statistics_hart sum;

	sum_up(&sum, harts, count);
	for (unsigned int i = 0; i < count; i++)
		json_object_array_add(table.harts, hart_object(&harts[i], i));
	add_lines(&table, &sum, guest_errors);
	json_object_object_add(result, "lines", table.lines);
	json_object_object_add(result, "exits", exits_object(&sum.exits));
	add_count(result, "guest-errors", guest_errors);
	json_object_object_add(result, "kvm", kvm_object(&sum.kvm));
	json_object_object_add(result, "harts", table.harts);
}
