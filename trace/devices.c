/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/devices.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmm/board.h"

static const struct {
	uint64_t start, len;
	const char *name;
} devices[] = {
	{MAP_RTC, 0x1000, "rtc"},
	{MAP_APLIC, MAP_APLIC_LEN, "aplic"},
	{MAP_PLIC, 0x1000000, "plic"},
	{MAP_UART, 0x100, "uart"},
	{MAP_VIRTIO, 0x100000, "virtio-mmio"},
	{MAP_IMSIC, 0x1000000, "imsic"},
	{MAP_PCI_ECAM, MAP_PCI_ECAM_LEN, "pci-ecam"},
	{MAP_PCI_MEM, MAP_PCI_MEM_LEN, "pci"},
};

bool device_name(uint64_t address, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (address - devices[i].start >= devices[i].len)
			continue;
		snprintf(out, size, "%s+0x%" PRIx64, devices[i].name, address - devices[i].start);
		return true;
	}
	return false;
}
