/* SPDX-License-Identifier: Apache-2.0 */
/* Registers: those that exist with every size, those that do not, and places without any. */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pci.h"
#include "vhart-guest/tap.h"

#define DENSE		    384u
#define SPARSE		    256u
#define UART_LINE_CONTROL   3u
#define UART_DIVISOR_ACCESS 0x80u
#define FINISHER_STATUS	    4u

static void touch(uint64_t at, uint64_t end, bool writes)
{
	for (unsigned int size = 1; size <= 8; size *= 2) {
		if (at % size || at + size > end)
			continue;
		io_read(at, size);
		if (writes)
			io_write(at, size, UINT64_MAX);
	}
}

void sweep(uint64_t base, uint64_t len, bool writes)
{
	for (uint64_t offset = 0; offset < len; offset++) {
		if (offset >= DENSE && offset % SPARSE && offset < len - 8)
			continue;
		touch(base + offset, base + len, writes);
	}
}

static const struct {
	const char *what;
	uint64_t base, len;
} regions[] = {
	{"the RTC", MAP_RTC, 0x1000},
	{"a hole at 0", 0, 0x1000},
	{"a hole below the finisher", MAP_FINISHER - 0x1000, 0x1000},
	{"a hole between the UART and virtio", MAP_UART + 0x100, 0xf00},
	{"a hole below RAM", MAP_RAM - 0x1000, 0x1000},
	{"a hole far above RAM", 1ull << 38, 0x1000},
	{"the last virtio slot", MAP_VIRTIO + (BOARD_VIRTIO_SLOTS - 1) * MAP_VIRTIO_STRIDE, 0x1000},
	{"behind the last virtio slot", MAP_VIRTIO + BOARD_VIRTIO_SLOTS *MAP_VIRTIO_STRIDE, 0x1000},
	{"the APLIC", MAP_APLIC, MAP_APLIC_LEN},
	{"behind the APLIC", MAP_APLIC + MAP_APLIC_LEN, 0x1000},
	{"the IMSIC of hart 0", MAP_IMSIC, 0x1000},
	{"behind the IMSICs", MAP_IMSIC + BOARD_MAX_HARTS * 0x1000ull, 0x1000},
	{"the PLIC's priorities", MAP_PLIC, 0x1000},
	{"the PLIC's pending bits", MAP_PLIC + 0x1000, 0x1000},
	{"the PLIC's enable bits", MAP_PLIC + 0x2000, 0x1000},
	{"enable bits of PLIC contexts that do not exist", MAP_PLIC + 0x1f0000, 0x1000},
	{"the PLIC's threshold and claim", MAP_PLIC + 0x200000, 0x1000},
	{"a PLIC context that does not exist", MAP_PLIC + 0x3fff000, 0x1000},
};

/* With its divisor shown, so that nothing is printed. */
static void uart(void)
{
	io_write(MAP_UART + UART_LINE_CONTROL, 1, UART_DIVISOR_ACCESS);
	sweep(MAP_UART, 0x100, true);
	/* Interrupts off, FIFOs cleared, no loopback, 8 bits, divisor hidden. */
	io_write(MAP_UART + UART_LINE_CONTROL, 1, 3);
	io_write(MAP_UART + 1, 1, 0);
	io_write(MAP_UART + 2, 1, 7);
	io_write(MAP_UART + 4, 1, 0);
	tap(true, "registers: the UART");
}

/* None of what is written is a way to end; the status that it leaves is taken back. */
static void finisher(void)
{
	sweep(MAP_FINISHER, 0x1000, true);
	io_write(MAP_FINISHER + FINISHER_STATUS, 4, 0);
	tap(true, "registers: the finisher");
}

void fault_registers(void)
{
	for (unsigned int i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		sweep(regions[i].base, regions[i].len, true);
		tap(true, "registers: %s", regions[i].what);
	}
	uart();
	finisher();
}

static void sweep_bars(unsigned int slot)
{
	uint64_t sizes[6];

	io_write(pci_config(slot, PCI_COMMAND), 2, 0);
	for (unsigned int bar = 0; bar < 6; bar++)
		sizes[bar] = pci_bar_size(slot, bar);
	pci_enable(slot);
	for (unsigned int bar = 0; bar < 6; bar++) {
		if (sizes[bar])
			sweep(pci_bar(slot, bar), sizes[bar], true);
	}
	pci_enable(slot);
}

void fault_device_registers(const struct virtio *virtio)
{
	works(virtio);
	if (virtio->pci)
		sweep_bars(virtio->slot);
	else
		sweep(virtio->regs, MAP_VIRTIO_STRIDE, true);
	tap(works(virtio), "%s: works after all its registers were written", virtio_name(virtio));
}
