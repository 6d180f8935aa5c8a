/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSIs: the IMSIC interrupt file of this hart (AIA 1.0, chapter 3). An identity that is pending and
 * enabled makes the interrupt IRQ_S_EXTERNAL pending. Identities are 1 to 2047; a file has as many
 * as the devicetree says (riscv,num-ids of the node imsics), 63 at least.
 */
#ifndef GUEST_IMSIC_H
#define GUEST_IMSIC_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this hart has one. Tries it. */
bool imsic_there(void);

/* Delivers what is enabled, whatever its priority. Before that a file delivers nothing. */
void imsic_set_up(void);

void imsic_enable(uint32_t identity);
void imsic_disable(uint32_t identity);
/* Whether it has come and was not claimed, enabled or not. */
bool imsic_pending(uint32_t identity);

/* The pending and enabled identity that is served first (the lowest), which is then not pending any
 * more; 0: there is none. */
uint32_t imsic_claim(void);

/* Sends IDENTITY to the hart HART. Its file is at MAP_IMSIC + 4096 * HART. */
void imsic_send(uint64_t hart, uint32_t identity);

#endif
