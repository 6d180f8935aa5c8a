/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/msix.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#define CAPABILITY_ID  0x11u
#define CAPABILITY_LEN 12u

/* Offsets within the capability, and bits of message control. */
enum { CONTROL = 2, TABLE = 4, PBA = 8 };
#define CONTROL_ENABLE	      0x8000u
#define CONTROL_FUNCTION_MASK 0x4000u

/* Offsets within an entry of the table; bit 0 of its vector control masks it. */
enum { ENTRY_ADDRESS = 0, ENTRY_DATA = 8, ENTRY_CONTROL = 12 };
#define ENTRY_MASKED 1u

static uint32_t control(const struct msix *msix)
{
	return pci_config_get(msix->function, msix->capability + CONTROL, 2);
}

bool msix_enabled(const struct msix *msix)
{
	return msix->capability && control(msix) & CONTROL_ENABLE;
}

static uint32_t entry32(const struct msix *msix, unsigned int vector, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, msix->table + vector * MSIX_ENTRY_LEN + offset, sizeof(value));
	return le32toh(value);
}

/* Whether VECTOR may be signalled now: an MSI is a write, which only a bus master makes. */
static bool is_open(const struct msix *msix, unsigned int vector)
{
	return pci_config_get(msix->function, PCI_COMMAND, 2) & PCI_COMMAND_MASTER &&
	       (control(msix) & (CONTROL_ENABLE | CONTROL_FUNCTION_MASK)) == CONTROL_ENABLE &&
	       !(entry32(msix, vector, ENTRY_CONTROL) & ENTRY_MASKED);
}

/* A route costs a system call, so it is set only when it differs from the one there is. */
static void route(struct msix *msix, unsigned int vector)
{
	uint64_t address = entry32(msix, vector, ENTRY_ADDRESS) |
			   (uint64_t)entry32(msix, vector, ENTRY_ADDRESS + 4) << 32;
	uint32_t data = entry32(msix, vector, ENTRY_DATA);

	if (msix->vectors[vector].routed && msix->vectors[vector].address == address &&
	    msix->vectors[vector].data == data)
		return;
	machine_msi_route(msix->vectors[vector].msi, address, data);
	msix->vectors[vector].routed = true;
	msix->vectors[vector].address = address;
	msix->vectors[vector].data = data;
}

/* VECTOR's entry or a mask changed: what is open gets its route, and what was pending goes out. */
static void update(struct msix *msix, unsigned int vector)
{
	uint32_t bit = 1u << vector;

	if (!is_open(msix, vector))
		return;
	route(msix, vector);
	if (msix->pending & bit) {
		msix->pending &= ~bit;
		machine_msi_signal(msix->vectors[vector].msi);
	}
}

void msix_signal(struct msix *msix, unsigned int vector)
{
	if (vector >= msix->count)
		return;
	if (is_open(msix, vector))
		machine_msi_signal(msix->vectors[vector].msi);
	else
		msix->pending |= 1u << vector;
}

struct msi *msix_open_msi(const struct msix *msix, unsigned int vector)
{
	return vector < msix->count && is_open(msix, vector) ? msix->vectors[vector].msi : NULL;
}

/* Whether SIZE bytes at OFFSET are some of the 2 bytes at AT. */
static bool touches(unsigned int offset, unsigned int size, unsigned int at)
{
	return offset < at + 2 && at < offset + size;
}

void msix_config_written(struct msix *msix, unsigned int offset, unsigned int size)
{
	if (!msix->capability || !(touches(offset, size, msix->capability + CONTROL) ||
				   touches(offset, size, PCI_COMMAND)))
		return;
	if (!msix_enabled(msix))
		msix->pending = 0;
	for (unsigned int i = 0; i < msix->count; i++)
		update(msix, i);
}

/* ---- the BAR ---- */

uint64_t msix_bar_read(struct msix *msix, uint64_t offset, unsigned int size)
{
	uint64_t pending = htole64(msix->pending);
	uint64_t value = 0;

	if (offset + size <= (uint64_t)msix->count * MSIX_ENTRY_LEN)
		memcpy(&value, msix->table + offset, size);
	else if (offset >= MSIX_PBA && offset + size <= MSIX_PBA + sizeof(pending))
		memcpy(&value, (const uint8_t *)&pending + (offset - MSIX_PBA), size);
	return le64toh(value);
}

void msix_bar_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value)
{
	uint64_t bytes = htole64(value);

	/* Section 6.8.2: software writes whole, aligned doublewords or quadwords. */
	if ((size != 4 && size != 8) || offset % size ||
	    offset + size > (uint64_t)msix->count * MSIX_ENTRY_LEN) {
		machine_guest_error(pci_machine(msix->function->host), msix->function->name,
				    "a write of %u bytes at 0x%" PRIx64 " of the MSI-X table", size,
				    offset);
		return;
	}
	memcpy(msix->table + offset, &bytes, size);
	update(msix, (unsigned int)(offset / MSIX_ENTRY_LEN));
}

bool msix_init(struct msix *msix, struct pci_function *function, unsigned int bar,
	       unsigned int count, struct machine *machine)
{
	if (!machine_has_msi(machine))
		return false;
	msix->function = function;
	for (; msix->count < count; msix->count++) {
		msix->vectors[msix->count].msi = machine_msi_new(machine);
		if (!msix->vectors[msix->count].msi) {
			msix_free(msix);
			return false;
		}
	}
	for (unsigned int i = 0; i < count; i++)
		msix->table[i * MSIX_ENTRY_LEN + ENTRY_CONTROL] = ENTRY_MASKED;

	unsigned int at = pci_function_add_capability(function, CAPABILITY_ID, CAPABILITY_LEN);
	pci_config_set(function, at + CONTROL, 2, count - 1);
	pci_config_set(function, at + TABLE, 4, bar); /* at offset 0 of it */
	pci_config_set(function, at + PBA, 4, MSIX_PBA | bar);
	function->writable[at + CONTROL + 1] = (CONTROL_ENABLE | CONTROL_FUNCTION_MASK) >> 8;
	msix->capability = at;
	return true;
}

void msix_free(struct msix *msix)
{
	while (msix->count > 0)
		machine_msi_free(msix->vectors[--msix->count].msi);
}
