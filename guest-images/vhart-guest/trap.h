/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traps to S-mode, of each hart for itself: privileged specification, "Supervisor Cause (scause)
 * Register".
 *
 * A cause may have a handler. One that has none is recorded, and then:
 *   an interrupt is disabled in sie, and the hart goes on;
 *   an exception that is expected is skipped (after a jump to nowhere: back to ra);
 *   one that nobody expects is printed, and ends the machine as a system failure.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/riscv.h"

#define CAUSE_TIMER_INTERRUPT (CAUSE_INTERRUPT | IRQ_S_TIMER)

/* Who was interrupted: the registers x0 to x31, sepc, scause, stval, sstatus. trap.S has the same.
 */
struct trap_frame {
	uint64_t x[32];
	uint64_t pc, cause, value, status;
};

/*
 * Runs with interrupts off, on the stack of who was interrupted. x (but for x0), pc and status are
 * taken from FRAME when it returns: an exception's handler has to move pc, or the trap comes again.
 * It may itself meet exceptions.
 */
typedef void (*trap_handler)(struct trap_frame *frame);

/* Of CAUSE, which is scause's value (an interrupt: CAUSE_INTERRUPT | IRQ_...), on all harts. NULL:
 * none any more. The cause's number is below 64. */
void trap_set_handler(uint64_t cause, trap_handler handler);

/* Moves pc behind the instruction that trapped, which must be readable. */
void trap_skip(struct trap_frame *frame);

/* What this hart had without a handler. EXPECTED is the guest's to write. */
struct trap {
	uint64_t exceptions, interrupts; /* how many so far */
	uint64_t cause, pc, value;	 /* of the last one: scause, sepc, stval */
	bool expected;			 /* exceptions are */
};
volatile struct trap *trap_record(void);

/* Runs ATTEMPT with exceptions expected. Whether there was none; the last is in trap_record(). */
bool trap_free(void (*attempt)(void));

#endif
