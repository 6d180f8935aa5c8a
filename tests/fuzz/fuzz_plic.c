/* SPDX-License-Identifier: Apache-2.0 */
/* PLIC: each hart's interrupt is what pending, enable, priority and threshold say together. */
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define BASE  0x0c000000ull
#define HARTS 3u

static void set_external(void *opaque, unsigned int hart, bool level)
{
	bool *external = opaque;

	if (hart >= HARTS || external[hart] == level)
		abort();
	external[hart] = level;
}

static uint32_t get(struct machine *machine, uint64_t offset)
{
	return (uint32_t)fake_read(machine, BASE + offset, 4);
}

static bool expected(struct machine *machine, unsigned int hart)
{
	uint32_t threshold = get(machine, 0x200000 + 0x1000ull * hart);

	for (unsigned int source = 1; source < PLIC_SOURCES; source++) {
		uint64_t word = source / 32 * 4;
		uint32_t ready =
			get(machine, 0x1000 + word) & get(machine, 0x2000 + 0x80ull * hart + word);

		if (ready >> source % 32 & 1 && get(machine, source * 4ull) > threshold)
			return true;
	}
	return false;
}

/* An offset near registers that exist. */
static uint64_t some_register(struct input *input)
{
	static const uint32_t areas[] = {0,	   0x1000,   0x2000,   0x2080,	 0x2100,
					 0x200000, 0x201000, 0x202000, 0x203000, PLIC_LEN - 0x400};
	uint64_t area = input_take(input, 1) % (sizeof(areas) / sizeof(areas[0]));

	return areas[area] + input_take(input, 1) * 4 % 0x400;
}

static void step(struct input *input, struct machine *machine, struct plic *plic)
{
	uint64_t op = input_take(input, 1), offset;

	switch (op % 4) {
	case 0: fake_read(machine, BASE + some_register(input), 4); break;
	case 1:
		offset = some_register(input);
		fake_write(machine, BASE + offset, 4, input_take(input, 4));
		break;
	case 2: plic_set(plic, (unsigned int)input_take(input, 1), op & 0x80); break;
	default:
		/* As a driver does: claim and complete on one hart. */
		offset = BASE + 0x200004 + 0x1000 * (op >> 4 & 3);
		fake_write(machine, offset, 4, fake_read(machine, offset, 4));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	bool external[HARTS] = {false};
	struct machine machine;
	struct plic *plic;

	fake_machine_init(&machine, 4096);
	plic = plic_new(&machine, BASE, HARTS, set_external, external);
	while (input.left)
		step(&input, &machine, plic);
	for (unsigned int hart = 0; hart < HARTS; hart++)
		if (external[hart] != expected(&machine, hart))
			abort();
	plic_free(plic);
	fake_machine_destroy(&machine);
	return 0;
}
