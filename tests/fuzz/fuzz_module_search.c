/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules of a guest that may lie about all of it: the input changes bytes of its memory, its
 * page tables, its list and what it has of symbols among them. The search ends, reads nothing
 * outside, and finds no module that is not before the kernel or reaches into another one.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/symbols/made_modules.h"

#define READS_LIMIT (16u << 20)

static struct made_modules made;
static unsigned int reads;

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	require(++reads < READS_LIMIT);
	/* The windows lead nowhere else. */
	require(read_made(opaque, address, out, size));
	return true;
}

/* Each six bytes: where in the memory, and what. */
static void change(const uint8_t *data, size_t size)
{
	for (; size >= 6; data += 6, size -= 6) {
		size_t at = ((size_t)data[0] | (size_t)data[1] << 8) * 4 % (sizeof(made.ram) - 4);

		memcpy(made.ram + at, data + 2, 4);
	}
}

static void check_places(const struct module_list *list)
{
	uint64_t end = 0;

	require(list->count <= MODULES_MOST);
	for (size_t i = 0; i < list->count; i++) {
		const struct guest_module *module = &list->table[i];

		require(module->start >= end && module->size);
		end = module->start + module->size;
		require(end > module->start && end <= MADE_KERNEL);
		require(module->name[0] && memchr(module->name, 0, sizeof(module->name)) != NULL);
		require(module_list_find(list, module->start) == module);
		require(module_list_find(list, end - 1) == module);
	}
}

static void check_symbols(const struct module_list *list)
{
	for (size_t i = 0; i < list->symbols.count; i++) {
		uint64_t address = list->symbols.table[i].address;
		const struct guest_module *module = module_list_find(list, address);
		struct symbol_place place;

		require(module != NULL);
		if (!symbols_lookup(&list->symbols, address, &place))
			continue;
		require(place.start >= module->start &&
			place.size <= module->size - (place.start - module->start));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct module_list list;
	const struct module_reader reader = {.places = &made.task_places,
					     .modules = &made.places,
					     .read = read_memory,
					     .opaque = &made};
	uint64_t start, module;

	make_modules(&made);
	for (unsigned int i = 0; i < 3; i++) {
		module = make_module(&made, "module", 2, &start);
		make_functions(&made, module,
			       &(struct made_function){"function", start + 64, 64, 't'}, 1);
	}
	change(data, size);
	reads = 0;
	if (module_list_read(&reader, &list)) {
		check_places(&list);
		module_list_read_symbols(&reader, &list);
		check_symbols(&list);
	}
	module_list_free(&list);
	return 0;
}
