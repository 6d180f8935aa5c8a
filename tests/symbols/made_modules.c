/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/symbols/made_modules.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/riscv.h"

enum { ROOT, MIDDLE, LEAVES, KERNEL, FIRST_FREE };
enum { HEAD_AT = 64, KALLSYMS_AT = 160, OF_SYMBOLS = 512 };

#define LINEAR	 0xffffffd600000000ull
#define PHYSICAL 0x80000000ull

void put_word(uint8_t *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
}

static uint64_t entry_of(unsigned int page, uint64_t bits)
{
	return (PHYSICAL / MADE_PAGE + page) << PTE_PPN_SHIFT | bits;
}

static uint8_t *at_page(struct made_modules *made, unsigned int page)
{
	return made->ram + (size_t)page * MADE_PAGE;
}

/* COUNT pages of MADE_AREA, which lie in the memory back to front: their address. */
static uint64_t map(struct made_modules *made, unsigned int count)
{
	unsigned int first = made->next;

	for (unsigned int i = 0; i < count; i++)
		put_word(at_page(made, LEAVES) + sizeof(uint64_t) * (first + i),
			 entry_of(made->used + count - 1 - i,
				  PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D));
	made->used += count;
	made->next += count;
	/* As the kernel's own, with a page between them that is not there. */
	made->next++;
	return MADE_AREA + (uint64_t)first * MADE_PAGE;
}

uint8_t *made_at(struct made_modules *made, uint64_t address)
{
	uint64_t entry, page = (address - MADE_AREA) / MADE_PAGE;

	if (address >= MADE_KERNEL)
		return at_page(made, KERNEL) + (address - MADE_KERNEL);
	memcpy(&entry, at_page(made, LEAVES) + page * sizeof(entry), sizeof(entry));
	page = (entry >> PTE_PPN_SHIFT) - PHYSICAL / MADE_PAGE;
	return made->ram + page * MADE_PAGE + address % MADE_PAGE;
}

/* What is in several pages of MADE_AREA. */
static void put_bytes(struct made_modules *made, uint64_t address, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*made_at(made, address + i) = ((const uint8_t *)bytes)[i];
}

static unsigned int index_of(unsigned int level)
{
	return MADE_AREA >> (12 + 9 * level) & 511;
}

void make_modules(struct made_modules *made)
{
	memset(made, 0, sizeof(*made));
	made->used = FIRST_FREE;
	made->task_places.windows[0] = (struct task_window){
		.guest = LINEAR, .size = sizeof(made->ram), .host = (uintptr_t)made->ram};
	made->task_places.windows[1] = (struct task_window){
		.guest = MADE_KERNEL, .size = MADE_PAGE, .host = (uintptr_t)at_page(made, KERNEL)};
	made->places = (struct module_places){
		.offsets = {[MODULE_LIST] = MADE_LIST,
			    [MODULE_STATE] = MADE_STATE,
			    [MODULE_NAME_AT] = MADE_NAME,
			    [MODULE_MEMORY] = MADE_BASE,
			    [MODULE_KALLSYMS] = KALLSYMS_AT,
			    [MEMORY_BASE] = 0,
			    [MEMORY_SIZE] = MADE_LENGTH - MADE_BASE,
			    [KALLSYMS_SYMBOLS] = 0,
			    [KALLSYMS_COUNT] = 8,
			    [KALLSYMS_STRINGS] = 16,
			    [KALLSYMS_TYPES] = 24},
		.head = MADE_KERNEL + HEAD_AT,
		.satp = (uint64_t)SATP_MODE_SV39 << SATP_MODE_SHIFT | (PHYSICAL / MADE_PAGE + ROOT),
		.linear = LINEAR - PHYSICAL,
		.kernel = MADE_KERNEL,
		.known = true,
	};
	made->last = made->places.head;
	put_word(made_at(made, made->last), made->places.head);
	put_word(at_page(made, ROOT) + sizeof(uint64_t) * index_of(2), entry_of(MIDDLE, PTE_V));
	put_word(at_page(made, MIDDLE) + sizeof(uint64_t) * index_of(1), entry_of(LEAVES, PTE_V));
}

uint64_t make_module(struct made_modules *made, const char *name, unsigned int pages,
		     uint64_t *start)
{
	uint64_t module = map(made, 1);
	uint32_t size = pages * MADE_PAGE;
	uint8_t *at = made_at(made, module);

	*start = map(made, pages);
	memcpy(at + MADE_NAME, name, strnlen(name, 56));
	put_word(at + MADE_BASE, *start);
	memcpy(at + MADE_LENGTH, &size, sizeof(size));
	put_word(made_at(made, made->last), module + MADE_LIST);
	made->last = module + MADE_LIST;
	put_word(made_at(made, made->last), made->places.head);
	return module;
}

void make_functions(struct made_modules *made, uint64_t module,
		    const struct made_function *functions, size_t count)
{
	size_t table_size = (count + 1) * sizeof(Elf64_Sym), strings_used = 1;
	uint64_t table = map(made, (unsigned int)(table_size / MADE_PAGE) + 1);
	uint64_t types = map(made, (unsigned int)(count / MADE_PAGE) + 1), strings = map(made, 4);
	uint8_t *of = made_at(made, module + OF_SYMBOLS);
	uint32_t all = (uint32_t)count + 1;

	for (size_t i = 0; i < count; i++) {
		const Elf64_Sym symbol = {.st_name = (Elf64_Word)strings_used,
					  .st_value = functions[i].address,
					  .st_size = functions[i].size};

		put_bytes(made, table + (i + 1) * sizeof(symbol), &symbol, sizeof(symbol));
		put_bytes(made, types + i + 1, &functions[i].type, 1);
		put_bytes(made, strings + strings_used, functions[i].name,
			  strlen(functions[i].name) + 1);
		strings_used += strlen(functions[i].name) + 1;
	}
	put_word(made_at(made, module + KALLSYMS_AT), module + OF_SYMBOLS);
	put_word(of, table);
	memcpy(of + 8, &all, sizeof(all));
	put_word(of + 16, strings);
	put_word(of + 24, types);
}

bool read_made(void *opaque, uint64_t address, void *out, size_t size)
{
	const struct made_modules *made = opaque;
	uint64_t offset = address - (uintptr_t)made->ram;

	if (offset > sizeof(made->ram) || size > sizeof(made->ram) - offset)
		return false;
	memcpy(out, made->ram + offset, size);
	return true;
}
