/* SPDX-License-Identifier: Apache-2.0 */
/* MSI-X of one PCI function (PCI 3.0, section 6.8.2): its capability, vector table and PBA. */
#ifndef VHART_MSIX_H
#define VHART_MSIX_H

#include "devices/pci.h"

#define MSIX_MAX_VECTORS (VIRTIO_MAX_QUEUES + 1)
#define MSIX_BAR_LEN	 0x1000u
#define MSIX_PBA	 0x800u /* offset of the PBA in the BAR; the table is at 0 */
#define MSIX_ENTRY_LEN	 16u

struct msix {
	struct pci_function *function;
	unsigned int capability; /* its offset in config space; 0: this function has no MSI-X */
	unsigned int count;	 /* vectors */
	uint8_t table[MSIX_MAX_VECTORS * MSIX_ENTRY_LEN];
	uint32_t pending; /* one bit per vector */
	struct {
		struct msi *msi;
		uint64_t address; /* as it is routed now */
		uint32_t data;
		bool routed;
	} vectors[MSIX_MAX_VECTORS];
};

/*
 * Gives FUNCTION a capability with COUNT vectors, their table and PBA in BAR. Where the machine has
 * no MSIs (or too few are left) the function stays without, and has INTx alone: false.
 */
bool msix_init(struct msix *msix, struct pci_function *function, unsigned int bar,
	       unsigned int count, struct machine *machine);
void msix_free(struct msix *msix);

bool msix_enabled(const struct msix *msix);
/* Signals VECTOR, or keeps it pending while it is masked. Beyond the last one: nothing. */
void msix_signal(struct msix *msix, unsigned int vector);

/* What signals VECTOR; NULL while that has to wait, or there is none. */
struct msi *msix_open_msi(const struct msix *msix, unsigned int vector);

/* For the function's ops: the guest wrote config space; it accesses the BAR. */
void msix_config_written(struct msix *msix, unsigned int offset, unsigned int size);
uint64_t msix_bar_read(struct msix *msix, uint64_t offset, unsigned int size);
void msix_bar_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value);

#endif
