/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/image_formats.h"

/* Linux with everything in has some 300 thousand: hostile files end here. */
enum { SYMBOLS_MOST = 2 << 20, NAMES_MOST = 128 << 20 };

static bool is_code(char type)
{
	return type == 'T' || type == 't' || type == 'W' || type == 'w' || type == 'i';
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && !strcmp(name + len - end_len, end);
}

/* Names that the linker script gives to the start of a section (asm-generic/vmlinux.lds.h). */
static bool is_start_marker(const char *name)
{
	return !strcmp(name, "_text") || !strcmp(name, "_stext") || !strcmp(name, "_sinittext") ||
	       (name[0] == '_' && (ends_with(name, "text_start") || ends_with(name, "text_begin")));
}

static bool is_end_marker(const char *name)
{
	return !strcmp(name, "_etext") || !strcmp(name, "_einittext") ||
	       (name[0] == '_' && ends_with(name, "text_end"));
}

/* Mapping symbols of the psABI ($x, $d), the assembler's local labels. */
static bool is_dropped(char type, const char *name, size_t name_len)
{
	return !name_len || name[0] == '$' || (name_len >= 2 && name[0] == '.' && name[1] == 'L') ||
	       type == 'A' || type == 'a' || type == 'U' || type == '?';
}

/* Room for one more element of SIZE bytes in an array that may grow to MOST; NULL when not. */
static void *grow(void *array, size_t *room, size_t need, size_t size, size_t most)
{
	if (need <= *room)
		return array;
	size_t more = *room ? *room : 1024;
	while (more < need)
		more *= 2;
	void *larger = need <= most ? realloc(array, more * size) : NULL;
	if (larger)
		*room = more;
	return larger;
}

/* Keeps a name; 0, which is the empty one, when there is no room. */
static uint32_t add_name(struct symbols *symbols, const char *name, size_t len)
{
	size_t at = symbols->names_len ? symbols->names_len : 1;

	if (!len)
		return 0;
	char *names = grow(symbols->names, &symbols->names_room, at + len + 1, 1, NAMES_MOST);
	if (!names) {
		symbols->out_of_memory = true;
		return 0;
	}
	symbols->names = names;
	names[0] = 0;
	memcpy(names + at, name, len);
	names[at + len] = 0;
	symbols->names_len = at + len + 1;
	return (uint32_t)at;
}

/* Modules come in runs: only a new one is kept. */
static uint32_t add_module(struct symbols *symbols, const char *module, size_t len)
{
	if (!len)
		return 0;
	const char *last = symbols->module ? symbols->names + symbols->module : "";
	if (strlen(last) != len || memcmp(last, module, len) != 0)
		symbols->module = add_name(symbols, module, len);
	return symbols->module;
}

void symbols_add(struct symbols *symbols, uint64_t address, uint64_t size, char type,
		 const char *name, size_t name_len, const char *module, size_t module_len)
{
	if (symbols->out_of_memory || is_dropped(type, name, name_len))
		return;
	struct symbol *table = grow(symbols->table, &symbols->room, symbols->count + 1,
				    sizeof(*table), SYMBOLS_MOST);
	if (!table) {
		symbols->out_of_memory = true;
		return;
	}
	symbols->table = table;
	if (name_len >= SYMBOL_NAME_MAX)
		name_len = SYMBOL_NAME_MAX - 1;
	if (module_len >= SYMBOL_NAME_MAX)
		module_len = SYMBOL_NAME_MAX - 1;
	table[symbols->count++] = (struct symbol){address, size, add_name(symbols, name, name_len),
						  add_module(symbols, module, module_len), type};
}

static int less_first(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int true_first(bool a, bool b)
{
	return (int)b - (int)a;
}

static bool is_weak(const struct symbol *symbol)
{
	return symbol->type == 'W' || symbol->type == 'w';
}

/* By address; among those of one address the one to show first, as perf's choose_best_symbol(). */
static int compare(const void *left, const void *right, void *context)
{
	const struct symbol *a = left, *b = right;
	const char *names = context, *a_name = names + a->name, *b_name = names + b->name;
	int order = less_first(a->address, b->address);

	if (!order)
		order = true_first(is_code(a->type), is_code(b->type));
	if (!order)
		order = true_first(is_start_marker(b_name) || is_end_marker(b_name),
				   is_start_marker(a_name) || is_end_marker(a_name));
	if (!order)
		order = true_first(a->size > 0, b->size > 0);
	if (!order)
		order = true_first(is_weak(b), is_weak(a));
	if (!order)
		order = true_first(a->type == 'T', b->type == 'T');
	if (!order)
		order = less_first(strspn(a_name, "_"), strspn(b_name, "_"));
	if (!order)
		order = less_first(strlen(b_name), strlen(a_name));
	return order ? order : strcmp(a_name, b_name);
}

bool symbols_finish(struct symbols *symbols, char message[IMAGE_MESSAGE_MAX])
{
	if (symbols->out_of_memory)
		return image_refuse(message, "has more symbols than can be kept in memory");
	if (symbols->count)
		qsort_r(symbols->table, symbols->count, sizeof(*symbols->table), compare,
			symbols->names);
	for (size_t i = 0; i < symbols->count; i++) {
		if (is_code(symbols->table[i].type))
			return true;
	}
	return image_refuse(message, "has no symbols of code");
}

void symbols_free(struct symbols *symbols)
{
	free(symbols->table);
	free(symbols->names);
	*symbols = (struct symbols){0};
}

/* The first index whose address is greater than ADDRESS. */
static size_t above(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->table[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * How far SYMBOL goes. What has no size goes up to NEXT; where that is of another module, or there
 * is none, to the end of the following page, as perf takes it.
 */
static uint64_t size_of(const struct symbol *symbol, const struct symbol *next)
{
	const uint64_t page = 4096;

	if (symbol->size)
		return symbol->size;
	if (next && next->module == symbol->module)
		return next->address - symbol->address;
	return 2 * page - symbol->address % page;
}

/* The last one that begins at ADDRESS of the table or before it, the best of those that share its
 * place; NULL: none does. NEXT: what begins behind it, or NULL. */
static const struct symbol *last_before(const struct symbols *symbols, uint64_t address,
					const struct symbol **next)
{
	const size_t end = above(symbols, address);
	size_t first = end - 1;

	if (!end)
		return NULL;
	while (first && symbols->table[first - 1].address == symbols->table[end - 1].address)
		first--;
	*next = end < symbols->count ? &symbols->table[end] : NULL;
	return &symbols->table[first];
}

static bool begins_code(const struct symbols *symbols, const struct symbol *symbol)
{
	return is_code(symbol->type) && !is_end_marker(symbols->names + symbol->name);
}

bool symbols_lookup(const struct symbols *symbols, uint64_t address, struct symbol_place *place)
{
	const struct symbol *next, *symbol = last_before(symbols, address - symbols->slide, &next);
	uint64_t size, offset;

	if (!symbol || !begins_code(symbols, symbol))
		return false;
	size = size_of(symbol, next);
	offset = address - symbols->slide - symbol->address;
	if (offset >= size)
		return false;
	*place = (struct symbol_place){symbols->names + symbol->name,
				       symbols->names + symbol->module,
				       symbol->address + symbols->slide, size, offset};
	return true;
}

static bool is_behind_code(const struct symbols *symbols, uint64_t address)
{
	const struct symbol *next, *symbol = last_before(symbols, address - symbols->slide, &next);

	return symbol && begins_code(symbols, symbol);
}

bool symbols_may_return_to(const struct symbols *symbols, uint64_t address)
{
	return is_behind_code(symbols, address) || is_behind_code(symbols, address - 1);
}

bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address)
{
	for (size_t i = 0; i < symbols->count; i++) {
		const struct symbol *symbol = &symbols->table[i];

		if (!symbol->module && !strcmp(symbols->names + symbol->name, name)) {
			*address = symbol->address + symbols->slide;
			return true;
		}
	}
	return false;
}

bool symbols_slide(struct symbols *symbols, const char *name, uint64_t address)
{
	uint64_t now;

	if (!symbols_find(symbols, name, &now) || (address - now) % 4096)
		return false;
	symbols->slide += address - now;
	return true;
}
