/* SPDX-License-Identifier: Apache-2.0 */
/* PCI by ECAM, bus 0, function 0 of each slot. */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_SLOTS	   32u
#define PCI_COMMAND	   0x04u
#define PCI_BAR0	   0x10u
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u

/* Where register OFFSET of SLOT is. */
uint64_t pci_config(unsigned int slot, unsigned int offset);
/* Vendor in the low, device in the high half; 0 when the slot is empty. */
uint32_t pci_id(unsigned int slot);
/* Size in bytes of memory BAR, 0: absent. Leaves it without an address; decoding must be off. */
uint64_t pci_bar_size(unsigned int slot, unsigned int bar);
uint64_t pci_bar(unsigned int slot, unsigned int bar);
/* Gives all BARs of SLOT addresses in the window and switches decoding and bus mastering on. */
void pci_enable(unsigned int slot);
/* The first capability with ID after AFTER (0: from the start), or 0. */
unsigned int pci_capability(unsigned int slot, uint8_t id, unsigned int after);

#endif
