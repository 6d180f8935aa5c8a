/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call chain of a guest by frame pointers, as walk_stackframe() and arch_stack_walk_user() of
 * arch/riscv/kernel/stacktrace.c: a frame's return address is at fp - 8, its caller's frame pointer
 * at fp - 16. Needs code built with -fno-omit-frame-pointer, which riscv64 kernels are. Pure, and
 * ends on memory of any contents: every frame is above the one before.
 */
#ifndef VHART_UNWIND_H
#define VHART_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind {
	uint64_t pc, ra, sp, fp; /* the hart's registers; fp is s0 */
	/* Reads 8 bytes at a guest virtual address, a multiple of 8. */
	bool (*read)(void *context, uint64_t address, uint64_t *value);
	/* Whether ADDRESS may be in the chain; NULL: any but 0. */
	bool (*is_code)(void *context, uint64_t address);
	void *context;
	/* handle_exception and ret_from_exception_end: a return address in between has the
	 * interrupted registers (struct pt_regs) in the next frame. 0, 0: not known. */
	uint64_t exception_start, exception_end;
};

/* Fills CHAIN with at most ROOM addresses: the pc, then return addresses outwards. Returns how
 * many; at least the pc where ROOM allows. */
size_t unwind_chain(const struct unwind *unwind, uint64_t *chain, size_t room);

#endif
