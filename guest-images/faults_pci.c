/* SPDX-License-Identifier: Apache-2.0 */
/* PCI: configuration space overwritten, BARs on top of other things, MSI-X to nowhere. */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pci.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/virtio.h"

#define CAP_MSIX	     0x11u
#define MSIX_CONTROL	     2u
#define MSIX_TABLE	     4u
#define MSIX_ENABLE	     0x8000u
#define MSIX_ENTRY	     16u
#define COMMON_CONFIG_VECTOR 0x10u
#define COMMON_QUEUE_SELECT  0x16u
#define COMMON_QUEUE_VECTOR  0x1au

/* pvpanic does what its register says: sweeping it would be telling the truth about a panic. */
#define ID_PVPANIC 0x00111b36u

static void configuration(void)
{
	for (unsigned int slot = 0; slot < PCI_SLOTS; slot++) {
		uint32_t id = pci_id(slot);
		if (id && id != ID_PVPANIC)
			sweep(pci_config(slot, 0), 0x1000, true);
		if (pci_id(slot) != id)
			tap(false, "PCI: the ID of slot %u is read-only", slot);
	}
	/* Functions 1 to 7, an empty slot, the end of the ECAM and what is behind. */
	sweep(pci_config(0, 0x1000), 0x1000, true);
	sweep(pci_config(PCI_SLOTS - 1, 0), 0x1000, true);
	sweep(MAP_PCI_ECAM + MAP_PCI_ECAM_LEN - 0x1000, 0x1000, true);
	sweep(MAP_PCI_ECAM + MAP_PCI_ECAM_LEN, 0x1000, true);
	tap(true, "PCI: configuration space overwritten");
}

/* Every BAR of SLOT at AT, and decoding on. */
static void put_bars(unsigned int slot, uint64_t at)
{
	io_write(pci_config(slot, PCI_COMMAND), 2, PCI_COMMAND_MEMORY);
	for (unsigned int bar = 0; bar < 6; bar++)
		io_write(pci_config(slot, PCI_BAR0 + bar * 4), 4, at);
	io_read(at, 4);
}

static void bars(void)
{
	static const uint64_t places[] = {
		MAP_UART,
		MAP_RTC,
		MAP_PCI_ECAM,
		MAP_RAM,
		MAP_RAM + 0x200000,
		MAP_PCI_MEM,
		MAP_PCI_MEM + MAP_PCI_MEM_LEN - 0x1000,
		0xfffff000,
		0,
	};
	static volatile uint32_t canary;

	canary = 0x12345678;
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (unsigned int slot = 1; slot < PCI_SLOTS; slot++) {
			uint32_t id = pci_id(slot);
			if (id && id != ID_PVPANIC)
				put_bars(slot, places[i]);
		}
	}
	for (unsigned int slot = 1; slot < PCI_SLOTS; slot++) {
		if (pci_id(slot))
			pci_enable(slot);
	}
	tap(canary == 0x12345678, "PCI: BARs on top of RAM, of devices and of each other");
}

void fault_pci(void)
{
	configuration();
	bars();
}

static void wild_entry(uint64_t table, unsigned int vector, uint64_t address)
{
	uint64_t entry = table + (uint64_t)vector * MSIX_ENTRY;

	io_write(entry, 4, address & 0xffffffff);
	io_write(entry + 4, 4, address >> 32);
	io_write(entry + 8, 4, UINT32_MAX);
	io_write(entry + 12, 4, 0); /* not masked */
}

void fault_msix(const struct virtio *virtio)
{
	static const uint64_t addresses[] = {
		0,
		4,
		MAP_UART,
		MAP_RAM,
		MAP_IMSIC + BOARD_MAX_HARTS * 0x1000ull,
		UINT64_MAX & ~3ull,
	};
	unsigned int cap = pci_capability(virtio->slot, CAP_MSIX, 0);
	unsigned int done = 0;

	if (!cap) {
		tap_note("%s has no MSI-X", virtio_name(virtio));
		return;
	}
	uint32_t place = (uint32_t)io_read(pci_config(virtio->slot, cap + MSIX_TABLE), 4);
	uint64_t table = pci_bar(virtio->slot, place & 7) + (place & ~7u);
	io_write(pci_config(virtio->slot, cap + MSIX_CONTROL), 2, MSIX_ENABLE);
	for (unsigned int i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		virtio_start(virtio, FEATURE_VERSION_1);
		wild_entry(table, 0, addresses[i]);
		io_write(virtio->regs + COMMON_CONFIG_VECTOR, 2, 0);
		io_write(virtio->regs + COMMON_QUEUE_SELECT, 2, work_queue(virtio));
		io_write(virtio->regs + COMMON_QUEUE_VECTOR, 2, 0);
		done += request_works(virtio);
	}
	tap(done == sizeof(addresses) / sizeof(addresses[0]), "%s: interrupts that lead nowhere",
	    virtio_name(virtio));
	io_write(virtio->regs + COMMON_CONFIG_VECTOR, 2, 0xfffe);
	tap(io_read(virtio->regs + COMMON_CONFIG_VECTOR, 2) == 0xffff,
	    "%s: a vector that does not exist is not taken", virtio_name(virtio));
	io_write(pci_config(virtio->slot, cap + MSIX_CONTROL), 2, 0);
	tap(works(virtio), "%s: works without MSI-X again", virtio_name(virtio));
}
