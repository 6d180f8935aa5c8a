/* SPDX-License-Identifier: Apache-2.0 */
/* struct sbi_result sbi_call(eid, fid, a0, a1, a2): SBI 3.0, chapter 3, binary encoding. */
	.section .text
	.globl sbi_call
	.type sbi_call, @function
sbi_call:
	mv	a7, a0
	mv	a6, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	ecall
	ret
	.size sbi_call, . - sbi_call

/* struct sbi_result sbi_call6(eid, fid, a0 to a5) */
	.globl sbi_call6
	.type sbi_call6, @function
sbi_call6:
	mv	t0, a0
	mv	t1, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	mv	a3, a5
	mv	a4, a6
	mv	a5, a7
	mv	a6, t1
	mv	a7, t0
	ecall
	ret
	.size sbi_call6, . - sbi_call6

/* void sbi_call_registers(uint64_t registers[8]): a0 to a7, as they are for the call and after it. */
	.globl sbi_call_registers
	.type sbi_call_registers, @function
sbi_call_registers:
	mv	t0, a0
	ld	a0, 0(t0)
	ld	a1, 8(t0)
	ld	a2, 16(t0)
	ld	a3, 24(t0)
	ld	a4, 32(t0)
	ld	a5, 40(t0)
	ld	a6, 48(t0)
	ld	a7, 56(t0)
	ecall
	sd	a0, 0(t0)
	sd	a1, 8(t0)
	sd	a2, 16(t0)
	sd	a3, 24(t0)
	sd	a4, 32(t0)
	sd	a5, 40(t0)
	sd	a6, 48(t0)
	sd	a7, 56(t0)
	ret
	.size sbi_call_registers, . - sbi_call_registers
