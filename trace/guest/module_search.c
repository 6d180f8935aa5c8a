/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/module_search.h"

#include <elf.h>
#include <string.h>

#include "base/guest_walk.h"

/* MOD_TEXT is the first of mod_mem_type (include/linux/module.h). */
const char *const module_members[MODULE_MEMBERS] = {
	[MODULE_LIST] = "module.list",
	[MODULE_STATE] = "module.state",
	[MODULE_NAME_AT] = "module.name",
	[MODULE_MEMORY] = "module.mem",
	[MODULE_KALLSYMS] = "module.kallsyms",
	[MEMORY_BASE] = "module_memory.base",
	[MEMORY_SIZE] = "module_memory.size",
	[KALLSYMS_SYMBOLS] = "mod_kallsyms.symtab",
	[KALLSYMS_COUNT] = "mod_kallsyms.num_symtab",
	[KALLSYMS_STRINGS] = "mod_kallsyms.strtab",
	[KALLSYMS_TYPES] = "mod_kallsyms.typetab",
};

/* enum module_state: it is being set up, and nothing in it counts. */
#define MODULE_UNFORMED 3u
/* MODULE_NAME_LEN */
#define NAME_BYTES (64u - sizeof(uint64_t))

#define PAGE_BYTES 4096u
/* So many are read for one list, and its symbols: those of a desktop's modules take some thousand.
 */
#define PAGES_MOST 65536u
/* Of all modules: most of theirs are labels of the assembler. */
#define SYMBOLS_MOST (1u << 22)
/* Of those that are kept; a desktop's modules have some ten thousand functions. */
enum { FUNCTIONS_MOST = 1 << 18, NAMES_MOST = 16 << 20 };

/* One page of the guest, so that what is read in order is read once. */
struct view {
	uint64_t page; /* its address; 1: none yet */
	bool good;
	uint8_t bytes[PAGE_BYTES];
};

struct search {
	const struct module_reader *reader;
	unsigned int pages; /* that may still be read */
};

/* ---- the kernel's memory ---- */

static bool read_physical(void *opaque, uint64_t physical, uint64_t *value)
{
	const struct module_reader *reader = opaque;
	uint64_t host =
		task_host(reader->places, physical + reader->modules->linear, sizeof(*value));

	return host && reader->read(reader->opaque, host, value, sizeof(*value));
}

/* Where the page at ADDRESS is in the process; 0: nowhere. */
static uint64_t find_page(const struct module_reader *reader, uint64_t address)
{
	/* Its words are the reader's own; nothing of it is changed. */
	const struct guest_space space = {.satp = reader->modules->satp,
					  .read = read_physical,
					  .context = (void *)(uintptr_t)reader};
	uint64_t host = task_host(reader->places, address, PAGE_BYTES);
	struct guest_page page;

	if (host || guest_walk(&space, address, &page) != GUEST_WALK_OK)
		return host;
	return task_host(reader->places, page.physical + reader->modules->linear, PAGE_BYTES);
}

/* Makes VIEW that of the page that ADDRESS is in. False: it is not there. */
static bool turn_to(struct search *search, struct view *view, uint64_t address)
{
	uint64_t page = address & ~(uint64_t)(PAGE_BYTES - 1), host;

	if (view->page == page)
		return view->good;
	if (!search->pages)
		return false;
	search->pages--;
	host = find_page(search->reader, page);
	view->page = page;
	view->good = host && search->reader->read(search->reader->opaque, host, view->bytes,
						  sizeof(view->bytes));
	return view->good;
}

static bool read_bytes(struct search *search, struct view *view, uint64_t address, void *out,
		       size_t size)
{
	uint8_t *to = out;

	for (size_t part; size > 0; size -= part, address += part, to += part) {
		size_t in_page = PAGE_BYTES - address % PAGE_BYTES;

		part = in_page < size ? in_page : size;
		if (!turn_to(search, view, address))
			return false;
		memcpy(to, view->bytes + address % PAGE_BYTES, part);
	}
	return true;
}

/* The text at ADDRESS, SIZE - 1 bytes of it at most; how many. */
static size_t read_text(struct search *search, struct view *view, uint64_t address, char *out,
			size_t size)
{
	size_t length = 0;

	while (length < size - 1 && turn_to(search, view, address + length)) {
		size_t at = (address + length) % PAGE_BYTES, in_page = PAGE_BYTES - at;
		size_t most = in_page < size - 1 - length ? in_page : size - 1 - length;
		size_t part = strnlen((const char *)view->bytes + at, most);

		memcpy(out + length, view->bytes + at, part);
		length += part;
		if (part < most)
			break;
	}
	out[length] = '\0';
	return length;
}

static uint64_t offset_of(const struct search *search, enum module_member member)
{
	return search->reader->modules->offsets[member];
}

static bool read_word(struct search *search, struct view *view, uint64_t address, uint64_t *word)
{
	return read_bytes(search, view, address, word, sizeof(*word));
}

static bool read_half(struct search *search, struct view *view, uint64_t address, uint32_t *half)
{
	return read_bytes(search, view, address, half, sizeof(*half));
}

/* ---- the list ---- */

/* How many of LIST's begin at ADDRESS or before it. */
static size_t count_up_to(const struct module_list *list, uint64_t address)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->table[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct guest_module *module_list_find(const struct module_list *list, uint64_t address)
{
	size_t at = count_up_to(list, address);

	if (!at || address - list->table[at - 1].start >= list->table[at - 1].size)
		return NULL;
	return &list->table[at - 1];
}

/* One that reaches into another one is a lie, or both are. */
static void insert(struct module_list *list, const struct guest_module *module)
{
	size_t at = count_up_to(list, module->start);

	if (list->count == MODULES_MOST ||
	    (at && module->start - list->table[at - 1].start < list->table[at - 1].size) ||
	    (at < list->count && list->table[at].start - module->start < module->size))
		return;
	memmove(&list->table[at + 1], &list->table[at], (list->count - at) * sizeof(*list->table));
	list->table[at] = *module;
	list->count++;
}

/* Whether all of its code is where its kernel has modules. */
static bool is_in_reach(const struct search *search, const struct guest_module *module)
{
	uint64_t before = search->reader->modules->kernel - module->start;

	return module->size && module->size <= before && before <= MODULES_REACH &&
	       module->start % PAGE_BYTES == 0;
}

/* The one whose struct module is at ADDRESS. False: it is none, now. */
static bool read_module(struct search *search, struct view *view, uint64_t address,
			struct guest_module *module)
{
	uint64_t memory = address + offset_of(search, MODULE_MEMORY);
	uint32_t state, size;

	memset(module, 0, sizeof(*module));
	if (!read_half(search, view, address + offset_of(search, MODULE_STATE), &state) ||
	    state == MODULE_UNFORMED ||
	    !read_bytes(search, view, address + offset_of(search, MODULE_NAME_AT), module->name,
			NAME_BYTES) ||
	    !read_word(search, view, memory + offset_of(search, MEMORY_BASE), &module->start) ||
	    !read_half(search, view, memory + offset_of(search, MEMORY_SIZE), &size) ||
	    !read_word(search, view, address + offset_of(search, MODULE_KALLSYMS),
		       &module->kallsyms))
		return false;
	module->size = size;
	/* Behind its name there may be anything: two looks at one module are the same. */
	for (size_t i = strlen(module->name); i < sizeof(module->name); i++)
		module->name[i] = '\0';
	return module->name[0] && is_in_reach(search, module);
}

bool module_list_read(const struct module_reader *reader, struct module_list *list)
{
	struct search search = {.reader = reader, .pages = PAGES_MOST};
	struct view view = {.page = 1};
	const uint64_t head = reader->modules->head;
	uint64_t at;

	list->count = 0;
	if (!read_word(&search, &view, head, &at))
		return false;
	for (unsigned int i = 0; at != head; i++) {
		struct guest_module module;

		if (i == MODULES_MOST)
			return false;
		if (read_module(&search, &view, at - offset_of(&search, MODULE_LIST), &module))
			insert(list, &module);
		if (!read_word(&search, &view, at, &at))
			return false;
	}
	return true;
}

/* ---- symbols ---- */

/* What its kernel has of one module's symbols, a view each. */
struct symbols_of {
	const struct guest_module *module;
	uint64_t table, strings, types;
	uint32_t count;
	struct view table_view, strings_view, types_view;
};

static bool find_symbols(struct search *search, struct symbols_of *of)
{
	uint64_t at = of->module->kallsyms;
	struct view *view = &of->table_view;

	return read_word(search, view, at + offset_of(search, KALLSYMS_SYMBOLS), &of->table) &&
	       read_half(search, view, at + offset_of(search, KALLSYMS_COUNT), &of->count) &&
	       read_word(search, view, at + offset_of(search, KALLSYMS_STRINGS), &of->strings) &&
	       read_word(search, view, at + offset_of(search, KALLSYMS_TYPES), &of->types);
}

/* Functions only: a kernel has nm's letters of them, which is all that is asked of these. */
static bool is_function(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static bool has_room(const struct symbols *symbols)
{
	return symbols->count < FUNCTIONS_MOST && symbols->names_len < NAMES_MOST;
}

/* The symbol NUMBER, where it is one of the module's code. False: no more of it is there. */
static bool add_symbol(struct search *search, struct symbols_of *of, uint32_t number,
		       struct symbols *symbols)
{
	const struct guest_module *module = of->module;
	char name[SYMBOL_NAME_MAX], type;
	Elf64_Sym symbol;
	uint64_t left;
	size_t length;

	if (!read_bytes(search, &of->table_view, of->table + (uint64_t)number * sizeof(symbol),
			&symbol, sizeof(symbol)) ||
	    !read_bytes(search, &of->types_view, of->types + number, &type, 1))
		return false;
	if (symbol.st_value - module->start >= module->size || !is_function(type))
		return true;
	length = read_text(search, &of->strings_view, of->strings + symbol.st_name, name,
			   sizeof(name));
	/* What has no size (assembler) goes up to the next one, and never out of the module. */
	left = module->size - (symbol.st_value - module->start);
	if (!symbol.st_size || symbol.st_size > left)
		symbol.st_size = left;
	symbols_add(symbols, symbol.st_value, symbol.st_size, type, name, length, module->name,
		    strlen(module->name));
	return true;
}

void module_list_read_symbols(const struct module_reader *reader, struct module_list *list)
{
	struct search search = {.reader = reader, .pages = PAGES_MOST};
	char message[IMAGE_MESSAGE_MAX];
	uint32_t left = SYMBOLS_MOST;

	for (size_t i = 0; i < list->count; i++) {
		struct symbols_of of = {.module = &list->table[i],
					.table_view = {.page = 1},
					.strings_view = {.page = 1},
					.types_view = {.page = 1}};

		if (!find_symbols(&search, &of))
			continue;
		/* The first is none, as in any ELF. */
		for (uint32_t number = 1; number < of.count && left && has_room(&list->symbols);
		     number++, left--)
			if (!add_symbol(&search, &of, number, &list->symbols))
				break;
	}
	if (!symbols_finish(&list->symbols, message))
		symbols_free(&list->symbols);
}

void module_list_free(struct module_list *list)
{
	symbols_free(&list->symbols);
	list->count = 0;
}
