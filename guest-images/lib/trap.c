/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/trap.h"

#include "base/riscv.h"
#include "lib/print.h"
#include "lib/sbi.h"

volatile struct trap trap;
volatile bool trap_expected;

static uint64_t instruction_len(uint64_t pc)
{
	return (*(const volatile uint16_t *)pc & 3) == 3 ? 4 : 2;
}

/* Called by trap_entry; returns where to go on. */
uint64_t trap_handle(uint64_t cause, uint64_t pc, uint64_t value, uint64_t ra);
uint64_t trap_handle(uint64_t cause, uint64_t pc, uint64_t value, uint64_t ra)
{
	trap.cause = cause;
	trap.pc = pc;
	trap.value = value;
	if (cause & CAUSE_INTERRUPT) {
		trap.interrupts++;
		__asm__ volatile("csrc sie, %0" ::"r"(1ull << (cause & 63)));
		return pc;
	}
	trap.exceptions++;
	if (!trap_expected) {
		print("unexpected trap: scause %lu, sepc 0x%lx, stval 0x%lx\n", cause, pc, value);
		reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
	}
	if (cause == CAUSE_FETCH_ACCESS_FAULT || cause == CAUSE_FETCH_PAGE_FAULT)
		return ra;
	return pc + instruction_len(pc);
}
