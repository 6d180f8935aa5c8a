/* SPDX-License-Identifier: Apache-2.0 */
/* What the C and the assembly of a guest agree on. */
#ifndef GUEST_H
#define GUEST_H

#define GUEST_MAX_HARTS	  64 /* hart IDs from here on are parked */
#define GUEST_STACK_SHIFT 13

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Every guest has one: called on the boot hart; when it returns, the machine is powered off. */
void main(uint64_t hart, const void *fdt);

/*
 * For sbi_hart_start() and sbi_system_suspend(), as an address: the hart runs the function given as
 * the opaque value, which gets its ID.
 */
void secondary_start(void);

extern uint64_t start_time; /* the time CSR at the first instruction */
#endif

#endif
