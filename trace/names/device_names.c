/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/device_names.h"

#include <inttypes.h>

#include "base/board.h"
#include "trace/names/text.h"

struct device_register {
	uint32_t offset;
	const char *name;
};

/* PC16550D data sheet: what reading and writing it are called. */
static const struct device_register uart[] = {
	{0, "RBR/THR"}, {1, "IER"}, {2, "IIR/FCR"}, {3, "LCR"}, {4, "MCR"},
	{5, "LSR"},	{6, "MSR"}, {7, "SCR"},	    {0, NULL},
};

/* QEMU's docs/specs: Goldfish RTC. */
static const struct device_register rtc[] = {
	{0x00, "TIME_LOW"},	{0x04, "TIME_HIGH"},	   {0x08, "ALARM_LOW"},
	{0x0C, "ALARM_HIGH"},	{0x10, "IRQ_ENABLED"},	   {0x14, "CLEAR_ALARM"},
	{0x18, "ALARM_STATUS"}, {0x1C, "CLEAR_INTERRUPT"}, {0, NULL},
};

/* Virtio 1.3, section 4.2.2. */
static const struct device_register virtio_mmio[] = {
	{0x000, "MagicValue"},	     {0x004, "Version"},
	{0x008, "DeviceID"},	     {0x00C, "VendorID"},
	{0x010, "DeviceFeatures"},   {0x014, "DeviceFeaturesSel"},
	{0x020, "DriverFeatures"},   {0x024, "DriverFeaturesSel"},
	{0x030, "QueueSel"},	     {0x034, "QueueSizeMax"},
	{0x038, "QueueSize"},	     {0x044, "QueueReady"},
	{0x050, "QueueNotify"},	     {0x060, "InterruptStatus"},
	{0x064, "InterruptACK"},     {0x070, "Status"},
	{0x080, "QueueDescLow"},     {0x084, "QueueDescHigh"},
	{0x090, "QueueDriverLow"},   {0x094, "QueueDriverHigh"},
	{0x0A0, "QueueDeviceLow"},   {0x0A4, "QueueDeviceHigh"},
	{0x0AC, "SHMSel"},	     {0x0B0, "SHMLenLow"},
	{0x0B4, "SHMLenHigh"},	     {0x0B8, "SHMBaseLow"},
	{0x0BC, "SHMBaseHigh"},	     {0x0C0, "QueueReset"},
	{0x0FC, "ConfigGeneration"}, {0, NULL},
};

/* devices/finisher.c */
static const struct device_register finisher[] = {{0, "FINISHER"}, {4, "STATUS"}, {0, NULL}};

static const struct {
	uint64_t start, len;
	uint64_t stride; /* of equal devices next to each other, which have a number; 0: one */
	const char *name;
	const struct device_register *registers; /* NULL: too many for names */
} devices[] = {
	{MAP_FINISHER, 0x1000, 0, "test", finisher},
	{MAP_RTC, 0x1000, 0, "rtc", rtc},
	{MAP_APLIC, MAP_APLIC_LEN, 0, "aplic", NULL},
	{MAP_PLIC, 0x1000000, 0, "plic", NULL},
	{MAP_UART, 0x100, 0, "uart", uart},
	/* In pages that are nobody's virtio slot. */
	{MAP_SERIAL, (BOARD_SERIALS + 1) * MAP_SERIAL_STRIDE, MAP_SERIAL_STRIDE, "serial", uart},
	{MAP_VIRTIO, 0x100000, MAP_VIRTIO_STRIDE, "virtio-mmio", virtio_mmio},
	{MAP_IMSIC, 0x1000000, 0, "imsic", NULL},
	{MAP_PCI_ECAM, MAP_PCI_ECAM_LEN, 0, "pci-ecam", NULL},
	{MAP_PCI_MEM, MAP_PCI_MEM_LEN, 0, "pci", NULL},
};

static void add_register(struct text *text, const struct device_register *registers,
			 uint64_t offset)
{
	for (; registers && registers->name; registers++)
		if (registers->offset == offset)
			text_add(text, " (%s)", registers->name);
}

bool device_name(uint64_t address, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		uint64_t offset = address - devices[i].start;
		struct text text;

		if (offset >= devices[i].len)
			continue;
		text_init(&text, out, size);
		text_add(&text, "%s", devices[i].name);
		if (devices[i].stride) {
			text_add(&text, "%" PRIu64, offset / devices[i].stride);
			offset %= devices[i].stride;
		}
		text_add(&text, "+0x%" PRIx64, offset);
		add_register(&text, devices[i].registers, offset);
		return true;
	}
	return false;
}
