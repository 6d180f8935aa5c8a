/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

/* Whether it runs the same program as this process. */
static bool is_vhart(uint32_t pid)
{
	struct stat own, other;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool device_name(uint32_t pid, uint64_t address, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (address - devices[i].start >= devices[i].len)
			continue;
		if (!is_vhart(pid))
			return false;
		snprintf(out, size, "%s+0x%" PRIx64, devices[i].name, address - devices[i].start);
		return true;
	}
	return false;
}
