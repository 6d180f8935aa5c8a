/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/page_table.h"

#include <stddef.h>

#include "base/memory_map.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/memory.h"

#define POOL	    64u
#define ENTRIES	    512u
#define LEVEL_BITS  9u
#define PTE_LEAF    (PTE_R | PTE_W | PTE_X)
#define PTE_PPN	    (((1ull << 44) - 1) << PTE_PPN_SHIFT)
#define PHYSICAL_AT 56 /* bits of a physical address */

static uint64_t *take_page(void)
{
	static _Alignas(4096) uint64_t pool[POOL][ENTRIES];
	static unsigned int taken;
	unsigned int page = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);

	return page < POOL ? pool[page] : NULL;
}

static void fence(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

static unsigned int shift_of(unsigned int level)
{
	return PAGE_SHIFT + LEVEL_BITS * level;
}

/* The bits above those that are translated are as the highest of them. */
static bool is_canonical(const struct page_table *table, uint64_t address)
{
	unsigned int unused = 64 - shift_of(table->levels);

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}

static uint64_t *place_in(uint64_t *page, uint64_t address, unsigned int level)
{
	return &page[address >> shift_of(level) & (ENTRIES - 1)];
}

static uint64_t *page_below(uint64_t entry)
{
	return (uint64_t *)((entry & PTE_PPN) >> PTE_PPN_SHIFT << PAGE_SHIFT);
}

static uint64_t entry_of(uint64_t physical, uint64_t flags)
{
	return physical >> PAGE_SHIFT << PTE_PPN_SHIFT | flags | PTE_V;
}

/* The place of ADDRESS at LEVEL; what is missing above it is made. NULL: see page_table_map(). */
static uint64_t *make_place(const struct page_table *table, uint64_t address, unsigned int level)
{
	uint64_t *page = table->root;

	for (unsigned int above = table->levels - 1; above > level; above--) {
		uint64_t *place = place_in(page, address, above);

		if (!(*place & PTE_V)) {
			page = take_page();
			if (!page)
				return NULL;
			*place = entry_of((uint64_t)page, 0);
		} else if (*place & PTE_LEAF) {
			return NULL;
		} else {
			page = page_below(*place);
		}
	}
	return place_in(page, address, level);
}

/* The place of the leaf that maps ADDRESS, or NULL. */
static uint64_t *find_leaf(const struct page_table *table, uint64_t address)
{
	uint64_t *page = table->root;

	if (!is_canonical(table, address))
		return NULL;
	for (unsigned int level = table->levels; level-- > 0;) {
		uint64_t *place = place_in(page, address, level);

		if (!(*place & PTE_V))
			return NULL;
		if (*place & PTE_LEAF)
			return place;
		page = page_below(*place);
	}
	return NULL;
}

bool page_table_new(struct page_table *table, unsigned int levels)
{
	uint64_t *root = take_page();

	*table = (struct page_table){.levels = levels, .root = root};
	return root != NULL;
}

bool page_table_map(const struct page_table *table, uint64_t address, uint64_t physical,
		    uint64_t size, uint64_t flags)
{
	unsigned int level = 0;
	uint64_t *place;

	while (level < table->levels && 1ull << shift_of(level) != size)
		level++;
	if (level == table->levels || !is_canonical(table, address) || physical >> PHYSICAL_AT ||
	    (address | physical) & (size - 1) || !(flags & PTE_LEAF))
		return false;
	place = make_place(table, address, level);
	if (!place)
		return false;
	*place = entry_of(physical, flags | PTE_A | PTE_D);
	fence();
	return true;
}

bool page_table_unmap(const struct page_table *table, uint64_t address)
{
	uint64_t *place = find_leaf(table, address);

	if (!place)
		return false;
	*place = 0;
	fence();
	return true;
}

uint64_t page_table_entry(const struct page_table *table, uint64_t address)
{
	const uint64_t *place = find_leaf(table, address);

	return place ? *place : 0;
}

bool page_table_map_board(const struct page_table *table)
{
	for (uint64_t at = 0; at < 4 * PAGE_1G; at += PAGE_1G) {
		uint64_t flags = at < MAP_RAM ? PTE_R | PTE_W : PTE_R | PTE_W | PTE_X;

		if (!page_table_map(table, at, at, PAGE_1G, flags))
			return false;
	}
	return true;
}

static uint64_t satp_of(const struct page_table *table)
{
	uint64_t mode = SATP_MODE_SV39 + table->levels - SV39_LEVELS;

	return mode << SATP_MODE_SHIFT | (uint64_t)table->root >> PAGE_SHIFT;
}

/* A write of a mode that the hart has not changes nothing. */
bool page_table_on(const struct page_table *table)
{
	uint64_t satp = satp_of(table);

	fence();
	csr_write(satp, satp);
	fence();
	return csr_read(satp) == satp;
}

void page_table_off(void)
{
	csr_write(satp, 0);
	fence();
}

bool page_table_mode_there(unsigned int levels)
{
	static struct page_table tables[SV57_LEVELS + 1];
	struct page_table *table = &tables[levels];
	uint64_t before = csr_read(satp);
	bool there;

	if (!table->root && !(page_table_new(table, levels) && page_table_map_board(table)))
		return false;
	there = page_table_on(table);
	csr_write(satp, before);
	fence();
	return there;
}
