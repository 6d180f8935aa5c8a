/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments at which an overflow interrupt can be due, and the vCPU is not simply running: what it
 * does for that must be lost on nothing.
 */
#ifndef GUEST_OVERFLOW_MOMENTS_H
#define GUEST_OVERFLOW_MOMENTS_H

#include "overflow_irq.h"
#include "vhart-guest/pmu.h"

#define INSTRUCTIONS 2u
#define PERIOD	     20000u

/* overflow.c */
extern struct overflow_irq irq;
extern uint64_t rounds;
/* The overflow interrupt, and no other, is taken. */
void overflows_on(void);
/* The counter INSTRUCTIONS counts those. */
struct sbi_result configure(void);
void start(uint64_t counter, uint64_t period);
void stop(uint64_t counter);
/* None is pending any more. */
void settle(void);

/* pmu_hart.S */
int64_t pmu_suspend_hart(uint64_t *context);

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
