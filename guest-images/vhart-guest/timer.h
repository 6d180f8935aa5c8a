/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer of this hart: by stimecmp where it has Sstc, else by the SBI (sbi_set_timer()). Times
 * are values of the time CSR (io.h: time_now(); fdt.h: fdt_timebase()).
 */
#ifndef GUEST_TIMER_H
#define GUEST_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this hart has Sstc. Tries it: the timer is off then. */
bool timer_has_sstc(void);

/* The interrupt IRQ_S_TIMER is pending from TIME on. */
void timer_set(uint64_t time);
/* It is not any more. */
void timer_off(void);

/*
 * timer_set() by the SBI's call, also with Sstc; for a guest whose calls are counted. KVM forgets
 * the deadline of a call when the hart's thread leaves its CPU before the guest goes on
 * (kvm_riscv_vcpu_update_vstimecmp() writes that CPU's vstimecmp alone; Linux 6.12.117 and 7.2.12).
 * So stimecmp is then written as well, which is no exit.
 */
void timer_set_by_call(uint64_t time);

/*
 * Halts until TIME, and then switches the timer off. No interrupt is taken meanwhile, and the
 * others that are enabled in sie stay so: each of them that is pending makes this a busy wait.
 */
void timer_wait(uint64_t time);

#endif
