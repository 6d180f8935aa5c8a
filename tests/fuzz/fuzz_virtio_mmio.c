/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input: how far a well-behaved driver got, then a list of accesses by the guest, to the
 * registers and to its RAM.
 */
#include <string.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_driver.h"

#define GPA	 0x10001000ull
#define LINE	 8u
#define RAM_SIZE 0x4000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct step {
	uint8_t kind; /* bits 0-1: size; 2: write; 3: to RAM; 4: the value is an address in RAM */
	uint8_t unused;
	uint16_t offset;
	uint32_t value;
};

/* As a driver brings up queue 0, at the start of RAM. */
static const struct {
	uint16_t offset;
	uint32_t value;
} bring_up[] = {
	{0x070, 1},			  /* status: ACKNOWLEDGE */
	{0x070, 3},			  /* DRIVER */
	{0x024, 1},			  /* features 32-63: VERSION_1 */
	{0x020, 1},	     {0x024, 0},  /* features 0-31: all, with EVENT_IDX */
	{0x020, UINT32_MAX}, {0x070, 11}, /* FEATURES_OK */
	{0x038, 8},			  /* queue 0: its size and addresses */
	{0x080, 0x80000000}, {0x090, 0x80000080}, {0x0a0, 0x800000a0}, {0x044, 1}, /* ready */
	{0x070, 15},								   /* DRIVER_OK */
};

static void run(struct machine *machine, const struct step *step)
{
	unsigned int size = 1u << (step->kind & 3);
	uint64_t value = step->value;

	if (step->kind & 0x10)
		value = FAKE_RAM_BASE + value % RAM_SIZE;
	if (step->kind & 8)
		fake_store(machine, FAKE_RAM_BASE + step->offset % (RAM_SIZE - 8), size, value);
	else if (step->kind & 4)
		fake_write(machine, GPA + step->offset % VIRTIO_MMIO_LEN, size, value);
	else
		fake_read(machine, GPA + step->offset % VIRTIO_MMIO_LEN, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine;
	struct step step;
	struct fake_device *fake;
	struct virtio_mmio *mmio;

	fake_machine_init(&machine, RAM_SIZE);
	fake = fake_device_new(&machine, 3, NULL);
	mmio = virtio_mmio_new(&machine, &fake->device, GPA, LINE);
	for (size_t i = 0; size && i < sizeof(bring_up) / sizeof(bring_up[0]) && i < *data; i++)
		fake_write(&machine, GPA + bring_up[i].offset, 4, bring_up[i].value);
	if (size) {
		data++;
		size--;
	}
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		run(&machine, &step);
	}
	virtio_mmio_free(mmio);
	fake_machine_destroy(&machine);
	return 0;
}
