/* SPDX-License-Identifier: Apache-2.0 */
/* What C cannot say: reads of all counter CSRs in user mode, a hart that stops. */
	.text

/* For user mode: 32 pairs of csrr a0 and ecall. */
	.globl pmu_user_reads
	.balign	8
pmu_user_reads:
	.set	read, 0xC0002573
	.rept	32
	.word	read
	.word	0x00000073
	.set	read, read + (1 << 20)
	.endr

/* What C keeps over a call, to a0. */
	.macro	save_context
	sd	ra, 0(a0)
	sd	sp, 8(a0)
	sd	gp, 16(a0)
	sd	tp, 24(a0)
	sd	s0, 32(a0)
	sd	s1, 40(a0)
	sd	s2, 48(a0)
	sd	s3, 56(a0)
	sd	s4, 64(a0)
	sd	s5, 72(a0)
	sd	s6, 80(a0)
	sd	s7, 88(a0)
	sd	s8, 96(a0)
	sd	s9, 104(a0)
	sd	s10, 112(a0)
	sd	s11, 120(a0)
	csrr	t0, stvec
	sd	t0, 128(a0)
	.endm

/*
 * void pmu_stop_hart(uint64_t *context, uint64_t *stopping): saves what C keeps over a call, says so
 * and stops the hart. Started again at pmu_hart_resumes with the context as opaque value, it
 * returns.
 */
	.globl pmu_stop_hart
	.type pmu_stop_hart, @function
pmu_stop_hart:
	save_context
	fence	rw, rw
	li	t0, 1
	sd	t0, 0(a1)
	li	a7, 0x48534d
	li	a6, 1
	ecall
	unimp
	.size pmu_stop_hart, . - pmu_stop_hart

/*
 * int64_t pmu_suspend_hart(uint64_t *context): suspends the system. Resumed, the hart's ID, with what
 * C keeps; else the error.
 */
	.globl pmu_suspend_hart
	.type pmu_suspend_hart, @function
pmu_suspend_hart:
	save_context
	mv	a2, a0
	la	a1, pmu_hart_resumes
	li	a0, 0
	li	a7, 0x53555350
	li	a6, 0
	ecall
	ret
	.size pmu_suspend_hart, . - pmu_suspend_hart

	.globl pmu_hart_resumes
pmu_hart_resumes:
	ld	ra, 0(a1)
	ld	sp, 8(a1)
	ld	gp, 16(a1)
	ld	tp, 24(a1)
	ld	s0, 32(a1)
	ld	s1, 40(a1)
	ld	s2, 48(a1)
	ld	s3, 56(a1)
	ld	s4, 64(a1)
	ld	s5, 72(a1)
	ld	s6, 80(a1)
	ld	s7, 88(a1)
	ld	s8, 96(a1)
	ld	s9, 104(a1)
	ld	s10, 112(a1)
	ld	s11, 120(a1)
	ld	t0, 128(a1)
	csrw	stvec, t0
	ret
