/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/fuzz/program.h"

#include <stdlib.h>

#define MAX_BUFFERS 8u

uint64_t input_take(struct input *input, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && input->left; i++, input->left--)
		value |= (uint64_t)*input->bytes++ << i * 8;
	return value;
}

void program_machine(struct machine *machine)
{
	static void *ram;

	if (!ram)
		ram = aligned_alloc(4096, PROGRAM_RAM);
	fake_machine_init_over(machine, ram, PROGRAM_RAM);
	machine->loop = loop_new(&machine->lock);
	if (!machine->loop)
		abort();
}

static void add_chain(struct input *input, struct guest_driver *driver)
{
	unsigned int queue = (unsigned int)input_take(input, 1) % driver->device->queue_count;
	unsigned int count = (unsigned int)input_take(input, 1) % MAX_BUFFERS + 1;
	struct guest_buffer buffers[MAX_BUFFERS];

	for (unsigned int i = 0; i < count; i++) {
		uint64_t kind = input_take(input, 1);

		buffers[i].writable = kind & 1;
		buffers[i].gpa =
			kind & 0xe0 ? GUEST_DATA + input_take(input, 1) * 16 : input_take(input, 8);
		if ((kind & 6) == 2)
			buffers[i].len = 1;
		else if ((kind & 6) == 4)
			buffers[i].len = 16;
		else
			buffers[i].len = (uint32_t)input_take(input, kind & 8 ? 4 : 2);
	}
	guest_driver_add(driver, queue, buffers, count);
}

static void poke(struct input *input, struct guest_driver *driver)
{
	uint64_t at = input_take(input, 3) % (PROGRAM_RAM - 8);

	fake_store(driver->machine, FAKE_RAM_BASE + at, 8, input_take(input, 8));
}

/* The first bytes of a buffer, where headers are. */
static void poke_header(struct input *input, struct guest_driver *driver)
{
	uint64_t at = GUEST_DATA + input_take(input, 1) * 16;

	fake_store(driver->machine, at, 8, input_take(input, 2));
	fake_store(driver->machine, at + 8, 8, input_take(input, 2));
}

static void configuration(struct input *input, struct guest_driver *driver)
{
	unsigned int size = 1u << input_take(input, 1) % 4;
	uint64_t offset = input_take(input, 1);

	virtio_device_config_read(driver->device, offset, size);
	virtio_device_config_write(driver->device, offset, size, input_take(input, size));
}

void program_run(struct input *input, struct guest_driver *driver,
		 void (*special)(struct input *input, struct guest_driver *driver))
{
	while (input->left) {
		switch (input_take(input, 1) % 10) {
		case 0:
		case 1:
		case 2: add_chain(input, driver); break;
		case 3: poke(input, driver); break;
		case 4: poke_header(input, driver); break;
		case 5: configuration(input, driver); break;
		case 6: guest_driver_kick(driver, (unsigned int)input_take(input, 1) % 20); break;
		case 7: fake_machine_run_for(driver->machine, 1); break;
		case 8: guest_driver_restart(driver, input_take(input, 4)); break;
		default: special(input, driver); break;
		}
	}
}

void program_of_device(const uint8_t *bytes, size_t size,
		       struct virtio_device *(*make)(struct machine *machine),
		       void (*special)(struct input *input, struct guest_driver *driver),
		       void (*check)(struct guest_driver *driver))
{
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;

	program_machine(&machine);
	device = make(&machine);
	guest_driver_start(&driver, &machine, device, input_take(&input, 4));
	program_run(&input, &driver, special);
	guest_driver_restart(&driver, 0);
	check(&driver);
	virtio_device_free(device);
	fake_machine_destroy(&machine);
}
