/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SiFive test finisher, as QEMU's virt machine has it: by one write a guest ends the machine,
 * with a status. Behind it a register of our own, which keeps a status for an end that comes later:
 * a Linux guest writes it through /dev/mem and then powers off as always.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

enum { FINISHER = 0x0, STATUS = 0x4 };

/* What is written to the finisher: one of these, and a status in the upper half for FAIL. */
enum { FAIL = 0x3333, PASS = 0x5555, RESET = 0x7777 };

struct finisher {
	struct machine *machine;
	struct mmio_region region;
	uint32_t status;
};

static void fail(struct machine *machine, uint32_t status)
{
	/* It failed, and does not say how: that is no 0. */
	if (!status) {
		machine_request_end(machine, END_PANIC);
		return;
	}
	machine_guest_status(machine, status);
	machine_request_end(machine, END_POWEROFF);
}

static void finish(struct machine *machine, uint32_t value)
{
	switch (value & 0xffff) {
	case FAIL: fail(machine, value >> 16); break;
	case PASS:
		machine_guest_status(machine, 0);
		machine_request_end(machine, END_POWEROFF);
		break;
	case RESET: machine_request_end(machine, END_RESET); break;
	default: machine_guest_error(machine, "finisher", "0x%x is no way to end", value); break;
	}
}

static uint64_t finisher_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	const struct finisher *finisher = region->opaque;

	(void)size;
	return offset == STATUS ? finisher->status : 0;
}

static void finisher_write(struct mmio_region *region, uint64_t offset, unsigned int size,
			   uint64_t value)
{
	struct finisher *finisher = region->opaque;

	(void)size;
	if (offset == FINISHER) {
		finish(finisher->machine, (uint32_t)value);
	} else if (offset == STATUS) {
		finisher->status = (uint32_t)value;
		machine_guest_status(finisher->machine, finisher->status);
	} else {
		machine_guest_error(finisher->machine, "finisher",
				    "no register at offset 0x%" PRIx64, offset);
	}
}

struct finisher *finisher_new(struct machine *machine, uint64_t gpa)
{
	struct finisher *finisher = calloc(1, sizeof(*finisher));
	int err;

	if (!finisher) {
		error("no memory for the test finisher");
		return NULL;
	}
	finisher->machine = machine;
	finisher->region = (struct mmio_region){.name = "finisher",
						.base = gpa,
						.len = FINISHER_LEN,
						.read = finisher_read,
						.write = finisher_write,
						.opaque = finisher};
	err = machine_mmio_add(machine, &finisher->region);
	if (err) {
		error("the test finisher cannot be placed at 0x%" PRIx64 ": %s", gpa,
		      strerror(-err));
		free(finisher);
		return NULL;
	}
	return finisher;
}

void finisher_free(struct finisher *finisher)
{
	if (!finisher)
		return;
	machine_mmio_remove(finisher->machine, &finisher->region);
	free(finisher);
}
