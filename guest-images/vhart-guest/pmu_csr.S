/* SPDX-License-Identifier: Apache-2.0 */
/* What C cannot say of pmu.h. */
	.section .text.pmu_csr_read, "ax"

/* By one of 32 pairs of csrr a0 and ret. */
	.globl pmu_csr_read
	.type pmu_csr_read, @function
pmu_csr_read:
	slli	a0, a0, 3
	la	t0, reads
	add	t0, t0, a0
	jr	t0
	.balign	8
reads:
	.set	read, 0xC0002573
	.rept	32
	.word	read
	.word	0x00008067
	.set	read, read + (1 << 20)
	.endr
	.size pmu_csr_read, . - pmu_csr_read

	.section .text.pmu_work, "ax"
	.globl pmu_work
	.type pmu_work, @function
pmu_work:
	addi	a0, a0, -2
	bgtz	a0, pmu_work
	ret
	.size pmu_work, . - pmu_work
