/* SPDX-License-Identifier: Apache-2.0 */

/* Where the kernel starts the init: sp is all that it gives. */
	.globl _start
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	call	init_main
	unimp

/* long system_call(long number, long a, long b, long c, long d, long e, long f) */
	.globl system_call
system_call:
	mv	a7, a0
	mv	a0, a1
	mv	a1, a2
	mv	a2, a3
	mv	a3, a4
	mv	a4, a5
	mv	a5, a6
	ecall
	ret

	.section .note.GNU-stack, "", @progbits
