/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/report_modules.h"

#include <stdlib.h>
#include <string.h>

#define MODULES_LIMIT (4u << 20)

/* A module's number is above the addresses in it. */
#define NUMBER_SHIFT 32

void report_modules_add(struct report_modules *modules, const struct recording_module *module)
{
	void *table = modules->table, *now = modules->now;
	int error;

	if (!modules->table)
		modules->budget.left = MODULES_LIMIT;
	if (modules->count == REPORT_MODULES_MAX)
		return;
	error = budget_grow(&modules->budget, &table, &modules->room, modules->count + 1,
			    sizeof(*modules->table));
	modules->table = table;
	if (error)
		return;
	error = budget_grow(&modules->budget, &now, &modules->now_room, modules->count + 1,
			    sizeof(*modules->now));
	modules->now = now;
	if (!error)
		modules->table[modules->count++] = *module;
}

/* One that was added since is what a name means. */
static bool find_named(const struct report_modules *modules, const char *name, uint64_t address,
		       size_t *number)
{
	for (size_t i = modules->count; i > 0; i--) {
		const struct recording_module *module = &modules->table[i - 1];

		*number = i - 1;
		if (address - module->start < module->size && !strcmp(module->name, name))
			return true;
	}
	return false;
}

bool report_modules_add_symbol(struct report_modules *modules,
			       const struct recording_symbol *symbol)
{
	size_t number;

	if (!symbol->module[0] || !find_named(modules, symbol->module, symbol->start, &number))
		return false;
	symbols_add(&modules->symbols,
		    (uint64_t)number << NUMBER_SHIFT |
			    (symbol->start - modules->table[number].start),
		    symbol->size, 't', symbol->name, strlen(symbol->name), symbol->module,
		    strlen(symbol->module));
	return true;
}

/* How many of those that are there begin before ADDRESS. */
static size_t count_before(const struct report_modules *modules, uint64_t address)
{
	size_t low = 0, high = modules->now_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (modules->table[modules->now[middle]].start < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NUMBER is there from now on, and no other where it is. */
static void put(struct report_modules *modules, uint32_t number)
{
	const struct recording_module *table = modules->table, *module = &table[number];
	size_t first = count_before(modules, module->start), last;
	uint32_t *now = modules->now;

	last = count_before(modules, module->start + module->size);
	if (first && module->start - table[now[first - 1]].start < table[now[first - 1]].size)
		first--;
	memmove(now + first + 1, now + last, (modules->now_count - last) * sizeof(*now));
	modules->now_count = modules->now_count - (last - first) + 1;
	now[first] = number;
}

bool report_modules_begin(struct report_modules *modules)
{
	char message[IMAGE_MESSAGE_MAX];

	modules->passed = modules->now_count = 0;
	/* What is said first of a place holds before as well: it is put last. */
	for (size_t i = modules->count; i > 0; i--)
		put(modules, (uint32_t)(i - 1));
	return !modules->symbols.count || symbols_finish(&modules->symbols, message);
}

void report_modules_next(struct report_modules *modules)
{
	if (modules->passed < modules->count)
		put(modules, (uint32_t)modules->passed++);
}

const struct recording_module *report_modules_find(const struct report_modules *modules,
						   uint64_t address, struct symbol_place *place)
{
	size_t before = count_before(modules, address + 1);
	const struct recording_module *module;
	uint64_t number;

	if (!before)
		return NULL;
	number = modules->now[before - 1];
	module = &modules->table[number];
	if (address - module->start >= module->size)
		return NULL;
	if (!symbols_lookup(&modules->symbols, number << NUMBER_SHIFT | (address - module->start),
			    place) ||
	    place->start >> NUMBER_SHIFT != number)
		*place = (struct symbol_place){.name = NULL};
	else
		place->start = module->start + (place->start & UINT32_MAX);
	return module;
}

void report_modules_free(struct report_modules *modules)
{
	symbols_free(&modules->symbols);
	free(modules->table);
	free(modules->now);
	*modules = (struct report_modules){0};
}
