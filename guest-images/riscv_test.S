/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program as those of riscv-tests are written, in the environment of examples/riscv-tests. FAILS: its test 3 fails.
 * TRAPS: its test 2 is interrupted by an exception that nobody expects. SUPERVISOR: in supervisor mode, which handles it.
 */
#include "riscv_test.h"

#ifdef SUPERVISOR
RVTEST_RV64S
#else
RVTEST_RV64UF
#endif
RVTEST_CODE_BEGIN

	li TESTNUM, 2
#if defined(TRAPS) || defined(SUPERVISOR)
	.4byte 0
#endif
	la a0, result
	li a1, 42
	sd a1, (a0)
	ld a2, (a0)
	bne a1, a2, fail

	li TESTNUM, 3
#ifdef FAILS
	bne a1, zero, fail
#endif
#ifndef SUPERVISOR
	csrr a3, fcsr
	bne a3, zero, fail
#endif
	bne zero, TESTNUM, pass

fail:	RVTEST_FAIL
pass:	RVTEST_PASS

#ifdef SUPERVISOR
	.balign 4
stvec_handler:
	csrr t0, sepc
	addi t0, t0, 4
	csrw sepc, t0
	sret
#endif

RVTEST_CODE_END

	.data
RVTEST_DATA_BEGIN
result:	.dword 0
RVTEST_DATA_END
