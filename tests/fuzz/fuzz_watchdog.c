/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: the machine ends by it exactly when it was enabled, and set to reset, at a turn of
 * the loop, at which its timer expires. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define BASE 0x00102000ull
#define KEY  0x16aa0000u

#define LONGER_THAN_ANY (20 * NS_PER_S)

enum { CTRL = 0x10, CFG = 0x14, MODE = 0x18 };

static void require(bool good)
{
	if (!good)
		abort();
}

static uint64_t get(struct machine *machine, uint64_t offset)
{
	return fake_read(machine, BASE + offset, 4);
}

static void turn(struct machine *machine)
{
	const bool resets = get(machine, CFG) == 1;

	fake_machine_run_for(machine, LONGER_THAN_ANY);
	if (machine->end != END_NONE)
		require(machine->end == END_WATCHDOG && resets);
	machine->end = END_NONE;
}

/* Whatever was done before: this ends it. */
static void must_end(struct machine *machine)
{
	fake_write(machine, BASE + CFG, 4, KEY | 1);
	fake_write(machine, BASE + MODE, 4, KEY | 0x11);
	fake_machine_run_for(machine, LONGER_THAN_ANY);
	require(machine->end == END_WATCHDOG);
	machine->end = END_NONE;
}

static void step(struct input *input, struct machine *machine)
{
	const uint64_t op = input_take(input, 1);
	const uint64_t offset = CTRL + (op >> 4) % 3 * 4;

	switch (op & 7) {
	case 0:
	case 1: turn(machine); break;
	case 2: must_end(machine); break;
	case 3:
		fake_read(machine, BASE + input_take(input, 2) % WATCHDOG_LEN, 1u << (op >> 6));
		break;
	case 4:
		fake_write(machine, BASE + input_take(input, 2) % WATCHDOG_LEN, 1u << (op >> 6),
			   input_take(input, 8));
		break;
	case 5: fake_write(machine, BASE + CTRL, 4, input_take(input, 2)); break;
	default: fake_write(machine, BASE + offset, 4, KEY | input_take(input, 1)); break;
	}
	require(get(machine, CFG) < 4 && !(get(machine, MODE) & ~0xf1u));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct watchdog *watchdog;

	if (!fake_machine_init_loop(&machine, 4096))
		abort();
	watchdog = watchdog_new(&machine, BASE);
	require(watchdog != NULL);
	while (input.left)
		step(&input, &machine);
	watchdog_free(watchdog);
	fake_machine_destroy(&machine);
	return 0;
}
