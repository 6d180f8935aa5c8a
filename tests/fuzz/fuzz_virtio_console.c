/* SPDX-License-Identifier: Apache-2.0 */
/* Console and entropy device. After a reset the console prints and the other one delivers. */
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

static void other_side(struct input *input, struct guest_driver *driver)
{
	static const char text[300];

	if (!driver->machine->console)
		return;
	if (input_take(input, 1) & 1)
		fake_console_type(driver->machine, text, input_take(input, 1));
	else
		fake_console_make_room(driver->machine, input_take(input, 2));
}

static void check_console(struct guest_driver *driver)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 5};

	fake_console_make_room(driver->machine, 5);
	guest_driver_add(driver, 1, &buffer, 1);
	guest_driver_kick(driver, 1);
	guest_driver_wait(driver, 1);
	if (driver->machine->output_room)
		abort();
}

static void check_rng(struct guest_driver *driver)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 64, .writable = true};

	guest_driver_add(driver, 0, &buffer, 1);
	guest_driver_kick(driver, 0);
	if (guest_driver_wait(driver, 0) != 64)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .left = size};
	bool console = input_take(&input, 1) & 1;
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;

	program_machine(&machine);
	device = console ? virtio_console_new(&machine, "console0")
			 : virtio_rng_new(&machine, "rng0");
	guest_driver_start(&driver, &machine, device, input_take(&input, 4));
	program_run(&input, &driver, other_side);
	guest_driver_restart(&driver, 0);
	if (console)
		check_console(&driver);
	else
		check_rng(&driver);
	virtio_device_free(device);
	fake_machine_destroy(&machine);
	return 0;
}
