/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of this hart: privileged specification, "Supervisor Interrupt (sip and sie)
 * Registers", by number: IRQ_S_SOFT, IRQ_S_TIMER, IRQ_S_EXTERNAL, IRQ_LCOFI. What happens
 * when one is taken says trap.h. A hart starts with all disabled, and off.
 */
#ifndef GUEST_INTERRUPT_H
#define GUEST_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"
#include "vhart-guest/csr.h"

/* Whether those that are enabled are taken (sstatus.SIE). Off, they wait, and end a halt. */
static inline void interrupts_on(void)
{
	csr_set(sstatus, SSTATUS_SIE);
}

static inline void interrupts_off(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
}

static inline bool interrupts_are_on(void)
{
	return csr_read(sstatus) & SSTATUS_SIE;
}

/* One of them (its bit in sie). */
static inline void interrupt_enable(unsigned int number)
{
	csr_set(sie, 1ull << number);
}

static inline void interrupt_disable(unsigned int number)
{
	csr_clear(sie, 1ull << number);
}

/* Its bit in sip, enabled or not. */
static inline bool interrupt_pending(unsigned int number)
{
	return csr_read(sip) >> number & 1;
}

/* Of IRQ_S_SOFT and IRQ_LCOFI; the others end with their cause. */
static inline void interrupt_clear(unsigned int number)
{
	csr_clear(sip, 1ull << number);
}

/* WFI: until one that is enabled is pending, or for no reason. */
static inline void interrupt_wait(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

/*
 * With interrupts off: halts until one that is enabled is pending, and takes it. So a loop that
 * looks whether a handler has run, and waits when it has not, does not miss the one that comes in
 * between.
 */
static inline void interrupt_take(void)
{
	interrupt_wait();
	interrupts_on();
	interrupts_off();
}

#endif
