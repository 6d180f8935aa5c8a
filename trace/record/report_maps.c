/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_maps.h"

#include <stdlib.h>
#include <string.h>

/* Some hundred thousand mappings. */
#define MAPS_LIMIT (32u << 20)

void report_maps_add(struct report_maps *maps, const struct recording_mapping *mapping)
{
	void *memory = maps->table;
	uint32_t file;
	int error;

	if (!maps->table)
		maps->budget.left = MAPS_LIMIT;
	maps->files.budget = &maps->budget;
	error = budget_grow(&maps->budget, &memory, &maps->room, maps->count + 1,
			    sizeof(*maps->table));
	maps->table = memory;
	if (error || intern_add(&maps->files, mapping->file, strlen(mapping->file) + 1, &file) != 0)
		return;
	maps->table[maps->count++] = (struct report_mapping){.start = mapping->start,
							     .end = mapping->end,
							     .offset = mapping->offset,
							     .space = (uint32_t)mapping->space,
							     .file = file};
}

static int compare(const void *left, const void *right)
{
	const struct report_mapping *a = left, *b = right;

	if (a->space != b->space)
		return a->space < b->space ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end > b->end) - (a->end < b->end);
}

void report_maps_finish(struct report_maps *maps)
{
	if (maps->count)
		qsort(maps->table, maps->count, sizeof(*maps->table), compare);
}

const char *report_maps_find(const struct report_maps *maps, uint32_t space, uint64_t address,
			     uint64_t *offset)
{
	const struct report_mapping key = {.space = space, .start = address, .end = UINT64_MAX};
	const struct report_mapping *found;
	size_t low = 0, high = maps->count;

	/* The first that begins behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&maps->table[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!space || !low)
		return NULL;
	found = &maps->table[low - 1];
	if (found->space != space || address >= found->end)
		return NULL;
	*offset = address - found->start + found->offset;
	return intern_get(&maps->files, found->file, NULL);
}

void report_maps_free(struct report_maps *maps)
{
	intern_free(&maps->files);
	free(maps->table);
	*maps = (struct report_maps){0};
}
