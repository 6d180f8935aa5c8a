/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest of `vhart probe`: position-independent, started in VS-mode at its first instruction.
 * It takes the counter overflow interrupt and the external one, says "ready" (FID 0), spins as many rounds as the answer
 * says, and tells (FID 1) what ended that: a1 = 0 the rounds, otherwise scause of the trap.
 * From scratch_guest_calls on: another, which makes the SBI calls that its registers hold, one by one, and says
 * that a call has returned by a store to nowhere, as this needs no SBI.
 * From scratch_guest_instructions on: a third, which jumps to t1, where an instruction is that jumps to t2, and hands
 * back scause of its trap in a1, or 0, by such a store.
 * From scratch_guest_deadlines on: a fourth, which sets its timer by the SBI until stimecmp has another deadline then,
 * which it says by such a store.
 * From scratch_guest_trips on: a fifth, which makes the call that a6 and a7 hold s1 times between two such stores, and
 * from scratch_guest_stores on: a sixth, which does nothing but such stores.
 */
	.section .rodata
	.balign 4
	.option push
	.option norvc
	.global scratch_guest, scratch_guest_size, scratch_guest_calls, scratch_guest_resume, scratch_guest_instructions, scratch_guest_deadlines
	.hidden scratch_guest, scratch_guest_size, scratch_guest_calls, scratch_guest_resume, scratch_guest_instructions, scratch_guest_deadlines
	.global scratch_guest_trips, scratch_guest_stores
	.hidden scratch_guest_trips, scratch_guest_stores
scratch_guest:
	lla	t0, trap
	csrw	stvec, t0
	li	t0, 1 << 13 | 1 << 9	/* LCOFI, external */
	csrw	sie, t0
	csrsi	sstatus, 2		/* SIE */
	li	a7, 0x08504d55		/* of the range that KVM forwards */
	li	a6, 0
	li	a1, 0
	ecall
	mv	t0, a1			/* rounds */
	li	a1, 0
	beqz	t0, tell
spin:
	addi	t0, t0, -1
	bnez	t0, spin
	j	tell
	.balign 4
trap:
	csrr	a1, scause
tell:
	li	a6, 1
	ecall
	j	tell
	.balign 4
scratch_guest_calls:
	ecall
scratch_guest_resume:
	sd	a0, 0(zero)
	j	scratch_guest_calls
scratch_guest_instructions:
	lla	t0, refused
	csrw	stvec, t0
	li	t0, 3 << 13 | 3 << 9	/* FS, VS */
	csrs	sstatus, t0
	fence.i
	lla	t2, executed
executed:
	li	a1, 0
handed:
	sd	a1, 0(zero)
	jr	t1
	.balign 4
refused:
	csrr	a1, scause
	j	handed
	.balign 4
scratch_guest_deadlines:
	li	s0, 1 << 62		/* never due */
	li	a6, 0			/* set_timer */
	li	a7, 0x54494d45		/* TIME */
set:
	addi	s0, s0, 1
	mv	a0, s0
	ecall
	csrr	t0, 0x14d		/* stimecmp */
	beq	t0, s0, set
	sd	t0, 0(zero)
	j	set
scratch_guest_trips:
	mv	t0, s1
trip:
	ecall
	addi	t0, t0, -1
	bnez	t0, trip
	sd	zero, 0(zero)
	j	scratch_guest_trips
scratch_guest_stores:
	sd	zero, 0(zero)
	j	scratch_guest_stores
probe_guest_end:
	.option pop
	.balign 8
scratch_guest_size:
	.quad	probe_guest_end - scratch_guest
	.section .note.GNU-stack, "", @progbits
