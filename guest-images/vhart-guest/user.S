/* SPDX-License-Identifier: Apache-2.0 */
/* uint64_t user_run(void (*code)(void), uint64_t *cause): see user.h. */
	.text
	.globl user_run
	.type user_run, @function
user_run:
	addi	sp, sp, -144
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	sd	s0, 24(sp)
	sd	s1, 32(sp)
	sd	s2, 40(sp)
	sd	s3, 48(sp)
	sd	s4, 56(sp)
	sd	s5, 64(sp)
	sd	s6, 72(sp)
	sd	s7, 80(sp)
	sd	s8, 88(sp)
	sd	s9, 96(sp)
	sd	s10, 104(sp)
	sd	s11, 112(sp)
	sd	a1, 120(sp)
	lla	t0, back
	csrrw	t0, stvec, t0
	sd	t0, 128(sp)
	csrw	sscratch, sp
	csrw	sepc, a0
	li	t0, 0x100 /* SPP: the sret goes to user mode */
	csrc	sstatus, t0
	li	a0, 0
	sret

	.balign	4
back:
	csrr	sp, sscratch
	ld	t0, 128(sp)
	csrw	stvec, t0
	ld	a1, 120(sp)
	csrr	t0, scause
	sd	t0, 0(a1)
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	ld	s0, 24(sp)
	ld	s1, 32(sp)
	ld	s2, 40(sp)
	ld	s3, 48(sp)
	ld	s4, 56(sp)
	ld	s5, 64(sp)
	ld	s6, 72(sp)
	ld	s7, 80(sp)
	ld	s8, 88(sp)
	ld	s9, 96(sp)
	ld	s10, 104(sp)
	ld	s11, 112(sp)
	addi	sp, sp, 144
	ret
	.size user_run, . - user_run
