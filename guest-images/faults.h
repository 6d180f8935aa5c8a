/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of faults.elf. */
#ifndef GUEST_FAULTS_H
#define GUEST_FAULTS_H

#include <stdbool.h>

#include "vhart-guest/virtio.h"

/* Registers of every region, and of none. */
void fault_registers(void);
/* Registers of one device: all offsets, all sizes. */
void fault_device_registers(const struct virtio *virtio);
/* Configuration space and BARs of the PCI functions. */
void fault_pci(void);
/* MSI-X entries that lead nowhere. */
void fault_msix(const struct virtio *virtio);
/* Status, features and queues set up wrongly. */
void fault_setup(const struct virtio *virtio);
/* Descriptors and indices that are wrong. */
void fault_chains(const struct virtio *virtio);
/* Requests whose chains are right and whose contents are not. */
void fault_requests(const struct virtio *virtio);

/* Reads (and writes all ones to) registers from BASE on, with 1, 2, 4 and 8 bytes: all of the first
 * 384 bytes, and some up to LEN. */
void sweep(uint64_t base, uint64_t len, bool writes);

/* The queue on which a device does what it is asked, and one proper request there, after a reset.
 * False when it is not done right. */
uint16_t work_queue(const struct virtio *virtio);
bool works(const struct virtio *virtio);
bool request_works(const struct virtio *virtio); /* the same, once it is started */

extern struct ring ring;
extern uint8_t buffer[4096];

#endif
