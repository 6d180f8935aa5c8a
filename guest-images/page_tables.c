/* SPDX-License-Identifier: Apache-2.0 */
/* What a page table maps is what loads and stores reach, in each mode that the hart has. */
#include "vhart-guest/page_table.h"

#include "vhart-guest/check.h"
#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/memory.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

/* Behind this image: the machine has 32 MiB at least. */
#define LARGE 0x81000000ull
/* The highest half of Sv39, which all modes have. */
#define HIGH 0xffffffc000000000ull

static _Alignas(4096) volatile uint64_t first[512], second[512];
static volatile uint64_t *target;

static void load(void)
{
	(void)*target;
}

static void store(void)
{
	*target = 1;
}

static void jump(void)
{
	((void (*)(void))(uint64_t)target)();
}

/* ATTEMPT at ADDRESS ends with CAUSE, and names the address. */
static bool faults(void (*attempt)(void), uint64_t address, uint64_t cause)
{
	target = (volatile uint64_t *)address;
	return !trap_free(attempt) && trap_record()->cause == cause &&
	       trap_record()->value == address;
}

static void maps(const struct page_table *table, const char *name)
{
	volatile uint64_t *high = (volatile uint64_t *)HIGH;

	tap(faults(load, HIGH, CAUSE_LOAD_PAGE_FAULT), "%s: nothing is mapped at first", name);
	check(page_table_map(table, HIGH, (uint64_t)first, PAGE_4K, PTE_R | PTE_W));
	high[1] = 42;
	tap_eq(first[1], 42, "%s: a store goes to the page that is mapped", name);
	check(page_table_map(table, HIGH, (uint64_t)second, PAGE_4K, PTE_R));
	second[1] = 43;
	tap_eq(high[1], 43, "%s: a load comes from the one that is mapped now", name);
	tap(faults(store, HIGH, CAUSE_STORE_PAGE_FAULT), "%s: a store to it faults", name);
	tap(faults(jump, HIGH, CAUSE_FETCH_PAGE_FAULT), "%s: and a jump", name);
	tap_eq(page_table_entry(table, HIGH) >> PTE_PPN_SHIFT, (uint64_t)second >> PAGE_SHIFT,
	       "%s: its entry is found", name);
	check(page_table_unmap(table, HIGH));
	tap(faults(load, HIGH, CAUSE_LOAD_PAGE_FAULT), "%s: it faults when it is gone", name);
}

static void maps_large(const struct page_table *table, const char *name)
{
	const uint64_t at = HIGH + PAGE_1G;

	check(page_table_map(table, at, LARGE, PAGE_2M, PTE_R | PTE_W));
	*(volatile uint64_t *)(at + PAGE_2M - 8) = 44;
	tap_eq(*(volatile uint64_t *)(LARGE + PAGE_2M - 8), 44, "%s: a page of 2 MiB", name);
	tap(!page_table_map(table, at, LARGE, PAGE_4K, PTE_R), "%s: none fits into it", name);
}

static void refuses(const struct page_table *table, const char *name)
{
	uint64_t beyond = 1ull << (PAGE_SHIFT + 9 * table->levels - 1);

	tap(!page_table_map(table, beyond, 0, PAGE_4K, PTE_R) &&
		    !page_table_map(table, HIGH + 8, 0, PAGE_4K, PTE_R) &&
		    !page_table_map(table, HIGH, 0, PAGE_4K * 2, PTE_R) &&
		    !page_table_map(table, HIGH, 0, PAGE_4K, 0) && !page_table_unmap(table, HIGH),
	    "%s: what cannot be mapped is refused", name);
}

static void mode(unsigned int levels, const char *name)
{
	struct page_table table;

	if (!page_table_mode_there(levels)) {
		tap_skip("%s: this hart has it not", name);
		return;
	}
	check(page_table_new(&table, levels));
	check(page_table_map_board(&table));
	check(page_table_on(&table));
	maps(&table, name);
	maps_large(&table, name);
	refuses(&table, name);
	page_table_off();
	tap_eq(csr_read(satp), 0, "%s: translation is off again", name);
}

void main(uint64_t hart, const void *fdt)
{
	(void)hart;
	(void)fdt;
	mode(SV39_LEVELS, "Sv39");
	mode(SV48_LEVELS, "Sv48");
	mode(SV57_LEVELS, "Sv57");
	tap_end();
}
