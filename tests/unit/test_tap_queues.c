/* SPDX-License-Identifier: Apache-2.0 */
/* A tap interface with several queues, and a card on it with as many pairs. */
#include <linux/if_ether.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "devices/net_control.h"
#include "devices/tap.h"
#include "tests/unit/fixtures/guest_net.h"
#include "tests/unit/fixtures/own_tap.h"

#define QUEUES 4u
#define LEN    64u
#define FLOWS  64u

static const struct net_options four = {.mac = {0x52, 0x54, 0, 1, 2, 3}, .pairs = QUEUES};
static const struct net_options just_four = {.pairs = QUEUES, .pairs_asked = true};

/* A datagram between 10.0.2.15:PORT and 10.0.2.2:7, that way or back. */
static void put_datagram(uint8_t frame[LEN], uint16_t port, bool from_guest)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t addresses[8];

	memset(frame, 0, LEN);
	guest_net_put_ethernet(frame, from_guest ? everybody : guest_net_mac, ETH_P_IP);
	guest_net_put_ip(frame + 14, IPPROTO_UDP, LEN - 34);
	guest_net_put16(frame + 34, from_guest ? port : 7);
	guest_net_put16(frame + 36, from_guest ? 7 : port);
	guest_net_put16(frame + 38, LEN - 34);
	if (from_guest)
		return;
	memcpy(addresses, frame + 30, 4);
	memcpy(addresses + 4, frame + 26, 4);
	memcpy(frame + 26, addresses, 8);
}

static bool is_datagram(const uint8_t *frame)
{
	return guest_net_get16(frame + 12) == ETH_P_IP && frame[23] == IPPROTO_UDP &&
	       guest_net_get16(frame + 34) == 7;
}

/* ---- the interface ---- */

static void an_interface_with_one_queue_has_one_unless_more_were_asked_for(void **state)
{
	struct tap tap;

	(void)state;
	if (!own_tap_make("tap0", false))
		skip();
	assert_true(tap_open(&tap, "tap0", &four));
	assert_int_equal(tap.queues, 1);
	tap_close(&tap);
	assert_false(tap_open(&tap, "tap0", &just_four));
	assert_true(tap_open(&tap, "tap0", &four));
	tap_close(&tap);
}

static void one_queue_can_be_had_of_an_interface_with_several(void **state)
{
	static const struct net_options one = {.pairs = 1},
					just_one = {.pairs = 1, .pairs_asked = true};
	struct tap tap;

	(void)state;
	if (!own_tap_make("tap0", true))
		skip();
	assert_true(tap_open(&tap, "tap0", &one));
	assert_int_equal(tap.queues, 1);
	tap_close(&tap);
	assert_true(tap_open(&tap, "tap0", &just_one));
	tap_close(&tap);
	assert_true(tap_open(&tap, "tap0", &just_four));
	assert_int_equal(tap.queues, QUEUES);
	assert_int_equal(tap.attached, 1);
	tap_close(&tap);
}

/* The kernel would let two share it. */
static void an_interface_is_one_cards(void **state)
{
	struct tap tap, other;

	(void)state;
	if (!own_tap_make("tap0", true))
		skip();
	assert_true(tap_open(&tap, "tap0", &four));
	assert_false(tap_open(&other, "tap0", &four));
	tap_close(&tap);
	assert_true(tap_open(&tap, "tap0", &four));
	tap_close(&tap);
}

/* The frames that are there, by each queue. */
static unsigned int count_frames(const struct tap *tap, unsigned int counts[QUEUES])
{
	unsigned int total = 0;
	uint8_t frame[2048];

	for (unsigned int i = 0; i < QUEUES; i++) {
		ssize_t len;

		while ((len = read(tap->fds[i], frame, sizeof(frame))) > 0)
			counts[i] += len >= (ssize_t)(NET_HEADER_LEN + LEN) &&
				     is_datagram(frame + NET_HEADER_LEN);
		total += counts[i];
	}
	return total;
}

/* Those of all flows: some may be in the hands of another CPU, which has a frame of the kernel's
 * own to send. */
static void await_frames(const struct tap *tap, unsigned int counts[QUEUES])
{
	struct pollfd files[QUEUES];

	for (unsigned int i = 0; i < QUEUES; i++)
		files[i] = (struct pollfd){.fd = tap->fds[i], .events = POLLIN};
	memset(counts, 0, QUEUES * sizeof(*counts));
	while (count_frames(tap, counts) < FLOWS)
		assert_true(poll(files, tap->attached, 10000) > 0);
}

static void frames_come_by_the_queues_that_are_attached(void **state)
{
	static const unsigned int numbers[] = {1, 4, 2, 3, 1, 4};
	unsigned int counts[QUEUES];
	uint8_t frame[LEN];
	struct tap tap;
	int packet;

	(void)state;
	if (!own_tap_make("tap0", true))
		skip();
	assert_true(tap_open(&tap, "tap0", &four));
	packet = own_tap_open_socket("tap0");
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_true(tap_attach(&tap, numbers[i]));
		assert_int_equal(tap.attached, numbers[i]);
		for (unsigned int flow = 0; flow < FLOWS; flow++) {
			put_datagram(frame, (uint16_t)(4000 + flow * 7), false);
			assert_int_equal(send(packet, frame, LEN, 0), LEN);
		}
		await_frames(&tap, counts);
		for (unsigned int queue = 0; queue < QUEUES; queue++)
			assert_int_equal(counts[queue] != 0, queue < numbers[i]);
	}
	close(packet);
	tap_close(&tap);
}

/* ---- the card ---- */

#define CONTROL	 (QUEUES * 2)
#define COMMAND	 (GUEST_DATA + 0x10000ull)
#define FRAME	 (GUEST_DATA + 0x11000ull)
#define RECEIVED (GUEST_DATA + 0x20000ull)
#define BUFFERS	 16u /* of each pair, which takes them in their order */
#define BUFFER	 2048u

static unsigned int set_pairs(struct guest_net *guest, unsigned int pairs)
{
	const struct guest_buffer chain[] = {
		{.gpa = COMMAND, .len = 4},
		{.gpa = COMMAND + 4, .len = 1, .writable = true},
	};

	fake_store(&guest->machine, COMMAND, 4, 4 | pairs << 16);
	fake_store(&guest->machine, COMMAND + 4, 1, 0x77);
	guest_driver_add(&guest->driver, CONTROL, chain, 2);
	guest_driver_kick(&guest->driver, CONTROL);
	guest_driver_wait(&guest->driver, CONTROL);
	return (unsigned int)fake_load(&guest->machine, COMMAND + 4, 1);
}

static void send_by(struct guest_net *guest, unsigned int pair, uint16_t port)
{
	const struct guest_buffer buffer = {.gpa = FRAME, .len = NET_HEADER_LEN + LEN};
	uint8_t *bytes = guest_memory_at(&guest->machine.memory, FRAME, NET_HEADER_LEN + LEN);

	memset(bytes, 0, NET_HEADER_LEN);
	put_datagram(bytes + NET_HEADER_LEN, port, true);
	guest_driver_add(&guest->driver, pair * 2 + 1, &buffer, 1);
	guest_driver_kick(&guest->driver, pair * 2 + 1);
	guest_driver_wait(&guest->driver, pair * 2 + 1);
}

static uint64_t buffer_at(unsigned int pair, unsigned int index)
{
	return RECEIVED + (uint64_t)(pair * BUFFERS + index) * BUFFER;
}

static void give_buffers(struct guest_net *guest)
{
	for (unsigned int pair = 0; pair < QUEUES; pair++)
		for (unsigned int i = 0; i < BUFFERS; i++) {
			const struct guest_buffer buffer = {
				.gpa = buffer_at(pair, i), .len = BUFFER, .writable = true};

			guest_driver_add(&guest->driver, pair * 2, &buffer, 1);
		}
}

/* The pair by which the datagram to PORT comes. TAKEN: the buffers that each has used. */
static unsigned int comes_by(struct guest_net *guest, unsigned int taken[QUEUES], uint16_t port)
{
	uint32_t len;

	for (unsigned int i = 0; i < 100000; i++) {
		for (unsigned int pair = 0; pair < QUEUES; pair++) {
			const uint64_t gpa = buffer_at(pair, taken[pair]) + NET_HEADER_LEN;
			const uint8_t *frame = guest_memory_at(&guest->machine.memory, gpa, LEN);

			if (!guest_driver_used(&guest->driver, pair * 2, &len))
				continue;
			taken[pair]++;
			if (is_datagram(frame) && guest_net_get16(frame + 36) == port)
				return pair;
		}
		fake_machine_run_for(&guest->machine, 100000);
	}
	fail_msg("nothing comes");
	return QUEUES;
}

/* The host has got the datagram from PORT. */
static bool has_come(int packet, uint16_t port)
{
	uint8_t frame[2048];
	ssize_t len;

	while ((len = recv(packet, frame, sizeof(frame), MSG_DONTWAIT)) > 0)
		if (len >= (ssize_t)LEN && guest_net_get16(frame + 12) == ETH_P_IP &&
		    guest_net_get16(frame + 34) == port)
			return true;
	return false;
}

/* Neighbour discovery and the like may take buffers too: enough are given each time. */
static void an_answer_comes_by_the_pair_that_asked(void **state)
{
	struct guest_net *guest = *state;
	uint8_t frame[LEN];
	int packet;

	if (!own_tap_make("tap0", true))
		skip();
	guest->device = virtio_net_tap_new(&guest->machine, "net0", &four, "tap0", NET_VHOST_OFF);
	assert_non_null(guest->device);
	assert_int_equal(guest->device->queue_count, CONTROL + 1);
	packet = own_tap_open_socket("tap0");
	for (unsigned int life = 0; life < 2; life++) {
		unsigned int taken[QUEUES] = {0};

		guest_driver_start(&guest->driver, &guest->machine, guest->device,
				   1ull << NET_F_MQ | 1ull << NET_F_CTRL_VQ);
		give_buffers(guest);
		assert_int_equal(set_pairs(guest, QUEUES), 0);
		for (unsigned int pair = 0; pair < QUEUES; pair++) {
			const uint16_t port = (uint16_t)(5000 + life * 100 + pair);

			send_by(guest, pair, port);
			put_datagram(frame, port, false);
			assert_int_equal(send(packet, frame, LEN, 0), LEN);
			assert_int_equal(comes_by(guest, taken, port), pair);
		}
		/* All that comes, comes by the pairs that are left. */
		assert_int_equal(set_pairs(guest, 1), 0);
		put_datagram(frame, (uint16_t)(5003 + life * 100), false);
		assert_int_equal(send(packet, frame, LEN, 0), LEN);
		assert_int_equal(comes_by(guest, taken, (uint16_t)(5003 + life * 100)), 0);
		/* What the driver still has in another goes out all the same. */
		send_by(guest, 3, 6000);
		assert_true(has_come(packet, 6000));
		assert_int_equal(set_pairs(guest, 3), 0);
		virtio_device_set_status(guest->device, 0);
	}
	assert_int_equal(guest->machine.guest_errors, 0);
	close(packet);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_net_setup, guest_net_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_interface_with_one_queue_has_one_unless_more_were_asked_for),
		TEST(one_queue_can_be_had_of_an_interface_with_several),
		TEST(an_interface_is_one_cards),
		TEST(frames_come_by_the_queues_that_are_attached),
		TEST(an_answer_comes_by_the_pair_that_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
