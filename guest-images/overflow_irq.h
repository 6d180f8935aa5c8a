/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an overflow interrupt comes to this hart: as LCOFI, or as the node /pmu of the FDT says (the
 * manual, "Overflow interrupts"): an MSI, or a line of the APLIC or of the PLIC.
 */
#ifndef GUEST_OVERFLOW_IRQ_H
#define GUEST_OVERFLOW_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct overflow_irq {
	const char *way; /* "lcofi", "msi", "aplic", "plic" */
	uint64_t hart;
	uint64_t sie;	 /* its bit */
	uint64_t cause;	 /* its scause */
	uint32_t source; /* of the APLIC or PLIC */
	uint32_t identity;
};

struct overflow_irq overflow_irq_find(const void *fdt, uint64_t hart);
/* Lets it through, but for sie and sstatus. */
void overflow_irq_set_up(const struct overflow_irq *irq);
/* Whether it is pending, taken or not: once, it is not any more. */
bool overflow_irq_claim(const struct overflow_irq *irq);

#endif
