/* SPDX-License-Identifier: Apache-2.0 */
/* The memory balloon. After a reset a page that is put into it is gone. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "devices/balloon.h"
#include "devices/devices.h"
#include "tests/fuzz/program.h"

static void other_side(struct input *input, struct guest_driver *driver)
{
	struct balloon_state state;

	if (input_take(input, 1) & 1)
		balloon_want(driver->device, (uint32_t)input_take(input, 4));
	else
		balloon_ask(driver->device);
	balloon_look(driver->device, &state);
}

static void check(struct guest_driver *driver)
{
	const struct guest_memory *memory = &driver->machine->memory;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 4};
	const uint64_t page = GUEST_DATA + 4096;
	uint8_t *bytes = guest_memory_at(memory, page, 4096);

	memset(bytes, 1, 4096);
	memcpy(guest_memory_at(memory, GUEST_DATA, 4), &(uint32_t){htole32(page / 4096)}, 4);
	guest_driver_add(driver, 0, &buffer, 1);
	guest_driver_kick(driver, 0);
	guest_driver_wait(driver, 0);
	if (bytes[0] || bytes[4095])
		abort();
}

static struct virtio_device *make(struct machine *machine)
{
	return virtio_balloon_new(machine, "balloon0");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	program_of_device(bytes, size, make, other_side, check);
	return 0;
}
