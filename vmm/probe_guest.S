/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest of `vhart probe`: position-independent, started in VS-mode at its first instruction.
 * It takes the counter overflow interrupt and the external one, says "ready" (FID 0), spins as many rounds as the answer
 * says, and tells (FID 1) what ended that: a1 = 0 the rounds, otherwise scause of the trap.
 */
	.section .rodata
	.balign 4
	.option push
	.option norvc
	.global probe_guest, probe_guest_size
	.hidden probe_guest, probe_guest_size
probe_guest:
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
probe_guest_end:
	.option pop
	.balign 8
probe_guest_size:
	.quad	probe_guest_end - probe_guest
	.section .note.GNU-stack, "", @progbits
