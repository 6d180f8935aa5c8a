/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/pci.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"

#define BARS		     6u
#define BAR_IO		     1u
#define BAR_64		     4u
#define PCI_STATUS	     0x06u
#define PCI_CAPABILITIES     0x34u
#define STATUS_CAPABILITIES  0x10u
#define CAPABILITIES_AT_MOST 48u

uint64_t pci_config(unsigned int slot, unsigned int offset)
{
	return MAP_PCI_ECAM + ((uint64_t)slot << 15) + offset;
}

uint32_t pci_id(unsigned int slot)
{
	uint32_t id = (uint32_t)io_read(pci_config(slot, 0), 4);

	return id == UINT32_MAX ? 0 : id;
}

static uint64_t bar_register(unsigned int slot, unsigned int bar)
{
	return pci_config(slot, PCI_BAR0 + bar * 4);
}

uint64_t pci_bar_size(unsigned int slot, unsigned int bar)
{
	uint64_t at = bar_register(slot, bar);

	io_write(at, 4, UINT32_MAX);
	uint32_t mask = (uint32_t)io_read(at, 4);
	io_write(at, 4, 0);
	if (mask == 0 || mask & BAR_IO)
		return 0;
	return (uint32_t)~(mask & ~15u) + 1ull;
}

uint64_t pci_bar(unsigned int slot, unsigned int bar)
{
	return io_read(bar_register(slot, bar), 4) & ~15ull;
}

void pci_enable(unsigned int slot)
{
	/* A slot has a share of the window for itself; its BARs lie there one after the other. */
	uint64_t share = MAP_PCI_MEM_LEN / PCI_SLOTS;
	uint64_t next = MAP_PCI_MEM + slot * share;

	io_write(pci_config(slot, PCI_COMMAND), 2, 0);
	for (unsigned int bar = 0; bar < BARS; bar++) {
		bool wide = io_read(bar_register(slot, bar), 4) & BAR_64;
		uint64_t size = pci_bar_size(slot, bar);
		if (size == 0)
			continue;
		next = (next + size - 1) & ~(size - 1);
		io_write(bar_register(slot, bar), 4, next);
		next += size;
		if (wide)
			io_write(bar_register(slot, ++bar), 4, 0);
	}
	io_write(pci_config(slot, PCI_COMMAND), 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

unsigned int pci_capability(unsigned int slot, uint8_t id, unsigned int after)
{
	unsigned int at = after ? after + 1 : PCI_CAPABILITIES;

	if (!(io_read(pci_config(slot, PCI_STATUS), 2) & STATUS_CAPABILITIES))
		return 0;
	for (unsigned int seen = 0; seen < CAPABILITIES_AT_MOST; seen++) {
		at = (unsigned int)io_read(pci_config(slot, at), 1) & ~3u;
		if (at == 0)
			return 0;
		if (io_read(pci_config(slot, at), 1) == id)
			return at;
		at++;
	}
	return 0;
}
