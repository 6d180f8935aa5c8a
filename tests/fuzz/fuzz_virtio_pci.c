/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input: how far a well-behaved driver got, then a list of accesses by the guest: to the config
 * space of two virtio devices and a pvpanic, to where their BARs may lie, and to its RAM.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_driver.h"

#define ECAM	 0x30000000ull
#define WINDOW	 0x40000000ull
#define RAM_SIZE 0x4000u

/* BARs end up among the first 64 KiB of the window, so that they meet each other. */
#define WINDOW_USED 0x10000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum target { TO_CONFIG, TO_BAR, TO_RAM, TO_DEVICE };

struct step {
	uint8_t kind; /* bits 0-1: size; 2: write; 3-4: target; 5: an address in RAM; 6: a BAR's */
	uint8_t slot;
	uint16_t offset;
	uint32_t value;
};

#define BAR0 WINDOW
#define BAR1 (WINDOW + 0x4000)

/* As a driver brings up queue 0 of the first device, at the start of RAM, with MSI-X. */
static const struct {
	uint64_t gpa;
	uint8_t size;
	uint32_t value;
} bring_up[] = {
	{ECAM + 0x8010, 4, BAR0}, /* BARs, memory decoding */
	{ECAM + 0x8014, 4, BAR1},   {ECAM + 0x8004, 2, 6},
	{BAR0 + 20, 1, 3},				/* status: ACKNOWLEDGE and DRIVER */
	{BAR0 + 8, 4, 1},				/* features 32-63: VERSION_1 */
	{BAR0 + 12, 4, 1},	    {BAR0 + 8, 4, 0},	/* features 0-31: all, with EVENT_IDX */
	{BAR0 + 12, 4, UINT32_MAX}, {BAR0 + 20, 1, 11}, /* FEATURES_OK */
	{BAR0 + 24, 2, 8},				/* queue 0: its size and addresses */
	{BAR0 + 32, 4, 0x80000000}, {BAR0 + 40, 4, 0x80000080},
	{BAR0 + 48, 4, 0x800000a0}, {BAR0 + 28, 2, 1}, /* enable */
	{BAR0 + 20, 1, 15},			       /* DRIVER_OK; from here on INTx would do */
	{ECAM + 0x809a, 2, 0x8000},		       /* MSI-X enable */
	{BAR0 + 26, 2, 1},			       /* the queue's vector */
	{BAR1 + 16 + 12, 4, 0},			       /* unmasked */
};

/* The device has something to say: a change of its configuration, or a chain that it used: the
 * guest's driver makes one of queue 0 available, as it was brought up. */
static void run_device(struct machine *machine, const struct step *step,
		       struct fake_device *devices[2])
{
	struct virtio_device *device = &devices[step->slot & 1]->device;
	uint64_t ring = fake_load(machine, FAKE_RAM_BASE + 0x82, 2);

	if (step->kind & 4) {
		virtio_config_changed(device);
		return;
	}
	fake_store(machine, FAKE_RAM_BASE + ring % 8 * 16, 8, FAKE_RAM_BASE + 0x1000);
	fake_store(machine, FAKE_RAM_BASE + ring % 8 * 16 + 8, 8, 2ull << 32 | step->offset);
	fake_store(machine, FAKE_RAM_BASE + 0x84 + ring % 8 * 2, 2, ring % 8);
	fake_store(machine, FAKE_RAM_BASE + 0x82, 2, ring + 1);
	virtio_device_kick(device, 0);
}

static void run(struct machine *machine, const struct step *step, struct fake_device *devices[2])
{
	unsigned int size = 1u << (step->kind & 3);
	uint64_t value = step->value;
	uint64_t gpa = WINDOW + step->offset % WINDOW_USED;

	if (step->kind & 0x20)
		value = FAKE_RAM_BASE + value % RAM_SIZE;
	else if (step->kind & 0x40)
		value = WINDOW + value % WINDOW_USED;
	if ((step->kind >> 3 & 3) == TO_DEVICE) {
		run_device(machine, step, devices);
		return;
	}
	if ((step->kind >> 3 & 3) == TO_RAM) {
		fake_store(machine, FAKE_RAM_BASE + step->offset % (RAM_SIZE - 8), size, value);
		return;
	}
	if ((step->kind >> 3 & 3) == TO_CONFIG)
		gpa = ECAM + step->slot % 5 * 0x8000ull + step->offset % 0x108;
	if (step->kind & 4)
		fake_write(machine, gpa, size, value);
	else
		fake_read(machine, gpa, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pci_layout layout = {
		.ecam = ECAM,
		.window = WINDOW,
		.window_len = 0x40000000ull,
		.intx = {3, 4, 5, 6},
	};
	struct machine machine;
	struct fake_device *devices[2];
	struct step step;
	struct pci_host *host;

	fake_machine_init(&machine, RAM_SIZE);
	host = pci_host_new(&machine, &layout);
	for (unsigned int i = 0; i < 2; i++) {
		devices[i] = fake_device_new(&machine, 3, NULL);
		if (virtio_pci_plug(host, &devices[i]->device) != 0)
			abort();
		machine.msi_absent = true; /* the second one has INTx only */
	}
	if (pvpanic_pci_plug(host) != 0)
		abort();
	machine.msi_absent = false;
	for (size_t i = 0; size && i < sizeof(bring_up) / sizeof(bring_up[0]) && i < *data; i++)
		fake_write(&machine, bring_up[i].gpa, bring_up[i].size, bring_up[i].value);
	if (size) {
		data++;
		size--;
	}
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		run(&machine, &step, devices);
	}
	pci_host_free(host);
	fake_machine_destroy(&machine);
	return 0;
}
