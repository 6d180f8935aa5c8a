/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the guest did: frames stay within their bounds, and after a reset the card receives. */
#include <stdlib.h>
#include <string.h>

#include "devices/net.h"
#include "tests/fuzz/program.h"

static void take_frame(void *state, const struct iovec *frame, unsigned int count, size_t len)
{
	static uint8_t wire[NET_MAX_FRAME];
	size_t total = 0;

	(void)state;
	if (!len || len > NET_MAX_FRAME)
		abort();
	for (unsigned int i = 0; i < count; i++) {
		memcpy(wire + total, frame[i].iov_base, frame[i].iov_len);
		total += frame[i].iov_len;
	}
	if (total != len)
		abort();
}

static void free_cable(void *state)
{
	(void)state;
}

static const struct net_backend backend = {.send = take_frame, .free = free_cable};

static enum net_received receive(struct guest_driver *driver, size_t len)
{
	static const uint8_t frame[NET_MAX_FRAME];

	return net_receive(driver->device, frame, len);
}

/* A frame as a driver sends it, whole or in two, with whatever is in RAM. */
static void transmit_some(struct input *input, struct guest_driver *driver)
{
	uint64_t shape = input_take(input, 1);
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = shape & 1 ? 12 : 12 + (uint32_t)input_take(input, 1)},
		{.gpa = GUEST_DATA + 1024, .len = (uint32_t)input_take(input, 2)},
	};

	guest_driver_add(driver, 1, chain, shape & 2 ? 2 : 1);
	guest_driver_kick(driver, 1);
}

static void receive_some(struct input *input, struct guest_driver *driver)
{
	if (input_take(input, 1) & 1) {
		transmit_some(input, driver);
		return;
	}
	receive(driver, 1 + input_take(input, 2) % NET_MAX_FRAME);
	net_flush(driver->device);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 2000, .writable = true};
	const struct net_options options = {.mac = {0x52}};
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;

	program_machine(&machine);
	device = net_new(&machine, "net0", &options, &backend, NULL);
	guest_driver_start(&driver, &machine, device, input_take(&input, 4));
	program_run(&input, &driver, receive_some);
	guest_driver_restart(&driver, 0);
	guest_driver_add(&driver, 0, &buffer, 1);
	guest_driver_kick(&driver, 0);
	if (receive(&driver, 1514) != NET_TAKEN || guest_driver_wait(&driver, 0) != 1526)
		abort();
	virtio_device_free(device);
	fake_machine_destroy(&machine);
	return 0;
}
