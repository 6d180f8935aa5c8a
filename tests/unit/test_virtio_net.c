/* SPDX-License-Identifier: Apache-2.0 */
/* The network card, with a cable that the test holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/net.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { RX = 0, TX = 1 };
#define F_MAC	    (1ull << 5)
#define F_MRG_RXBUF (1ull << 15)
#define F_STATUS    (1ull << 16)

static const struct net_options card = {.mac = {0x52, 0x54, 0, 1, 2, 3}};

struct cable {
	uint8_t frame[NET_MAX_FRAME];
	size_t len;
	struct net_header header;
	uint64_t offers, features;
	unsigned int sent, started, stopped, has_buffers, freed;
};

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	struct cable cable;
};

static void take_frame(void *state, unsigned int pair, const struct net_frame *frame)
{
	struct cable *cable = state;

	assert_int_equal(pair, 0);
	cable->len = 0;
	for (unsigned int i = 0; i < frame->count; i++) {
		const struct iovec *piece = &frame->pieces[i];

		memcpy(cable->frame + cable->len, piece->iov_base, piece->iov_len);
		cable->len += piece->iov_len;
	}
	assert_int_equal(cable->len, frame->len);
	cable->header = *frame->header;
	cable->sent++;
}

static void started(void *state, uint64_t features)
{
	struct cable *cable = state;

	cable->started++;
	cable->features = features;
}

static uint64_t features(void *state)
{
	return ((struct cable *)state)->offers;
}

static void stopped(void *state)
{
	((struct cable *)state)->stopped++;
}

static void has_buffers(void *state, unsigned int pair)
{
	assert_int_equal(pair, 0);
	((struct cable *)state)->has_buffers++;
}

static void freed(void *state)
{
	((struct cable *)state)->freed++;
}

static const struct net_backend backend = {.features = features,
					   .send = take_frame,
					   .started = started,
					   .stopped = stopped,
					   .has_buffers = has_buffers,
					   .free = freed};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	fixture->device = net_new(&fixture->machine, "net0", &card, &backend, &fixture->cable);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device,
			   F_MAC | F_MRG_RXBUF | F_STATUS);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_free(fixture->device);
	assert_int_equal(fixture->cable.freed, 1);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void give_buffer(struct fixture *fixture, uint64_t offset, uint32_t len)
{
	const struct guest_buffer chain = {
		.gpa = GUEST_DATA + offset, .len = len, .writable = true};

	guest_driver_add(&fixture->driver, RX, &chain, 1);
}

static enum net_received receive(struct fixture *fixture, size_t len)
{
	uint8_t frame[NET_MAX_FRAME + 1];

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i * 3 + 1);
	return net_receive(fixture->device, 0, NULL, frame, len);
}

static void assert_received(struct fixture *fixture, uint64_t offset, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + offset + i, 1),
				 (uint8_t)((from + i) * 3 + 1));
}

static void a_frame_arrives_behind_a_header_of_one_buffer(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	give_buffer(fixture, 0, 1526);
	assert_int_equal(receive(fixture, 60), NET_TAKEN);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 72);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA, 8), 0);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 8, 4), 1 << 16);
	assert_received(fixture, 12, 0, 60);
	assert_int_equal(fixture->driver.interrupts[RX], 0);
	net_flush(fixture->device, 0);
	assert_int_equal(fixture->driver.interrupts[RX], 1);
}

static void a_large_frame_spans_as_many_buffers_as_it_needs(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	for (unsigned int i = 0; i < 5; i++)
		give_buffer(fixture, i * 1000, 1000);
	assert_int_equal(receive(fixture, 2500), NET_TAKEN);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 10, 2), 3);
	assert_received(fixture, 12, 0, 988);
	assert_received(fixture, 1000, 988, 1000);
	assert_received(fixture, 2000, 1988, 512);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 1000);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 512);
	assert_false(guest_driver_used(&fixture->driver, RX, &len));
}

static void too_few_buffers_take_nothing_until_there_are_enough(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	give_buffer(fixture, 0, 1000);
	assert_int_equal(receive(fixture, 1500), NET_FULL);
	assert_false(guest_driver_used(&fixture->driver, RX, &len));
	give_buffer(fixture, 1000, 1000);
	guest_driver_kick(&fixture->driver, RX);
	assert_int_equal(fixture->cable.has_buffers, 1);
	assert_int_equal(receive(fixture, 1500), NET_TAKEN);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 10, 2), 2);
	assert_received(fixture, 12, 0, 988);
}

static void doorbells_for_receive_buffers_ring_only_when_they_are_missed(void **state)
{
	struct fixture *fixture = *state;

	give_buffer(fixture, 0, 2000);
	assert_int_equal(fake_queue_used_flags(&fixture->driver.queues[RX]), 1);
	receive(fixture, 60);
	assert_int_equal(fake_queue_used_flags(&fixture->driver.queues[RX]), 1);
	assert_int_equal(receive(fixture, 60), NET_FULL);
	assert_int_equal(fake_queue_used_flags(&fixture->driver.queues[RX]), 0);
	give_buffer(fixture, 0, 2000);
	guest_driver_kick(&fixture->driver, RX);
	assert_int_equal(fake_queue_used_flags(&fixture->driver.queues[RX]), 1);
}

static void without_merging_a_frame_that_does_not_fit_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	guest_driver_restart(&fixture->driver, F_MAC);
	give_buffer(fixture, 0, 500);
	give_buffer(fixture, 500, 500);
	assert_int_equal(receive(fixture, 600), NET_DROPPED);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_int_equal(receive(fixture, 488), NET_TAKEN);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 500);
}

static void a_ring_of_tiny_buffers_drops_frames_and_goes_on(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < GUEST_QUEUE_SIZE; i++)
		give_buffer(fixture, 0, i % 2);
	assert_int_equal(receive(fixture, 1500), NET_DROPPED);
	assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
}

static void a_frame_is_sent_without_its_header_wherever_it_is_cut(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA, .len = 7},
		{.gpa = GUEST_DATA + 7, .len = 0},
		{.gpa = GUEST_DATA + 7, .len = 20},
		{.gpa = GUEST_DATA + 27, .len = 45},
	};

	for (unsigned int i = 0; i < 72; i++)
		fake_store(&fixture->machine, GUEST_DATA + i, 1, i < 12 ? 0 : i);
	guest_driver_add(&fixture->driver, TX, chain, 4);
	guest_driver_kick(&fixture->driver, TX);
	assert_int_equal(fixture->cable.sent, 1);
	assert_int_equal(fixture->cable.len, 60);
	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(fixture->cable.frame[i], i + 12);
	assert_int_equal(fixture->driver.interrupts[TX], 1);
}

static void frames_of_impossible_size_are_dropped_and_given_back(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer header_only = {.gpa = GUEST_DATA, .len = 12};
	const struct guest_buffer huge = {.gpa = GUEST_DATA, .len = 12 + NET_MAX_FRAME + 1};
	uint32_t len;

	guest_driver_add(&fixture->driver, TX, &header_only, 1);
	guest_driver_add(&fixture->driver, TX, &huge, 1);
	guest_driver_kick(&fixture->driver, TX);
	assert_int_equal(fixture->cable.sent, 0);
	assert_int_equal(fixture->machine.guest_errors, 2);
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
}

/* A TCP segment of GSO_SIZE 100, with its checksum left to do. */
static const uint8_t segments_header[12] = {1, 1, 54, 0, 100, 0, 34, 0, 16, 0, 0, 0};

static void send_with_header(struct fixture *fixture, const uint8_t header[12], uint32_t len)
{
	const struct guest_buffer chain = {.gpa = GUEST_DATA, .len = 12 + len};

	memcpy(guest_memory_at(&fixture->machine.memory, GUEST_DATA, 12), header, 12);
	guest_driver_add(&fixture->driver, TX, &chain, 1);
	guest_driver_kick(&fixture->driver, TX);
}

/* The card of a cable that does OFFERS, all of which the driver takes. */
static void start_with(struct fixture *fixture, uint64_t offers)
{
	fixture->cable.offers = offers;
	guest_driver_restart(&fixture->driver, F_MAC | F_MRG_RXBUF | offers);
}

static void only_what_the_cable_does_is_offered(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t offers = 1ull << NET_F_CSUM | 1ull << NET_F_HOST_TSO4;

	assert_int_equal(virtio_device_features(fixture->device) & 0xff83, 1 << 15);
	start_with(fixture, offers);
	assert_int_equal(virtio_device_features(fixture->device) & 0x7f83, offers);
	assert_int_equal(fixture->cable.features & 0x7f83, offers);
}

static void what_is_left_to_do_is_left_to_a_cable_that_does_it(void **state)
{
	struct fixture *fixture = *state;

	send_with_header(fixture, segments_header, 500);
	assert_int_equal(fixture->cable.sent, 0);
	assert_int_equal(fixture->machine.guest_errors, 1);
	start_with(fixture, 1ull << NET_F_CSUM | 1ull << NET_F_HOST_TSO4);
	send_with_header(fixture, segments_header, 500);
	assert_int_equal(fixture->cable.sent, 1);
	assert_int_equal(fixture->cable.len, 500);
	assert_memory_equal(&fixture->cable.header, segments_header, 12);
	assert_int_equal(fixture->machine.guest_errors, 1);
}

static void an_impossible_header_costs_its_frame_alone(void **state)
{
	struct fixture *fixture = *state;
	uint8_t none[12] = {0}, wrong[12];
	uint32_t len;

	start_with(fixture, 1ull << NET_F_CSUM | 1ull << NET_F_HOST_TSO4);
	memcpy(wrong, segments_header, 12);
	wrong[4] = 0; /* segments of no bytes */
	send_with_header(fixture, wrong, 500);
	assert_int_equal(fixture->cable.sent, 0);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
	assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	send_with_header(fixture, none, 60);
	assert_int_equal(fixture->cable.sent, 1);
}

static void a_guest_gets_a_header_that_it_takes_and_no_other(void **state)
{
	struct fixture *fixture = *state;
	const struct net_header header = {.flags = 1, .gso_type = NET_GSO_TCPV4, .gso_size = 100};
	static const uint8_t frame[500];

	give_buffer(fixture, 0, 1500);
	assert_int_equal(net_receive(fixture->device, 0, &header, frame, 500), NET_DROPPED);
	assert_int_equal(fixture->machine.guest_errors, 0);
	start_with(fixture, 1ull << NET_F_GUEST_CSUM | 1ull << NET_F_GUEST_TSO4);
	give_buffer(fixture, 0, 1500);
	assert_int_equal(net_receive(fixture->device, 0, &header, frame, 500), NET_TAKEN);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA, 2), 0x0101);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 4, 2), 100);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 10, 2), 1);
}

static void a_card_that_does_not_run_drops_what_comes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture->cable.started, 1);
	virtio_device_set_status(fixture->device, 0);
	assert_true(fixture->cable.stopped > 0);
	assert_int_equal(receive(fixture, 60), NET_DROPPED);
	guest_driver_restart(&fixture->driver, F_MAC);
	assert_int_equal(receive(fixture, 60), NET_FULL);
}

static void a_wild_receive_descriptor_breaks_the_card_until_reset(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer wild = {.gpa = 0x1000, .len = 2000, .writable = true};

	guest_driver_add(&fixture->driver, RX, &wild, 1);
	receive(fixture, 60);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(receive(fixture, 60), NET_DROPPED);
	guest_driver_restart(&fixture->driver, F_MAC);
	give_buffer(fixture, 0, 2000);
	assert_int_equal(receive(fixture, 60), NET_TAKEN);
}

static void the_mac_is_the_one_that_was_asked_for(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(virtio_device_config_read(fixture->device, 0, 4), 0x01005452);
	assert_int_equal(virtio_device_config_read(fixture->device, 4, 4), 0x00010302);
}

static void the_mac_of_a_cable_is_local_and_always_the_same(void **state)
{
	uint8_t first[6], other[6], again[6];

	(void)state;
	net_make_mac(first, "net0");
	net_make_mac(other, "tap1");
	net_make_mac(again, "net0");
	assert_memory_equal(first, "\x52\x54\x00", 3);
	assert_memory_equal(first, again, 6);
	assert_memory_not_equal(first, other, 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_frame_arrives_behind_a_header_of_one_buffer),
		TEST(a_large_frame_spans_as_many_buffers_as_it_needs),
		TEST(too_few_buffers_take_nothing_until_there_are_enough),
		TEST(doorbells_for_receive_buffers_ring_only_when_they_are_missed),
		TEST(without_merging_a_frame_that_does_not_fit_is_dropped),
		TEST(a_ring_of_tiny_buffers_drops_frames_and_goes_on),
		TEST(a_frame_is_sent_without_its_header_wherever_it_is_cut),
		TEST(frames_of_impossible_size_are_dropped_and_given_back),
		TEST(only_what_the_cable_does_is_offered),
		TEST(what_is_left_to_do_is_left_to_a_cable_that_does_it),
		TEST(an_impossible_header_costs_its_frame_alone),
		TEST(a_guest_gets_a_header_that_it_takes_and_no_other),
		TEST(a_card_that_does_not_run_drops_what_comes),
		TEST(a_wild_receive_descriptor_breaks_the_card_until_reset),
		TEST(the_mac_is_the_one_that_was_asked_for),
		TEST(the_mac_of_a_cable_is_local_and_always_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
