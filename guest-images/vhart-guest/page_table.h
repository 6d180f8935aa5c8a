/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address translation: Sv39, Sv48, Sv57 (privileged specification, "Virtual-Memory System"), by
 * their number of levels 3, 4 and 5. Tables are made of pages of the guest's image, 64 for all of
 * them, which are not given back.
 *
 * A table in use may be changed: map and unmap fence this hart. Others need
 * sbi_remote_sfence_vma().
 */
#ifndef GUEST_PAGE_TABLE_H
#define GUEST_PAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"

enum { SV39_LEVELS = 3, SV48_LEVELS, SV57_LEVELS };

#define PAGE_4K (1ull << 12)
#define PAGE_2M (1ull << 21)
#define PAGE_1G (1ull << 30)

struct page_table {
	unsigned int levels;
	uint64_t *root;
};

/* Whether this hart has the mode of LEVELS. Tries it, with a table that maps all as it is. */
bool page_table_mode_there(unsigned int levels);

/* An empty table of LEVELS. False: no pages left. */
bool page_table_new(struct page_table *table, unsigned int levels);

/*
 * Maps the page of SIZE bytes (4 KiB, or 512 times that, again and again) at ADDRESS to PHYSICAL.
 * FLAGS: PTE_R, PTE_W, PTE_X, PTE_U; V, A and D are added. What was mapped there is not any more.
 * False, with nothing mapped: an address that is not aligned or not one of the mode, a size that
 * the mode has not, a larger page in the way, or no pages left.
 */
bool page_table_map(const struct page_table *table, uint64_t address, uint64_t physical,
		    uint64_t size, uint64_t flags);

/* Takes away the page that is mapped at ADDRESS, of whatever size. False: none is. */
bool page_table_unmap(const struct page_table *table, uint64_t address);

/* The entry that maps ADDRESS: PTE_V is set. 0: none does. */
uint64_t page_table_entry(const struct page_table *table, uint64_t address);

/*
 * Maps the first 4 GiB to themselves, by pages of 1 GiB: devices (read and write) below MAP_RAM,
 * and 2 GiB of RAM (all). False: no pages left.
 */
bool page_table_map_board(const struct page_table *table);

/*
 * Switches translation by TABLE on, on this hart: its code and stack must be mapped as they are.
 * False: the hart has not the mode, and nothing has changed.
 */
bool page_table_on(const struct page_table *table);
void page_table_off(void);

#endif
