/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTIF: whatever a program has in its words and behind them, nothing outside its RAM is touched,
 * and a machine passes only by an exit with status 0.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

#define RAM	 8192u
#define TOHOST	 (FAKE_RAM_BASE + 0x100)
#define FROMHOST (FAKE_RAM_BASE + 0x140)
#define CALLS	 (FAKE_RAM_BASE + 0x200)
#define FIRST_NS 2100000u
#define STEP_NS	 60000u
#define STEPS	 16u

/* A command: any, an exit, a character, or a call whose words come from the input too. */
static uint64_t next_command(struct machine *machine, struct input *input)
{
	const uint8_t kind = (uint8_t)input_take(input, 1);

	switch (kind % 4) {
	case 0: return input_take(input, 8);
	case 1: return input_take(input, 4) << 1 | 1;
	case 2: return 1ull << 56 | 1ull << 48 | input_take(input, 1);
	default:
		for (unsigned int i = 0; i < 4; i++)
			fake_store(machine, CALLS + 8 * i, 8, input_take(input, i == 0 ? 1 : 8));
		/* Often an address that is good, and one near the end. */
		if (kind & 4)
			fake_store(machine, CALLS + 16, 8,
				   FAKE_RAM_BASE + (kind & 8 ? RAM - 16 : 0));
		if (kind & 16)
			fake_store(machine, CALLS + 24, 8, kind);
		return CALLS;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct machine machine;
	struct htif *htif;

	if (!fake_machine_init_loop(&machine, RAM))
		abort();
	machine.output_room = (size_t)input_take(&input, 1);
	htif = htif_new(&machine, TOHOST, input_take(&input, 1) & 1 ? FROMHOST : 0);
	if (!htif)
		abort();
	for (unsigned int i = 0; i < STEPS && input.left > 0 && machine.end == END_NONE; i++) {
		const uint64_t command = next_command(&machine, &input);

		fake_store(&machine, TOHOST, 8, command);
		fake_machine_run_for(&machine, i ? STEP_NS : FIRST_NS);
		const bool passed = machine.end != END_NONE && machine.status == 0;
		const bool by_call = command == CALLS && fake_load(&machine, CALLS, 8) == 93 &&
				     fake_load(&machine, CALLS + 8, 8) == 0;
		if (passed && command != 1 && !by_call)
			abort();
	}
	htif_free(htif);
	fake_machine_destroy(&machine);
	return 0;
}
