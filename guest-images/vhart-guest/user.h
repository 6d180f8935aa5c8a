/* SPDX-License-Identifier: Apache-2.0 */
/* User mode. */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include <stdint.h>

/*
 * Runs CODE in user mode, with a0 = 0, until it traps, as it must, for it cannot return. Returns
 * its a0, and scause in *CAUSE. Interrupts are off.
 */
uint64_t user_run(void (*code)(void), uint64_t *cause);

#endif
