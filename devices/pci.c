/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI host bridge: ECAM for bus 0, one memory window, four INTx lines. */

#include "devices/pci.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define SLOTS		32u
#define INTX_PINS	4u
#define ECAM_LEN	0x100000u /* one bus */
#define FUNCTION_LEN	0x1000u	  /* ECAM: 4 KiB each */
#define HOST_VENDOR	0x1b36u
#define HOST_DEVICE	0x0008u
#define HOST_CLASS	0x060000u
#define CAPABILITY_ID	0u /* offsets within every capability */
#define CAPABILITY_NEXT 1u

struct pci_host {
	struct machine *machine;
	struct pci_layout layout;
	struct mmio_region ecam;
	struct pci_function *slots[SLOTS];
	uint32_t asserted[INTX_PINS]; /* per line: one bit for each slot that raises it */
	struct pci_function bridge;   /* slot 0 */
};

struct machine *pci_machine(struct pci_host *host)
{
	return host->machine;
}

/* ---- configuration space ---- */

uint32_t pci_config_get(const struct pci_function *function, unsigned int offset, unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint32_t)function->config[offset + i] << i * 8;
	return value;
}

void pci_config_set(struct pci_function *function, unsigned int offset, unsigned int size,
		    uint32_t value)
{
	for (unsigned int i = 0; i < size; i++)
		function->config[offset + i] = (uint8_t)(value >> i * 8);
}

static void allow_writes(struct pci_function *function, unsigned int offset, unsigned int size,
			 uint32_t mask)
{
	for (unsigned int i = 0; i < size; i++)
		function->writable[offset + i] = (uint8_t)(mask >> i * 8);
}

void pci_function_init(struct pci_function *function, uint16_t vendor, uint16_t device,
		       uint32_t class_code)
{
	pci_config_set(function, PCI_VENDOR_ID, 2, vendor);
	pci_config_set(function, PCI_DEVICE_ID, 2, device);
	pci_config_set(function, PCI_REVISION, 1, 1);
	pci_config_set(function, PCI_CLASS_CODE, 3, class_code);
	allow_writes(function, PCI_COMMAND, 2,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	allow_writes(function, PCI_INTERRUPT_LINE, 1, 0xff);
	function->capabilities_end = PCI_FIRST_CAPABILITY;
}

void pci_function_add_bar(struct pci_function *function, unsigned int bar, uint64_t len,
			  uint64_t (*read)(struct mmio_region *, uint64_t, unsigned int),
			  void (*write)(struct mmio_region *, uint64_t, unsigned int, uint64_t))
{
	function->bars[bar].region = (struct mmio_region){
		.name = function->name,
		.len = len,
		.read = read,
		.write = write,
		.opaque = function,
	};
	/* Type bits 0: memory, 32 bits, not prefetchable. The writable bits tell the size. */
	allow_writes(function, PCI_BAR0 + bar * 4, 4, (uint32_t)~(len - 1));
}

unsigned int pci_function_add_capability(struct pci_function *function, uint8_t id,
					 unsigned int len)
{
	unsigned int at = function->capabilities_end;
	unsigned int link = function->last_capability ? function->last_capability + CAPABILITY_NEXT
						      : (unsigned int)PCI_CAPABILITIES;

	pci_config_set(function, link, 1, at);
	pci_config_set(function, at + CAPABILITY_ID, 1, id);
	pci_config_set(function, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
	function->last_capability = at;
	function->capabilities_end = (at + len + 3) & ~3u;
	return at;
}

/* ---- INTx: wired OR of the functions that share a line ---- */

void pci_function_set_intx(struct pci_function *function, bool level)
{
	struct pci_host *host = function->host;
	unsigned int line = function->slot % INTX_PINS; /* swizzled; all use INTA */
	uint32_t status = pci_config_get(function, PCI_STATUS, 2) & ~PCI_STATUS_INTERRUPT;
	uint32_t command = pci_config_get(function, PCI_COMMAND, 2);
	uint32_t bit = 1u << function->slot;
	bool was_high = host->asserted[line] != 0;

	/* The status bit tells of the interrupt also where the line is disabled. */
	function->intx = level;
	pci_config_set(function, PCI_STATUS, 2, status | (level ? PCI_STATUS_INTERRUPT : 0));
	if (level && !(command & PCI_COMMAND_INTX_DISABLE))
		host->asserted[line] |= bit;
	else
		host->asserted[line] &= ~bit;
	if (was_high != (host->asserted[line] != 0))
		machine_irq_set(host->machine, host->layout.intx[line], !was_high);
}

/* ---- BARs ---- */

static void tell_bar_changed(struct pci_function *function, unsigned int bar)
{
	if (function->ops && function->ops->bar_changed)
		function->ops->bar_changed(function, bar);
}

static void unmap_bar(struct pci_function *function, unsigned int bar)
{
	if (!function->bars[bar].mapped)
		return;
	machine_mmio_remove(function->host->machine, &function->bars[bar].region);
	function->bars[bar].mapped = false;
	tell_bar_changed(function, bar);
}

static bool in_window(const struct pci_host *host, const struct mmio_region *region)
{
	uint64_t offset = region->base - host->layout.window;

	return region->base >= host->layout.window && offset <= host->layout.window_len &&
	       region->len <= host->layout.window_len - offset;
}

static void map_bar(struct pci_function *function, unsigned int bar, uint64_t address)
{
	struct pci_host *host = function->host;
	struct mmio_region *region = &function->bars[bar].region;

	region->base = address;
	if (!in_window(host, region) || machine_mmio_add(host->machine, region) != 0) {
		function->bars[bar].refused = address;
		return;
	}
	function->bars[bar].refused = function->bars[bar].told = 0;
	function->bars[bar].mapped = true;
	tell_bar_changed(function, bar);
}

/*
 * FUNCTION was written elsewhere than in its BARs: whoever placed them is done with it. Before that
 * a wrong place is none of the guest's mistakes: it moves what a firmware left decoding BAR by BAR,
 * and where the next one still is.
 */
static void tell_refused(struct pci_function *function)
{
	struct pci_host *host = function->host;

	for (unsigned int i = 0; i < PCI_BARS; i++) {
		struct pci_bar *bar = &function->bars[i];

		if (!bar->refused || bar->told == bar->refused)
			continue;
		bar->told = bar->refused;
		machine_guest_error(host->machine, function->name,
				    "BAR %u at 0x%" PRIx64 " is %s: not mapped", i, bar->refused,
				    in_window(host, &bar->region) ? "on top of something else"
								  : "outside the window");
	}
}

/* Brings what is mapped of FUNCTION in line with its BARs and its command register. */
static void update_function(struct pci_function *function)
{
	bool decode = pci_config_get(function, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;

	for (unsigned int bar = 0; bar < PCI_BARS; bar++) {
		struct mmio_region *region = &function->bars[bar].region;
		uint64_t address = pci_config_get(function, PCI_BAR0 + bar * 4, 4);

		if (region->len == 0)
			continue;
		if (function->bars[bar].mapped && (!decode || region->base != address))
			unmap_bar(function, bar);
		if (!decode || address != function->bars[bar].refused)
			function->bars[bar].refused = 0;
		/* 0 is the state after power-on, all ones that of sizing: neither is an address. */
		if (decode && !function->bars[bar].mapped && address != 0 &&
		    address != (uint32_t)~(region->len - 1))
			map_bar(function, bar, address);
	}
}

/*
 * FUNCTION's BARs or command register were written. What it gave up can be the place that another
 * BAR was refused: Linux assigns the BARs that a firmware left decoding anew, one by one, and does
 * not write a command register that it finds right.
 */
static void update_bars(struct pci_function *function)
{
	const struct pci_host *host = function->host;

	update_function(function);
	for (unsigned int slot = 0; slot < SLOTS; slot++)
		if (host->slots[slot])
			update_function(host->slots[slot]);
}

/* ---- ECAM ---- */

static bool overlaps(unsigned int offset, unsigned int size, unsigned int at, unsigned int len)
{
	return offset < at + len && at < offset + size;
}

static void config_write(struct pci_function *function, unsigned int offset, unsigned int size,
			 uint32_t value)
{
	for (unsigned int i = 0; i < size; i++) {
		uint8_t mask = function->writable[offset + i];
		uint8_t byte = (uint8_t)(value >> i * 8);
		uint8_t *config = &function->config[offset + i];
		*config = (uint8_t)((*config & ~mask) | (byte & mask));
	}
	bool command = overlaps(offset, size, PCI_COMMAND, 2);
	bool bars = overlaps(offset, size, PCI_BAR0, 4 * PCI_BARS);
	if (command || bars)
		update_bars(function);
	if (!bars)
		tell_refused(function);
	if (command)
		pci_function_set_intx(function, function->intx);
	if (function->ops && function->ops->config_written)
		function->ops->config_written(function, offset, size);
}

/* The function at OFFSET into the ECAM, or NULL; only function 0 of a slot can be there. */
static struct pci_function *function_at(struct pci_host *host, uint64_t offset)
{
	uint64_t function = offset / FUNCTION_LEN;

	return function % 8 ? NULL : host->slots[function / 8 % SLOTS];
}

static bool valid_access(struct pci_host *host, uint64_t offset, unsigned int size)
{
	if (size <= 4 && offset % size == 0)
		return true;
	machine_guest_error(host->machine, "pci",
			    "configuration access of %u bytes at ECAM offset 0x%" PRIx64, size,
			    offset);
	return false;
}

static uint64_t ecam_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct pci_host *host = region->opaque;
	struct pci_function *function = function_at(host, offset);
	unsigned int at = offset % FUNCTION_LEN;

	/* Section 6.1: a read of what is not there gives all ones; software looks for that. */
	if (!valid_access(host, offset, size) || !function)
		return UINT64_MAX >> (64 - size * 8);
	if (at >= PCI_CONFIG_LEN)
		return 0;
	if (function->ops && function->ops->config_reading)
		function->ops->config_reading(function, at, size);
	return pci_config_get(function, at, size);
}

static void ecam_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct pci_host *host = region->opaque;
	struct pci_function *function = function_at(host, offset);
	unsigned int at = offset % FUNCTION_LEN;

	if (valid_access(host, offset, size) && function && at < PCI_CONFIG_LEN)
		config_write(function, at, size, (uint32_t)value);
}

/* ---- the host ---- */

int pci_plug(struct pci_host *host, struct pci_function *function)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		if (!host->slots[slot]) {
			host->slots[slot] = function;
			function->host = host;
			function->slot = slot;
			return 0;
		}
	}
	error("%s: all %u slots of the PCI bus are taken", function->name, SLOTS);
	return -1;
}

bool pci_host_has_room(const struct pci_host *host)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++)
		if (!host->slots[slot])
			return true;
	return false;
}

struct pci_host *pci_host_new(struct machine *machine, const struct pci_layout *layout)
{
	struct pci_host *host = calloc(1, sizeof(*host));

	if (!host) {
		error("pci: out of memory");
		return NULL;
	}
	host->machine = machine;
	host->layout = *layout;
	host->ecam = (struct mmio_region){
		.name = "pci-ecam",
		.base = layout->ecam,
		.len = ECAM_LEN,
		.read = ecam_read,
		.write = ecam_write,
		.opaque = host,
	};
	int failed = machine_mmio_add(machine, &host->ecam);
	if (failed) {
		error("pci: no room for the ECAM at 0x%" PRIx64 ": %s", layout->ecam,
		      strerror(-failed));
		free(host);
		return NULL;
	}
	host->bridge.name = "pci-host";
	pci_function_init(&host->bridge, HOST_VENDOR, HOST_DEVICE, HOST_CLASS);
	pci_plug(host, &host->bridge);
	return host;
}

void pci_host_free(struct pci_host *host)
{
	if (!host)
		return;
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		struct pci_function *function = host->slots[slot];
		if (!function)
			continue;
		for (unsigned int bar = 0; bar < PCI_BARS; bar++)
			unmap_bar(function, bar);
		if (function->ops)
			function->ops->free(function);
	}
	machine_mmio_remove(host->machine, &host->ecam);
	free(host);
}
