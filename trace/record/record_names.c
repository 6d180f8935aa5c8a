/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_names.h"

#include <stdio.h>
#include <string.h>

#include "base/printable.h"

#define NAMES_LIMIT    (16u << 20)
#define NAMELESS_LIMIT (4u << 20)

/* What was written: a function, or a module, which has no START. */
struct name_key {
	uint64_t number; /* of the module; 0: the kernel itself */
	uint64_t start;
};

void record_names_begin(struct record_names *names)
{
	names->budget.left = NAMES_LIMIT;
	names->nameless_budget.left = NAMELESS_LIMIT;
	names->named = (struct intern){.budget = &names->budget};
	names->nameless = (struct intern){.budget = &names->nameless_budget};
}

void record_names_end(struct record_names *names)
{
	intern_free(&names->named);
	intern_free(&names->nameless);
}

/* False: it was written, or there is no room to remember that. */
static bool is_new(struct record_names *names, uint64_t number, uint64_t start)
{
	const struct name_key key = {number, start};
	uint32_t count = names->named.count, found;

	return intern_add(&names->named, &key, sizeof(key), &found) == 0 && found == count;
}

/* MODULE is "" for the kernel itself. A guest's names may be no text, which would be longer where
 * it is written than where it is read. */
static void write_function(struct record_names *names, const struct symbol_place *place,
			   const char *module)
{
	struct recording_symbol *symbol = &names->line->symbol;

	names->line->type = RECORDING_SYMBOL;
	*symbol = (struct recording_symbol){
		.vm = names->vm, .start = place->start, .size = place->size};
	printable(symbol->name, sizeof(symbol->name), place->name);
	printable(symbol->module, sizeof(symbol->module), module);
	names->write(names->opaque);
}

static void write_module(struct record_names *names, const struct guest_module *module)
{
	struct recording_module *to = &names->line->module;

	names->line->type = RECORDING_MODULE;
	*to = (struct recording_module){
		.vm = names->vm, .start = module->start, .size = module->size};
	printable(to->name, sizeof(to->name), module->name);
	names->write(names->opaque);
}

/* False: ADDRESS is in none that is known. */
static bool put_module(struct record_names *names, uint64_t address)
{
	struct record_place place;

	if (!record_modules_find(names->modules, address, &place))
		return false;
	if (is_new(names, place.number, 0))
		write_module(names, place.module);
	if (place.function.name && is_new(names, place.number, place.function.start))
		write_function(names, &place.function, place.module->name);
	return true;
}

void record_names_put(struct record_names *names, uint64_t address)
{
	struct symbol_place place;
	uint32_t number;

	if (symbols_lookup(names->symbols, address, &place)) {
		if (is_new(names, 0, place.start))
			write_function(names, &place, place.module);
		return;
	}
	/* What finds no room has no name. */
	if (address >> 63 && !put_module(names, address))
		intern_add(&names->nameless, &address, sizeof(address), &number);
}

void record_names_again(struct record_names *names)
{
	for (uint32_t i = 0; i < names->nameless.count; i++) {
		uint64_t address;

		memcpy(&address, intern_get(&names->nameless, i, NULL), sizeof(address));
		put_module(names, address);
	}
}
