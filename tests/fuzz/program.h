/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzzer's input read as a program: what a hostile guest does to a device, step by step. */
#ifndef VHART_FUZZ_PROGRAM_H
#define VHART_FUZZ_PROGRAM_H

#include "tests/unit/fixtures/guest_driver.h"

struct input {
	const uint8_t *bytes;
	size_t left;
};

/* The next BYTES bytes (at most 8), little-endian; zeros behind the end. */
uint64_t input_take(struct input *input, unsigned int bytes);

#define PROGRAM_RAM (1ull << 20)

/* A machine with a loop and RAM of that size, whose RAM serves one input after the other. */
void program_machine(struct machine *machine);

/*
 * Runs the program against the started device of DRIVER: chains good and bad, writes into rings and
 * buffers, doorbells, resets, turns of the loop. SPECIAL is the step that only this kind of device
 * knows.
 */
void program_run(struct input *input, struct guest_driver *driver,
		 void (*special)(struct input *input, struct guest_driver *driver));

/*
 * All of that for the device that MAKE makes. Whatever was done to it, it works for the next
 * driver: CHECK sees to that.
 */
void program_of_device(const uint8_t *bytes, size_t size,
		       struct virtio_device *(*make)(struct machine *machine),
		       void (*special)(struct input *input, struct guest_driver *driver),
		       void (*check)(struct guest_driver *driver));

#endif
