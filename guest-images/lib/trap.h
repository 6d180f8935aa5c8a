/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps. An exception that nobody expects is printed and ends the machine as a system failure. One
 * that is expected is recorded and its instruction skipped (after a jump to nowhere: back to ra).
 * An interrupt is recorded, and masked in sie.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"

#define CAUSE_TIMER_INTERRUPT (CAUSE_INTERRUPT | IRQ_S_TIMER)

struct trap {
	uint64_t exceptions, interrupts; /* how many so far */
	uint64_t cause, pc, value;	 /* of the last one: scause, sepc, stval */
};
extern volatile struct trap trap;
extern volatile bool trap_expected;

#endif
