/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/guest.h"

/*
 * The boot hart comes from the SBI with a0 = hart ID, a1 = FDT; a hart that hart_start() woke with
 * a0 = hart ID, a1 = the function that it shall run. Each has a stack of its own, by hart ID.
 */
	.section .text.start, "ax"
	.globl _start
_start:
	rdtime	s0
	la	t0, main
	mv	s1, a1
	j	enter

	.globl secondary_start
secondary_start:
	mv	t0, a1

enter:
	csrw	sie, zero
	csrci	sstatus, 2 /* SIE */
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	la	t1, trap_entry
	csrw	stvec, t1
	mv	tp, a0 /* hart_id() */
	li	t1, GUEST_MAX_HARTS
	bgeu	a0, t1, park
	la	sp, stacks
	addi	t1, a0, 1
	slli	t1, t1, GUEST_STACK_SHIFT
	add	sp, sp, t1
	la	t1, main
	bne	t0, t1, run
	la	t1, start_time
	sd	s0, 0(t1)
	mv	a1, s1
run:
	jalr	t0
	/* main() came back: the work is done. Other functions end their hart themselves. */
	call	power_off
park:
	wfi
	j	park

	.section .bss.stacks, "aw", @nobits
	.balign	16
stacks:
	.zero	GUEST_MAX_HARTS << GUEST_STACK_SHIFT
