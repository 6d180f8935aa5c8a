/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments at which an overflow interrupt can be due, and the vCPU is not simply running: what it
 * does for that must be lost on nothing.
 */
#ifndef GUEST_OVERFLOW_MOMENTS_H
#define GUEST_OVERFLOW_MOMENTS_H

#include "overflow_irq.h"
#include "tests/pmu/runner.h"

#define INSTRUCTIONS 2u
#define SET_VALUE    1u
#define PERIOD	     20000u

/* overflow.c */
extern struct overflow_irq irq;
extern uint64_t pmu_eid, rounds;
void interrupts_on(void);
void interrupts_off(void);
/* The counter INSTRUCTIONS counts those. */
struct answer configure(void);
void start(uint64_t counter, uint64_t period);
void stop(uint64_t counter);
/* None is pending any more. */
void settle(void);

/* pmu_hart.S */
struct answer pmu_ecall(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			uint64_t fid, uint64_t eid);
void pmu_work(uint64_t instructions);

/* One that has been pending for long ends a halt. */
void ends_a_late_halt(void);

/* Word moments=1, with --sbi-echo, whose counters are none: calls that the VMM gives back to KVM.
 */
void calls_that_are_passed_on(void);

/* Then: the system suspends (SUSP), with the others stopped. */
void suspends(void);

/*
 * Word asks=1: says "life" and waits for a character. A digit: resets with one that becomes due a
 * few instructions later, at the reset itself by one of them; r: with one that is pending. Any
 * other: goes on.
 */
void resets_as_it_is_told(void);

#endif
