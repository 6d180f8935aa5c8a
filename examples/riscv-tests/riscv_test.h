/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An environment of riscv-tests (their isa/ folder) for a KVM guest, which has no machine mode:
 * tests of user mode (RVTEST_RV64U, UF, UV) run in user mode, those of supervisor mode
 * (RVTEST_RV64S) there, all without translation, on the hart that boots. The verdict is a word of
 * memory: tohost is 1, or twice the number of the test that failed and 1. A trap that nobody
 * expects fails as test 668 or a higher one. docs/testing.md says how a test is built with it.
 */
#ifndef RISCV_TEST_H
#define RISCV_TEST_H

/* Names of bits and causes, which tests of supervisor mode use: of the environments' own folder, if
 * it is given. */
#if __has_include("encoding.h")
#include "encoding.h"
#endif

#define TESTNUM gp

#if __riscv_xlen != 64
#error "KVM runs guests of 64 bits"
#endif

/* What follows is assembler, not C. sstatus: where sret goes (SPP), and which registers beyond the
 * integers there are (FS, VS). */
#define SSTATUS_USER	   0x0000
#define SSTATUS_SUPERVISOR 0x0100
#define SSTATUS_VECTOR	   0x0200
#define SSTATUS_FLOAT	   0x2000

/* clang-format off */
#define RVTEST_BEGINS_WITH(sstatus_bits) \
	.macro init_sstatus;             \
	li t0, (sstatus_bits);           \
	csrw sstatus, t0;                \
	.endm

#define RVTEST_RV64U  RVTEST_BEGINS_WITH(SSTATUS_USER)
#define RVTEST_RV64UF RVTEST_BEGINS_WITH(SSTATUS_USER | SSTATUS_FLOAT)
#define RVTEST_RV64UV RVTEST_BEGINS_WITH(SSTATUS_USER | SSTATUS_FLOAT | SSTATUS_VECTOR)
#define RVTEST_RV64S  RVTEST_BEGINS_WITH(SSTATUS_SUPERVISOR)

/* A test that has a stvec_handler wants its traps. */
#define RVTEST_CODE_BEGIN                \
	.section .text.init, "ax";       \
	.weak stvec_handler;             \
	.globl _start;                   \
_start:                                  \
	csrw sie, zero;                  \
	csrw satp, zero;                 \
	li TESTNUM, 0;                   \
	init_sstatus;                    \
	la t0, stvec_handler;            \
	bnez t0, 1f;                     \
	la t0, unexpected_trap;          \
1:	csrw stvec, t0;                  \
	la t0, 1f;                       \
	csrw sepc, t0;                   \
	sret;                            \
	.balign 4;                       \
unexpected_trap:                         \
	ori TESTNUM, TESTNUM, 668;       \
	slli TESTNUM, TESTNUM, 1;        \
	ori TESTNUM, TESTNUM, 1;         \
end_of_test:                             \
	la t0, tohost;                   \
	sd TESTNUM, (t0);                \
	j end_of_test;                   \
	.section .text, "ax";            \
1:

#define RVTEST_CODE_END unimp

#define RVTEST_PASS       \
	fence;            \
	li TESTNUM, 1;    \
	la t0, end_of_test; \
	jr t0

#define RVTEST_FAIL                    \
	fence;                         \
	slli TESTNUM, TESTNUM, 1;      \
	ori TESTNUM, TESTNUM, 1;       \
	la t0, end_of_test;            \
	jr t0

#define EXTRA_DATA

#define RVTEST_DATA_BEGIN                  \
	EXTRA_DATA                         \
	.pushsection .tohost, "aw", @progbits; \
	.balign 64;                        \
	.globl tohost;                     \
tohost:                                    \
	.dword 0;                          \
	.globl fromhost;                   \
fromhost:                                  \
	.dword 0;                          \
	.popsection;                       \
	.balign 16;                        \
	.globl begin_signature;            \
begin_signature:

#define RVTEST_DATA_END       \
	.balign 16;           \
	.globl end_signature; \
end_signature:

#endif
