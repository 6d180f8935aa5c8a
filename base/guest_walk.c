/* SPDX-License-Identifier: Apache-2.0 */

#include "base/guest_walk.h"

#include <stddef.h>

#include "base/riscv.h"

enum { LEVEL_SHIFT = 9, ENTRY_SIZE = 8, NAPOT_PPN = 0x8, NAPOT_PPN_MASK = 0xf };

/* satp.MODE for SXLEN 64. */
static const struct {
	unsigned int mode;
	unsigned int levels;
} modes[] = {{SATP_MODE_SV39, 3}, {SATP_MODE_SV48, 4}, {SATP_MODE_SV57, 5}};

/* 0 for a mode that is reserved. */
static unsigned int levels_of(uint64_t satp)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].mode == satp >> SATP_MODE_SHIFT)
			return modes[i].levels;
	}
	return 0;
}

/* The bits above those that are translated must all be as the highest of these. */
static bool is_canonical(uint64_t address, unsigned int bits)
{
	const uint64_t above = address >> (bits - 1);

	return above == 0 || above == UINT64_MAX >> (bits - 1);
}

static bool is_valid(uint64_t entry)
{
	return (entry & PTE_V) && !(entry & PTE_RESERVED) && ((entry & PTE_R) || !(entry & PTE_W));
}

static bool is_leaf(uint64_t entry)
{
	return entry & (PTE_R | PTE_X);
}

/* What is reserved in a pointer to the next table. */
static bool is_pointer(uint64_t entry)
{
	return !(entry & (PTE_U | PTE_A | PTE_D | PTE_PBMT | PTE_N));
}

/* The leaf's page: LEVEL tells how much of the address is offset. False for a fault. */
static bool finish(uint64_t entry, unsigned int level, uint64_t address, struct guest_page *page)
{
	const uint64_t ppn = entry >> PTE_PPN_SHIFT & SATP_PPN;
	unsigned int shift = PAGE_SHIFT + LEVEL_SHIFT * level;
	uint64_t base = ppn << PAGE_SHIFT;

	if ((entry & PTE_PBMT) == PTE_PBMT)
		return false;
	if (entry & PTE_N) {
		/* Svnapot: 64 KiB is the only size so far, and the PPN's low bits say it. */
		if (level || (ppn & NAPOT_PPN_MASK) != NAPOT_PPN)
			return false;
		shift = NAPOT_SHIFT;
		base &= ~0ull << shift;
	}
	const uint64_t size = 1ull << shift;
	if (base & (size - 1))
		return false; /* a misaligned superpage */
	*page = (struct guest_page){base | (address & (size - 1)), size, entry};
	return true;
}

enum guest_walk_end guest_walk(const struct guest_space *space, uint64_t address,
			       struct guest_page *page)
{
	const unsigned int levels = levels_of(space->satp);
	uint64_t table = (space->satp & SATP_PPN) << PAGE_SHIFT, entry;

	if (space->satp >> SATP_MODE_SHIFT == 0) {
		*page = (struct guest_page){address, 0, 0};
		return GUEST_WALK_OK;
	}
	if (!levels || !is_canonical(address, PAGE_SHIFT + LEVEL_SHIFT * levels))
		return GUEST_WALK_FAULT;
	for (unsigned int level = levels; level-- > 0;) {
		const uint64_t index = address >> (PAGE_SHIFT + LEVEL_SHIFT * level) & 0x1ff;

		if (!space->read(space->context, table + ENTRY_SIZE * index, &entry))
			return GUEST_WALK_UNREADABLE;
		if (!is_valid(entry))
			return GUEST_WALK_FAULT;
		if (is_leaf(entry))
			return finish(entry, level, address, page) ? GUEST_WALK_OK
								   : GUEST_WALK_FAULT;
		if (!is_pointer(entry))
			return GUEST_WALK_FAULT;
		table = (entry >> PTE_PPN_SHIFT & SATP_PPN) << PAGE_SHIFT;
	}
	return GUEST_WALK_FAULT; /* the last level's entry was a pointer */
}
