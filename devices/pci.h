/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions as those who write one see them (virtio_pci.c, pvpanic.c): configuration space,
 * memory BARs and the INTx line, on the host bridge of devices.h.
 */
#ifndef VHART_PCI_H
#define VHART_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/machine.h"
#include "devices/devices.h"

#define PCI_CONFIG_LEN 256u /* the rest of the 4 KiB of a function reads as 0 */
#define PCI_BARS       6u

/* Offsets in configuration space (PCI 3.0, section 6.1). */
enum {
	PCI_VENDOR_ID = 0x00,
	PCI_DEVICE_ID = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_REVISION = 0x08,
	PCI_CLASS_CODE = 0x09, /* 3 bytes */
	PCI_BAR0 = 0x10,
	PCI_SUBSYSTEM_VENDOR_ID = 0x2c,
	PCI_SUBSYSTEM_ID = 0x2e,
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d,
	PCI_FIRST_CAPABILITY = 0x40,
};

#define PCI_COMMAND_MEMORY	 0x0002u
#define PCI_COMMAND_MASTER	 0x0004u
#define PCI_COMMAND_INTX_DISABLE 0x0400u
#define PCI_STATUS_INTERRUPT	 0x0008u
#define PCI_STATUS_CAPABILITIES	 0x0010u

struct pci_function;

/* What a kind of function does; one const table each. All but free may be NULL. */
struct pci_function_ops {
	/* Before the guest reads, and after it wrote, SIZE bytes at OFFSET of config space. */
	void (*config_reading)(struct pci_function *function, unsigned int offset,
			       unsigned int size);
	void (*config_written)(struct pci_function *function, unsigned int offset,
			       unsigned int size);
	/* BAR was mapped, moved or unmapped: see its mapped and region.base. */
	void (*bar_changed)(struct pci_function *function, unsigned int bar);
	void (*free)(struct pci_function *function);
};

/* A 32-bit memory BAR; len 0 (absent) or a power of two from 16 bytes on. */
struct pci_bar {
	struct mmio_region region; /* base: the pci host's */
	bool mapped;
	uint64_t refused; /* its address, which cannot be mapped; 0: it can */
	uint64_t told;	  /* an address that was refused, and the guest error was said */
};

struct pci_function {
	/* set by the function before pci_plug() */
	const struct pci_function_ops *ops;
	const char *name; /* for messages */
	void *opaque;
	struct pci_bar bars[PCI_BARS];
	uint8_t config[PCI_CONFIG_LEN];
	uint8_t writable[PCI_CONFIG_LEN]; /* which bits the guest may write */
	unsigned int capabilities_end;	  /* where the next capability goes */
	unsigned int last_capability;	  /* 0: none */

	/* the host's */
	struct pci_host *host;
	unsigned int slot;
	bool intx;
};

/* Little-endian fields of config space, SIZE 1 to 4 bytes. */
uint32_t pci_config_get(const struct pci_function *function, unsigned int offset,
			unsigned int size);
void pci_config_set(struct pci_function *function, unsigned int offset, unsigned int size,
		    uint32_t value);

/* A function with the standard header: IDs, class, command, interrupt pin INTA. */
void pci_function_init(struct pci_function *function, uint16_t vendor, uint16_t device,
		       uint32_t class_code);
/* Declares BAR of LEN bytes; READ and WRITE get a region whose opaque is FUNCTION. */
void pci_function_add_bar(struct pci_function *function, unsigned int bar, uint64_t len,
			  uint64_t (*read)(struct mmio_region *, uint64_t, unsigned int),
			  void (*write)(struct mmio_region *, uint64_t, unsigned int, uint64_t));
/* Appends a capability of LEN bytes with ID; returns its offset. */
unsigned int pci_function_add_capability(struct pci_function *function, uint8_t id,
					 unsigned int len);

/* Puts FUNCTION into the next free slot. 0, or -1 (the function is not freed) when all are taken.
 */
int pci_plug(struct pci_host *host, struct pci_function *function);
struct machine *pci_machine(struct pci_host *host);

/* The function's level on its INTx line, which it may share with others. */
void pci_function_set_intx(struct pci_function *function, bool level);

#endif
