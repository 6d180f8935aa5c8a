/* SPDX-License-Identifier: Apache-2.0 */
/* One virtio device on PCI, and its common configuration structure (section 4.1.4.3). */
#ifndef VHART_VIRTIO_PCI_COMMON_H
#define VHART_VIRTIO_PCI_COMMON_H

#include "devices/msix.h"
#include "devices/pci.h"

#define NO_VECTOR 0xffffu /* VIRTIO_MSI_NO_VECTOR */

struct virtio_pci_doorbell {
	struct doorbell doorbell; /* data: the queue; any value rings it */
	bool added;
};

struct virtio_pci {
	struct machine *machine;
	struct virtio_device *device;
	struct pci_function function;
	struct msix msix;
	unsigned int window_capability; /* the one of type CAP_PCI */
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select;
	uint16_t config_vector;
	uint16_t queue_vectors[VIRTIO_MAX_QUEUES];
	uint8_t isr;
	struct virtio_pci_doorbell doorbells[VIRTIO_MAX_QUEUES];
};

/* Brings the INTx line in line with the ISR status. */
void virtio_pci_update_intx(struct virtio_pci *pci);
/* Counts a guest error: an access of SIZE bytes at OFFSET, of which WHAT says what is wrong. */
void virtio_pci_bad_access(struct virtio_pci *pci, const char *what, uint64_t offset,
			   unsigned int size);

/* The common configuration structure; OFFSET is within it. */
uint32_t virtio_pci_common_read(struct virtio_pci *pci, uint64_t offset, unsigned int size);
void virtio_pci_common_write(struct virtio_pci *pci, uint64_t offset, unsigned int size,
			     uint32_t value);
/* Power-on values of its registers and of the ISR status. */
void virtio_pci_common_reset(struct virtio_pci *pci);

#endif
