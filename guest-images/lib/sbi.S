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
