/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the guest did: frames stay within their bounds and come from a pair of queues that there
 * is, the cable has as many pairs as the driver said last, and after a reset the card receives.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/net.h"
#include "devices/net_control.h"
#include "tests/fuzz/program.h"

/* What a driver agreed on, and the bytes bound it. */
static void check_header(uint64_t features, const struct net_header *header, size_t len)
{
	if (header->flags & ~NET_HEADER_NEEDS_CSUM || header->num_buffers)
		abort();
	if (header->flags &&
	    (!(features >> NET_F_CSUM & 1) || header->csum_start + header->csum_offset + 2u > len))
		abort();
	if (header->gso_type && (!header->flags || !header->gso_size || header->hdr_len > len))
		abort();
	if (header->gso_type == NET_GSO_UDP_L4 && !(features >> NET_F_HOST_USO & 1))
		abort();
}

#define PAIRS	4u
#define CONTROL (PAIRS * 2)

struct cable {
	struct virtio_device *device;
	unsigned int pairs;
};

static void take_frame(void *state, unsigned int pair, const struct net_frame *frame)
{
	static uint8_t wire[NET_MAX_FRAME];
	const struct cable *cable = state;
	size_t total = 0;

	check_header(cable->device->driver_features, frame->header, frame->len);
	if (!frame->len || frame->len > NET_MAX_FRAME || pair >= PAIRS)
		abort();
	for (unsigned int i = 0; i < frame->count; i++) {
		memcpy(wire + total, frame->pieces[i].iov_base, frame->pieces[i].iov_len);
		total += frame->pieces[i].iov_len;
	}
	if (total != frame->len)
		abort();
}

static bool set_pairs(void *state, unsigned int pairs)
{
	struct cable *cable = state;

	if (pairs < 1 || pairs > PAIRS || pairs == cable->pairs ||
	    !virtio_has(cable->device, NET_F_MQ) || !virtio_has(cable->device, NET_F_CTRL_VQ))
		abort();
	cable->pairs = pairs;
	return true;
}

static void stopped(void *state)
{
	((struct cable *)state)->pairs = 1;
}

static void free_cable(void *state)
{
	(void)state;
}

static uint64_t features(void *state)
{
	(void)state;
	return 0x7f83 | 1ull << NET_F_GUEST_USO4 | 1ull << NET_F_GUEST_USO6 |
	       1ull << NET_F_HOST_USO;
}

static const struct net_backend backend = {.features = features,
					   .send = take_frame,
					   .set_pairs = set_pairs,
					   .stopped = stopped,
					   .free = free_cable};

static enum net_received receive(struct guest_driver *driver, unsigned int pair,
				 const struct net_header *header, size_t len)
{
	static const uint8_t frame[NET_MAX_FRAME];

	return net_receive(driver->device, pair, header, frame, len);
}

/* A frame as a driver sends it, whole or in two, with whatever is in RAM. */
static void transmit_some(struct input *input, struct guest_driver *driver)
{
	uint64_t shape = input_take(input, 1);
	const unsigned int queue = (unsigned int)(shape >> 6) % PAIRS * 2 + 1;
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = shape & 1 ? 12 : 12 + (uint32_t)input_take(input, 1)},
		{.gpa = GUEST_DATA + 1024, .len = (uint32_t)input_take(input, 2)},
	};

	if (shape & 4) {
		fake_store(driver->machine, GUEST_DATA, 8, input_take(input, 8));
		fake_store(driver->machine, GUEST_DATA + 8, 4, input_take(input, 4));
	}
	guest_driver_add(driver, queue, chain, shape & 2 ? 2 : 1);
	guest_driver_kick(driver, queue);
}

/* A command as a driver gives it, nearly: with whatever bytes, length and room for the answer. */
static void command_some(struct input *input, struct guest_driver *driver)
{
	const uint64_t shape = input_take(input, 1);
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = shape & 7},
		{.gpa = GUEST_DATA + 4096, .len = shape >> 3 & 1, .writable = true},
	};
	/* Behind the pairs, or where it is for a driver that knows of one. */
	const unsigned int queue = shape & 16 ? 2 : CONTROL;

	fake_store(driver->machine, GUEST_DATA, 8, input_take(input, 4));
	guest_driver_add(driver, queue, chain, 2);
	guest_driver_kick(driver, queue);
}

static void receive_some(struct input *input, struct guest_driver *driver)
{
	struct net_header header = {.num_buffers = 0};
	const uint64_t kind = input_take(input, 1);
	const unsigned int pair = (unsigned int)(kind >> 2) % PAIRS;

	if (kind & 1) {
		transmit_some(input, driver);
		return;
	}
	if (kind & 2) {
		command_some(input, driver);
		return;
	}
	header.flags = (uint8_t)input_take(input, 1);
	header.gso_type = (uint8_t)input_take(input, 1);
	receive(driver, pair, &header, 1 + input_take(input, 2) % NET_MAX_FRAME);
	net_flush(driver->device, pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 2000, .writable = true};
	const struct net_options options = {.mac = {0x52}, .pairs = PAIRS};
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct guest_driver driver;
	struct cable cable = {.pairs = 1};
	struct virtio_device *device;

	program_machine(&machine);
	device = net_new(&machine, "net0", &options, &backend, &cable);
	cable.device = device;
	guest_driver_start(&driver, &machine, device, input_take(&input, 8));
	program_run(&input, &driver, receive_some);
	guest_driver_restart(&driver, 0);
	guest_driver_add(&driver, 0, &buffer, 1);
	guest_driver_kick(&driver, 0);
	if (receive(&driver, 0, NULL, 1514) != NET_TAKEN || guest_driver_wait(&driver, 0) != 1526)
		abort();
	virtio_device_free(device);
	fake_machine_destroy(&machine);
	return 0;
}
