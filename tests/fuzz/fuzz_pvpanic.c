/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pvpanic on its PCI bus: the machine ends exactly when the guest writes one of the events that end
 * it, once, to the one register there is; all else is counted.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define ECAM   0x30000000ull
#define WINDOW 0x40000000ull
#define SLOT   0x8000ull

static void require(bool good)
{
	if (!good)
		abort();
}

static void write_event(struct machine *machine, uint64_t offset, unsigned int size, uint64_t value)
{
	enum machine_end before = machine->end, wanted = before;
	unsigned int errors = machine->guest_errors;

	if (size < 8)
		value &= (1ull << size * 8) - 1;
	if (offset == 0 && value & 1)
		wanted = before ? before : END_PANIC;
	else if (offset == 0 && value == 4)
		wanted = before ? before : END_POWEROFF;
	else
		errors++;
	fake_write(machine, WINDOW + offset, size, value);
	require(machine->end == wanted && machine->guest_errors == errors);
}

static bool answers_at_window(struct machine *machine)
{
	return (fake_read(machine, ECAM + SLOT + 4, 2) & 2) &&
	       (fake_read(machine, ECAM + SLOT + 0x10, 4) & ~0xfull) == WINDOW &&
	       fake_claimed(machine, WINDOW);
}

static void step(struct input *input, struct machine *machine)
{
	uint64_t op = input_take(input, 1);
	unsigned int size = 1u << (op >> 2 & 3);
	/* Accesses as vCPUs make them: within the region. */
	uint64_t offset = (op >> 4) / size * size;

	switch (op & 3) {
	case 0:
		if (answers_at_window(machine))
			require(fake_read(machine, WINDOW + offset, size) == (offset ? 0 : 7));
		break;
	case 1:
		if (answers_at_window(machine))
			write_event(machine, offset, size, input_take(input, size));
		break;
	case 2: fake_read(machine, ECAM + SLOT + input_take(input, 1), size); break;
	default:
		fake_write(machine, ECAM + SLOT + input_take(input, 1), size,
			   input_take(input, size));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct pci_layout layout = {
		.ecam = ECAM, .window = WINDOW, .window_len = 0x100000, .intx = {3, 4, 5, 6}};
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct pci_host *host;

	fake_machine_init(&machine, 4096);
	host = pci_host_new(&machine, &layout);
	require(host && pvpanic_pci_plug(host) == 0);
	fake_write(&machine, ECAM + SLOT + 0x10, 4, WINDOW);
	fake_write(&machine, ECAM + SLOT + 4, 2, 2);
	require(answers_at_window(&machine));
	while (input.left)
		step(&input, &machine);
	pci_host_free(host);
	fake_machine_destroy(&machine);
	return 0;
}
