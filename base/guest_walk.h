/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a guest's virtual address is in guest-physical memory: the walk of the hart's own tables
 * (RISC-V Privileged, "Virtual Address Translation Process"), from outside and without a trace in
 * them. Pure, and safe on tables of any contents: at most five reads.
 */
#ifndef VHART_GUEST_WALK_H
#define VHART_GUEST_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct guest_space {
	uint64_t satp; /* the guest's: vsatp on the host */
	/* Reads 8 bytes at a guest-physical address, a multiple of 8. False: no memory there. */
	bool (*read)(void *context, uint64_t physical, uint64_t *value);
	void *context;
};

enum guest_walk_end {
	GUEST_WALK_OK,
	GUEST_WALK_FAULT,      /* the hart would take a page fault whatever the access */
	GUEST_WALK_UNREADABLE, /* a table is where no memory is */
};

struct guest_page {
	uint64_t physical; /* of the address asked for */
	uint64_t size;	   /* of the page it is in; 0 when satp says Bare */
	uint64_t entry;	   /* the leaf PTE; 0 when satp says Bare */
};

/*
 * What one may do there is the caller's to judge by ENTRY (R, W, X, U, A, D). Svnapot, Svpbmt and
 * Svrsw60t59b are taken as implemented: what they give a meaning to is no fault.
 */
enum guest_walk_end guest_walk(const struct guest_space *space, uint64_t address,
			       struct guest_page *page);

#endif
