/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a hart goes from an instruction: KVM on RISC-V has no single step, so a step is a temporary
 * breakpoint at each of these places. Pure; safe on code of any contents.
 *
 * A trap is not stepped into: what an interrupt or a fault makes the hart do before it comes back
 * runs as a whole. So does an ecall.
 */
#ifndef VHART_NEXT_PC_H
#define VHART_NEXT_PC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked of the hart. Each returns false for what cannot be read. */
struct next_pc_hart {
	/* x0 to x31. */
	bool (*read_register)(void *context, unsigned int number, uint64_t *value);
	bool (*read_sepc)(void *context, uint64_t *value);
	/* Two bytes of code at a virtual address, as they are without breakpoints of ours. */
	bool (*read_code)(void *context, uint64_t address, uint16_t *parcel);
	void *context;
};

/* A constrained LR/SC sequence has at most 16 instructions ("Eventual Success of
 * Store-Conditional Instructions"): its end, and the target of every branch in it. */
#define NEXT_PC_MOST 17u

struct next_pcs {
	uint64_t pc[NEXT_PC_MOST]; /* all different */
	unsigned int count;	   /* 1 and up */
};

/*
 * The places where HART, which is at PC, can be after one instruction; exactly one, but for an LR:
 * from there on to the SC nothing may stop it, or the SC fails for ever, so these are the places
 * where it leaves that sequence. False: code or register cannot be read.
 */
bool next_pc(const struct next_pc_hart *hart, uint64_t pc, struct next_pcs *next);

/* Bytes of the instruction that begins with PARCEL: 2, 4, 6 or 8 ("Instruction Length Encoding").
 */
unsigned int instruction_length(uint16_t parcel);

#endif
