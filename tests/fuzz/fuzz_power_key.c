/* SPDX-License-Identifier: Apache-2.0 */
/* The power key. After a reset a press reaches the guest. */
#include <stdlib.h>

#include "devices/devices.h"
#include "tests/fuzz/program.h"

static void press(struct input *input, struct guest_driver *driver)
{
	(void)input;
	power_key_press(driver->device);
}

static void check(struct guest_driver *driver)
{
	for (unsigned int i = 0; i < 4; i++) {
		const struct guest_buffer buffer = {
			.gpa = GUEST_DATA + i * 16, .len = 8, .writable = true};

		guest_driver_add(driver, 0, &buffer, 1);
	}
	if (power_key_press(driver->device) || guest_driver_wait(driver, 0) != 8 ||
	    fake_load(driver->machine, GUEST_DATA, 8) != (1ull << 32 | 116u << 16 | 1))
		abort();
}

static struct virtio_device *make(struct machine *machine)
{
	return virtio_power_key_new(machine, "power-key");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	program_of_device(bytes, size, make, press, check);
	return 0;
}
