/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devicetree that the guest is given, after the bindings in Linux's Documentation/devicetree/
 * and the Devicetree Specification. Written front to back with libfdt's sequential functions, so
 * nothing is allocated beside the blob.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/board.h"
#include "base/riscv.h"

/* Interrupt number of a supervisor external interrupt at a hart (privileged spec, scause). */
/* Second cell of an APLIC interrupt: level-sensitive, active high. */
#define IRQ_LEVEL_HIGH	4u
#define IRQ_EDGE_RISING 1u

#define UART_CLOCK 3686400u /* Hz, 16 times 230400 baud */
#define UART_PATH  "/soc/serial@10000000"

#define PCI_PINS       4u
#define PCI_SPACE_MEM  0x02000000u /* ss = 10: 32-bit memory space (IEEE 1275 PCI binding) */
#define PCI_DEVICE_BIT 11	   /* where the device number starts in a child address */

struct fdt_writer {
	void *blob;
	int error; /* the first -FDT_ERR_*, 0 while all is well */
	const struct board *board;
};

static void note(struct fdt_writer *w, int result)
{
	if (result < 0 && !w->error)
		w->error = result;
}

static void begin(struct fdt_writer *w, const char *name)
{
	note(w, fdt_begin_node(w->blob, name));
}

static void begin_at(struct fdt_writer *w, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, address);
	begin(w, full);
}

static void end(struct fdt_writer *w)
{
	note(w, fdt_end_node(w->blob));
}

static void put_flag(struct fdt_writer *w, const char *name)
{
	note(w, fdt_property(w->blob, name, NULL, 0));
}

static void put_u32(struct fdt_writer *w, const char *name, uint32_t value)
{
	note(w, fdt_property_u32(w->blob, name, value));
}

static void put_u64(struct fdt_writer *w, const char *name, uint64_t value)
{
	note(w, fdt_property_u64(w->blob, name, value));
}

static void put_string(struct fdt_writer *w, const char *name, const char *value)
{
	note(w, fdt_property_string(w->blob, name, value));
}

/* Room for COUNT cells, written in place; NULL once anything has failed. */
static fdt32_t *put_cells(struct fdt_writer *w, const char *name, unsigned int count)
{
	void *cells = NULL;

	if (!w->error)
		note(w, fdt_property_placeholder(w->blob, name, (int)(count * sizeof(fdt32_t)),
						 &cells));
	return w->error ? NULL : cells;
}

static fdt32_t *cell(fdt32_t *at, uint32_t value)
{
	fdt32_st(at, value);
	return at + 1;
}

static fdt32_t *cell64(fdt32_t *at, uint64_t value)
{
	return cell(cell(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static void put_strings(struct fdt_writer *w, const char *name, const char *const *strings,
			unsigned int count)
{
	size_t len = 0;
	void *bytes = NULL;

	for (unsigned int i = 0; i < count; i++)
		len += strlen(strings[i]) + 1;
	if (!w->error)
		note(w, fdt_property_placeholder(w->blob, name, (int)len, &bytes));
	if (w->error)
		return;
	char *at = bytes;
	for (unsigned int i = 0; i < count; i++) {
		size_t size = strlen(strings[i]) + 1;
		memcpy(at, strings[i], size);
		at += size;
	}
}

static void put_reg(struct fdt_writer *w, uint64_t address, uint64_t len)
{
	fdt32_t *at = put_cells(w, "reg", 4);

	if (at)
		cell64(cell64(at, address), len);
}

/* Phandles: the harts' interrupt controllers, the harts, then the machine's controllers. */
static uint32_t hart_intc_phandle(unsigned int hart)
{
	return 1 + hart;
}

static uint32_t hart_phandle(const struct board *board, unsigned int hart)
{
	return 1 + board->harts + hart;
}

static uint32_t wired_phandle(const struct board *board)
{
	return 1 + 2 * board->harts;
}

static uint32_t imsic_phandle(const struct board *board)
{
	return 2 + 2 * board->harts;
}

/* The interrupt specifier of LINE: one cell at a PLIC, number and kind at an APLIC. */
static void put_interrupt(struct fdt_writer *w, unsigned int line)
{
	put_u32(w, "interrupt-parent", wired_phandle(w->board));
	fdt32_t *at = put_cells(w, "interrupts", w->board->aia ? 2 : 1);
	if (!at)
		return;
	at = cell(at, line);
	if (w->board->aia)
		cell(at, IRQ_LEVEL_HIGH);
}

static uint64_t serial_address(unsigned int port)
{
	return MAP_SERIAL + port * MAP_SERIAL_STRIDE;
}

static void put_chosen(struct fdt_writer *w)
{
	const struct board *board = w->board;

	begin(w, "chosen");
	put_string(w, "bootargs", board->bootargs ? board->bootargs : "");
	if (board->uart)
		put_string(w, "stdout-path", UART_PATH);
	if (board->initrd_size) {
		put_u64(w, "linux,initrd-start", board->initrd);
		put_u64(w, "linux,initrd-end", board->initrd + board->initrd_size);
	}
	/* Two uses, no byte in common: what one of them gives away says nothing about the other. */
	const size_t last = sizeof(board->seed) / sizeof(board->seed[0]) - 1;
	note(w, fdt_property(w->blob, "rng-seed", board->seed, (int)(last * sizeof(uint64_t))));
	put_u64(w, "kaslr-seed", board->seed[last]);
	end(w);
}

static void put_aliases(struct fdt_writer *w)
{
	begin(w, "aliases");
	if (w->board->uart)
		put_string(w, "serial0", UART_PATH);
	/* Linux takes the number for that of its ttyS. */
	for (unsigned int port = 1; port <= w->board->serials; port++) {
		char name[32], path[64];

		snprintf(name, sizeof(name), "serial%u", port);
		snprintf(path, sizeof(path), "/soc/serial@%" PRIx64, serial_address(port));
		put_string(w, name, path);
	}
	end(w);
}

static void put_memory(struct fdt_writer *w)
{
	begin_at(w, "memory", MAP_RAM);
	put_string(w, "device_type", "memory");
	put_reg(w, MAP_RAM, w->board->ram_size);
	end(w);
}

static void put_hart(struct fdt_writer *w, unsigned int hart)
{
	const struct board *board = w->board;

	begin_at(w, "cpu", hart);
	put_string(w, "device_type", "cpu");
	put_string(w, "compatible", "riscv");
	put_u32(w, "reg", hart);
	put_u32(w, "phandle", hart_phandle(board, hart));
	put_string(w, "status", "okay");
	put_string(w, "mmu-type", board->mmu_type);
	put_string(w, "riscv,isa", board->isa);
	put_string(w, "riscv,isa-base", "rv64i");
	put_strings(w, "riscv,isa-extensions", board->isa_extensions, board->isa_extension_count);
	if (board->cbom_block)
		put_u32(w, "riscv,cbom-block-size", board->cbom_block);
	if (board->cboz_block)
		put_u32(w, "riscv,cboz-block-size", board->cboz_block);
	if (board->cbop_block)
		put_u32(w, "riscv,cbop-block-size", board->cbop_block);
	begin(w, "interrupt-controller");
	put_string(w, "compatible", "riscv,cpu-intc");
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 1);
	put_u32(w, "phandle", hart_intc_phandle(hart));
	end(w);
	end(w);
}

static void put_harts(struct fdt_writer *w)
{
	begin(w, "cpus");
	put_u32(w, "#address-cells", 1);
	put_u32(w, "#size-cells", 0);
	put_u32(w, "timebase-frequency", (uint32_t)w->board->timebase);
	for (unsigned int hart = 0; hart < w->board->harts; hart++)
		put_hart(w, hart);

	begin(w, "cpu-map");
	begin(w, "cluster0");
	for (unsigned int hart = 0; hart < w->board->harts; hart++) {
		char name[32];
		snprintf(name, sizeof(name), "core%u", hart);
		begin(w, name);
		put_u32(w, "cpu", hart_phandle(w->board, hart));
		end(w);
	}
	end(w);
	end(w);
	end(w);
}

static void put_external_interrupts(struct fdt_writer *w)
{
	fdt32_t *at = put_cells(w, "interrupts-extended", 2 * w->board->harts);

	for (unsigned int hart = 0; at && hart < w->board->harts; hart++)
		at = cell(cell(at, hart_intc_phandle(hart)), IRQ_S_EXTERNAL);
}

static void put_imsics(struct fdt_writer *w)
{
	begin_at(w, "interrupt-controller", MAP_IMSIC);
	put_string(w, "compatible", "riscv,imsics");
	put_reg(w, MAP_IMSIC, w->board->harts * 0x1000ull);
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 0);
	put_flag(w, "msi-controller");
	put_u32(w, "#msi-cells", 0);
	put_external_interrupts(w);
	put_u32(w, "riscv,num-ids", w->board->imsic_ids);
	put_u32(w, "phandle", imsic_phandle(w->board));
	end(w);
}

static void put_aplic(struct fdt_writer *w)
{
	begin_at(w, "interrupt-controller", MAP_APLIC);
	put_string(w, "compatible", "riscv,aplic");
	put_reg(w, MAP_APLIC, MAP_APLIC_LEN);
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 2);
	put_u32(w, "#address-cells", 0);
	put_u32(w, "msi-parent", imsic_phandle(w->board));
	put_u32(w, "riscv,num-sources", LINE_COUNT);
	put_u32(w, "phandle", wired_phandle(w->board));
	end(w);
}

static void put_plic(struct fdt_writer *w)
{
	static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0"};

	begin_at(w, "interrupt-controller", MAP_PLIC);
	put_strings(w, "compatible", compatible, 2);
	put_reg(w, MAP_PLIC, MAP_UART - MAP_PLIC);
	put_flag(w, "interrupt-controller");
	put_u32(w, "#interrupt-cells", 1);
	put_u32(w, "#address-cells", 0);
	put_external_interrupts(w);
	put_u32(w, "riscv,ndev", LINE_COUNT - 1);
	put_u32(w, "phandle", wired_phandle(w->board));
	end(w);
}

static void put_uart(struct fdt_writer *w, uint64_t address, unsigned int line)
{
	begin_at(w, "serial", address);
	put_string(w, "compatible", "ns16550a");
	put_reg(w, address, 0x100);
	put_u32(w, "clock-frequency", UART_CLOCK);
	put_interrupt(w, line);
	end(w);
}

static void put_finisher(struct fdt_writer *w)
{
	/* Without "syscon": Linux is to power off by the SBI, which has a reason. */
	static const char *const compatible[] = {"vhart,finisher", "sifive,test1", "sifive,test0"};

	begin_at(w, "test", MAP_FINISHER);
	put_strings(w, "compatible", compatible, 3);
	put_reg(w, MAP_FINISHER, 0x1000);
	end(w);
}

static void put_rtc(struct fdt_writer *w)
{
	begin_at(w, "rtc", MAP_RTC);
	put_string(w, "compatible", "google,goldfish-rtc");
	put_reg(w, MAP_RTC, 0x1000);
	put_interrupt(w, LINE_RTC);
	end(w);
}

/* Its driver in Linux wants no interrupt and no clocks, of which the binding has some. */
static void put_watchdog(struct fdt_writer *w)
{
	begin_at(w, "watchdog", MAP_WATCHDOG);
	put_string(w, "compatible", "allwinner,sun20i-d1-wdt");
	put_reg(w, MAP_WATCHDOG, 0x1000);
	end(w);
}

static void put_flash(struct fdt_writer *w)
{
	begin_at(w, "flash", MAP_FLASH_VARS);
	put_string(w, "compatible", "cfi-flash");
	put_reg(w, MAP_FLASH_VARS, w->board->flash);
	put_u32(w, "bank-width", 4);
	end(w);
}

static void put_virtio_mmio(struct fdt_writer *w, unsigned int slot)
{
	uint64_t address = MAP_VIRTIO + slot * MAP_VIRTIO_STRIDE;

	begin_at(w, "virtio_mmio", address);
	put_string(w, "compatible", "virtio,mmio");
	put_reg(w, address, MAP_VIRTIO_STRIDE);
	put_flag(w, "dma-coherent");
	put_interrupt(w, LINE_VIRTIO + slot);
	end(w);
}

/*
 * INTx lines: pin P (0: INTA) of device D is line INTA + (D + P) mod 4. Only the two lowest bits of
 * the device number matter, so the map has 16 entries for all 32 devices.
 */
static void put_pci_interrupt_map(struct fdt_writer *w)
{
	const bool aia = w->board->aia;
	const unsigned int entry = aia ? 7 : 6;

	fdt32_t *at = put_cells(w, "interrupt-map-mask", 4);
	if (at)
		cell(cell(cell(cell(at, 3u << PCI_DEVICE_BIT), 0), 0), 7);
	at = put_cells(w, "interrupt-map", PCI_PINS * PCI_PINS * entry);
	for (unsigned int i = 0; at && i < PCI_PINS * PCI_PINS; i++) {
		unsigned int device = i / PCI_PINS, pin = i % PCI_PINS;
		at = cell(cell(cell(at, device << PCI_DEVICE_BIT), 0), 0);
		at = cell(at, pin + 1);
		at = cell(at, wired_phandle(w->board));
		at = cell(at, LINE_PCI_INTA + (device + pin) % PCI_PINS);
		if (aia)
			at = cell(at, IRQ_LEVEL_HIGH);
	}
}

static void put_pci(struct fdt_writer *w)
{
	begin_at(w, "pci", MAP_PCI_ECAM);
	put_string(w, "compatible", "pci-host-ecam-generic");
	put_string(w, "device_type", "pci");
	put_reg(w, MAP_PCI_ECAM, MAP_PCI_ECAM_LEN);
	put_u32(w, "#address-cells", 3);
	put_u32(w, "#size-cells", 2);
	put_u32(w, "#interrupt-cells", 1);
	put_u32(w, "linux,pci-domain", 0);
	fdt32_t *at = put_cells(w, "bus-range", 2);
	if (at)
		cell(cell(at, 0), 0);
	at = put_cells(w, "ranges", 7);
	if (at) {
		at = cell64(cell(at, PCI_SPACE_MEM), MAP_PCI_MEM);
		cell64(cell64(at, MAP_PCI_MEM), MAP_PCI_MEM_LEN);
	}
	put_flag(w, "dma-coherent");
	if (w->board->aia)
		put_u32(w, "msi-parent", imsic_phandle(w->board));
	put_pci_interrupt_map(w);
	end(w);
}

/* Ours, no binding of Linux's: see the manual, "Overflow interrupts". */
static void put_pmu(struct fdt_writer *w)
{
	const struct board *board = w->board;
	fdt32_t *at;

	begin(w, "pmu");
	put_string(w, "compatible", "vhart,pmu");
	if (board->pmu_identity) {
		put_u32(w, "msi-parent", imsic_phandle(board));
		put_u32(w, "vhart,overflow-identity", board->pmu_identity);
	} else {
		at = put_cells(w, "interrupts-extended", (board->aia ? 3 : 2) * board->harts);
		for (unsigned int hart = 0; at && hart < board->harts; hart++) {
			at = cell(cell(at, wired_phandle(board)), LINE_PMU + hart);
			if (board->aia)
				at = cell(at, IRQ_EDGE_RISING);
		}
	}
	end(w);
}

static void put_soc(struct fdt_writer *w)
{
	const struct board *board = w->board;

	begin(w, "soc");
	put_string(w, "compatible", "simple-bus");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_flag(w, "ranges");
	if (board->aia) {
		put_imsics(w);
		put_aplic(w);
	} else {
		put_plic(w);
	}
	if (board->uart)
		put_uart(w, MAP_UART, LINE_UART);
	for (unsigned int port = 1; port <= board->serials; port++)
		put_uart(w, serial_address(port), LINE_SERIAL + port);
	put_finisher(w);
	put_rtc(w);
	if (board->watchdog)
		put_watchdog(w);
	if (board->flash)
		put_flash(w);
	for (unsigned int slot = 0; slot < board->virtio_slots; slot++)
		put_virtio_mmio(w, slot);
	if (board->pci)
		put_pci(w);
	end(w);
}

int fdt_leave_room(void *blob, size_t size)
{
	const size_t len = fdt_totalsize(blob);

	if (size < len || size - len < FDT_ROOM)
		return -FDT_ERR_NOSPACE;
	memset((char *)blob + len, 0, FDT_ROOM);
	fdt_set_totalsize(blob, (uint32_t)(len + FDT_ROOM));
	return (int)(len + FDT_ROOM);
}

int fdt_build(const struct board *board, void *blob, size_t size)
{
	static const char *const compatible[] = {"vhart,virt", "linux,dummy-virt"};
	struct fdt_writer w = {.blob = blob, .board = board};

	/* Looking for every name among those before would be most of the work, and saves a KiB. */
	note(&w, fdt_create_with_flags(blob, size > INT32_MAX ? INT32_MAX : (int)size,
				       FDT_CREATE_FLAG_NO_NAME_DEDUP));
	if (w.error)
		return w.error; /* there is no header that the rest could look at */
	note(&w, fdt_finish_reservemap(blob));
	begin(&w, "");
	put_strings(&w, "compatible", compatible, 2);
	put_string(&w, "model", "vhart,virt");
	put_u32(&w, "#address-cells", 2);
	put_u32(&w, "#size-cells", 2);
	put_chosen(&w);
	put_aliases(&w);
	put_memory(&w);
	put_harts(&w);
	put_soc(&w);
	if (board->pmu_identity || board->pmu_wired)
		put_pmu(&w);
	end(&w);
	note(&w, fdt_finish(blob));
	return w.error ? w.error : fdt_leave_room(blob, size);
}
