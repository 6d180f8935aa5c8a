/* SPDX-License-Identifier: Apache-2.0 */
/* pvpanic on PCI (1b36:0011): one byte by which the guest says how it ended. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "devices/pci.h"

#define VENDOR	   0x1b36u
#define DEVICE	   0x0011u
#define CLASS_CODE 0x088000u /* a system peripheral of no other kind */
#define BAR_LEN	   16u

/* Events, as in Linux's include/uapi/misc/pvpanic.h. */
#define EVENT_PANICKED	   1u
#define EVENT_CRASH_LOADED 2u /* it panicked, and its crash kernel takes over */
#define EVENT_SHUTDOWN	   4u

static uint64_t bar_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	(void)region;
	(void)size;
	return offset == 0 ? EVENT_PANICKED | EVENT_CRASH_LOADED | EVENT_SHUTDOWN : 0;
}

static void bar_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct pci_function *function = region->opaque;
	struct machine *machine = pci_machine(function->host);

	(void)size;
	if (offset == 0 && value & EVENT_PANICKED)
		machine_request_end(machine, END_PANIC);
	else if (offset == 0 && value == EVENT_SHUTDOWN)
		machine_request_end(machine, END_POWEROFF);
	else if (offset == 0 && value == EVENT_CRASH_LOADED)
		machine_guest_error(machine, function->name,
				    "the guest panicked and starts its crash kernel");
	else
		machine_guest_error(machine, function->name,
				    "no such event: 0x%" PRIx64 " at offset %" PRIu64, value,
				    offset);
}

static void pvpanic_free(struct pci_function *function)
{
	free(function);
}

static const struct pci_function_ops ops = {
	.free = pvpanic_free,
};

int pvpanic_pci_plug(struct pci_host *host)
{
	struct pci_function *function = calloc(1, sizeof(*function));

	if (!function) {
		error("pvpanic: out of memory");
		return -1;
	}
	function->ops = &ops;
	function->name = "pvpanic";
	pci_function_init(function, VENDOR, DEVICE, CLASS_CODE);
	pci_function_add_bar(function, 0, BAR_LEN, bar_read, bar_write);
	if (pci_plug(host, function) == 0)
		return 0;
	free(function);
	return -1;
}
