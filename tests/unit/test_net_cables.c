/* SPDX-License-Identifier: Apache-2.0 */
/* What the network card is plugged into: libslirp, and a tap interface in a namespace of its own.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/guest_net.h"
#include "tests/unit/fixtures/own_tap.h"

static const struct net_options card = {.mac = {0x52, 0x54, 0, 1, 2, 3}};
static const struct net_user_options user = {.card.mac = {0x52, 0x54, 0, 1, 2, 3}, .subnet = 2};

/* ---- libslirp ---- */

static int open_host_socket(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void a_datagram_reaches_the_host_and_its_answer_the_guest(void **state)
{
	struct guest_net *fixture = *state;
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	const uint8_t *reply;
	uint8_t host_mac[6], frame[46] = {0}, text[16];
	uint16_t port;
	uint32_t len;
	int fd = open_host_socket(SOCK_DGRAM, &port);

	guest_net_start(fixture, virtio_net_user_new(&fixture->machine, "net0", &user));
	guest_net_resolve_host(fixture, host_mac);
	guest_net_put_ethernet(frame, host_mac, ETH_P_IP);
	guest_net_put_ip(frame + 14, IPPROTO_UDP, 12);
	guest_net_put16(frame + 34, 4000);
	guest_net_put16(frame + 36, port);
	guest_net_put16(frame + 38, 12);
	memcpy(frame + 42, "ping", 4);
	guest_net_send(fixture, frame, sizeof(frame));
	fake_machine_run_for(&fixture->machine, 1000000);
	assert_int_equal(
		recvfrom(fd, text, sizeof(text), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len),
		4);
	assert_memory_equal(text, "ping", 4);
	assert_int_equal(sendto(fd, "pong!", 5, 0, (struct sockaddr *)&from, from_len), 5);
	reply = guest_net_next(fixture, &len);
	assert_true(len >= 47);
	assert_memory_equal(reply + 14 + 12, "\x0a\0\2\2\x0a\0\2\x0f", 8);
	assert_memory_equal(reply + 42, "pong!", 5);
	close(fd);
}

static void do_nothing(struct loop_task *task)
{
	(void)task;
}

/* What others posted before they were freed is still in the loop's list: nobody may touch it. */
static void a_card_that_is_freed_posts_nothing(void **state)
{
	struct guest_net *fixture = *state;
	struct loop_task last = {.run = do_nothing};
	uint8_t host_mac[6], frame[46] = {0};
	uint16_t port;
	int fd = open_host_socket(SOCK_DGRAM, &port);

	guest_net_start(fixture, virtio_net_user_new(&fixture->machine, "net0", &user));
	guest_net_resolve_host(fixture, host_mac);
	guest_net_put_ethernet(frame, host_mac, ETH_P_IP);
	guest_net_put_ip(frame + 14, IPPROTO_UDP, 12);
	guest_net_put16(frame + 34, 4000);
	guest_net_put16(frame + 36, port);
	guest_net_put16(frame + 38, 12);
	guest_net_send(fixture, frame, sizeof(frame));
	fake_machine_run_for(&fixture->machine, 1000000);
	loop_post(machine_loop(&fixture->machine), &last);
	virtio_device_free(fixture->device);
	fixture->device = NULL;
	assert_null(last.next);
	fake_machine_run_for(&fixture->machine, 1000000);
	close(fd);
}

/* Every byte, and none of them marked urgent: the guest would take that one out. */
static void a_stream_from_the_host_arrives_as_it_was_sent(void **state)
{
	struct guest_net *fixture = *state;
	const uint8_t *segment;
	uint8_t host_mac[6], text[100];
	uint16_t port;
	uint32_t len, seq, got = 0;
	int listener = open_host_socket(SOCK_STREAM, &port), fd;

	assert_int_equal(listen(listener, 1), 0);
	guest_net_start(fixture, virtio_net_user_new(&fixture->machine, "net0", &user));
	guest_net_resolve_host(fixture, host_mac);
	guest_net_send_tcp(fixture, host_mac, port, 1000, 0, TCP_SYN);
	segment = guest_net_next(fixture, &len) + 34;
	assert_int_equal(segment[13], TCP_SYN | TCP_ACK);
	seq = (uint32_t)segment[4] << 24 | (uint32_t)segment[5] << 16 | (uint32_t)segment[6] << 8 |
	      segment[7];
	guest_net_send_tcp(fixture, host_mac, port, 1001, ++seq, TCP_ACK);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	fake_machine_run_for(&fixture->machine, 1000000);
	memset(text, 'x', sizeof(text));
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
		segment = guest_net_next(fixture, &len) + 34;
		assert_int_equal(segment[13] & TCP_URG, 0);
		got += len - 34 - (segment[12] >> 4) * 4u;
		guest_net_send_tcp(fixture, host_mac, port, 1001, seq + got, TCP_ACK);
	}
	assert_int_equal(got, 3 * sizeof(text));
	close(fd);
	close(listener);
}

static void garbage_from_the_guest_is_swallowed(void **state)
{
	struct guest_net *fixture = *state;
	uint8_t frame[1500];
	uint32_t random = 12345;

	guest_net_start(fixture, virtio_net_user_new(&fixture->machine, "net0", &user));
	for (unsigned int round = 0; round < 200; round++) {
		for (unsigned int i = 0; i < sizeof(frame); i++)
			frame[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
		if (round % 2)
			guest_net_put_ethernet(frame, guest_net_mac,
					       round % 4 == 1 ? ETH_P_IP : ETH_P_ARP);
		frame[14] = round % 8 == 1 ? 0x45 : frame[14];
		guest_net_send(fixture, frame, 1 + round * 7);
	}
}

/* ---- tap ---- */

static void an_interface_that_does_not_exist_is_refused_and_not_made(void **state)
{
	struct guest_net *fixture = *state;

	assert_null(
		virtio_net_tap_new(&fixture->machine, "net0", &card, "vharttest9", NET_VHOST_OFF));
	assert_int_equal(if_nametoindex("vharttest9"), 0);
	assert_null(virtio_net_tap_new(&fixture->machine, "net0", &card, "", NET_VHOST_OFF));
	assert_null(virtio_net_tap_new(&fixture->machine, "net0", &card,
				       "a-name-that-is-longer-than-any-interface", NET_VHOST_OFF));
}

static void an_interface_that_is_no_tap_is_refused(void **state)
{
	struct guest_net *fixture = *state;

	assert_null(virtio_net_tap_new(&fixture->machine, "net0", &card, "lo", NET_VHOST_OFF));
}

/* The next frame of our own type: the host sends neighbour discovery and such by itself. */
#define OUR_TYPE 0x88b5

static void frames_pass_between_a_tap_and_the_guest(void **state)
{
	struct guest_net *fixture = *state;
	uint8_t frame[64], got[256];
	const uint8_t *received;
	uint32_t len;
	int packet;

	if (!own_tap_make("tap0", false))
		skip();
	guest_net_start(fixture, virtio_net_tap_new(&fixture->machine, "net0", &card, "tap0",
						    NET_VHOST_OFF));
	assert_null(virtio_net_tap_new(&fixture->machine, "net1", &card, "tap0", NET_VHOST_OFF));
	packet = own_tap_open_socket("tap0");
	memset(frame, 'x', sizeof(frame));
	guest_net_put_ethernet(frame, guest_net_mac, OUR_TYPE);
	assert_int_equal(send(packet, frame, sizeof(frame), 0), sizeof(frame));
	do
		received = guest_net_next(fixture, &len);
	while (received[12] != OUR_TYPE >> 8 || received[13] != (OUR_TYPE & 0xff));
	assert_int_equal(len, sizeof(frame));
	assert_memory_equal(received, frame, sizeof(frame));

	frame[20] = 'y';
	guest_net_send(fixture, frame, sizeof(frame));
	do
		assert_true(recv(packet, got, sizeof(got), MSG_DONTWAIT) > 0);
	while (got[20] != 'y');
	assert_memory_equal(got, frame, sizeof(frame));
	close(packet);
}

/* A TCP packet of 200 bytes, to be cut into two of 100, and its checksum is left to do. */
#define SEGMENTED_LEN 254u
static const struct net_header segmented = {.flags = NET_HEADER_NEEDS_CSUM,
					    .gso_type = NET_GSO_TCPV4,
					    .hdr_len = 54,
					    .gso_size = 100,
					    .csum_start = 34,
					    .csum_offset = 16};

static void put_segmented(uint8_t frame[SEGMENTED_LEN])
{
	static const uint8_t to[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	memset(frame, 'x', SEGMENTED_LEN);
	guest_net_put_ethernet(frame, to, ETH_P_IP);
	guest_net_put_ip(frame + 14, IPPROTO_TCP, 220);
	memset(frame + 34, 0, 20);
	frame[34 + 12] = 0x50;
	frame[34 + 13] = TCP_ACK;
	/* Of the pseudo header, which the rest is added to. */
	guest_net_put16(frame + 50,
			~guest_net_checksum(0x0a00 + 0x020f + 0x0a00 + 0x0202 + IPPROTO_TCP + 220,
					    NULL, 0));
}

/* The next TCP packet that the guest gets. */
static const uint8_t *next_tcp(struct guest_net *guest, uint32_t *len)
{
	const uint8_t *frame;

	do
		frame = guest_net_next(guest, len);
	while (guest_net_get16(frame + 12) != ETH_P_IP || frame[23] != IPPROTO_TCP);
	return frame;
}

static void host_sends_segmented(int packet)
{
	struct {
		uint8_t header[10], frame[SEGMENTED_LEN];
	} whole;
	int on = 1;

	assert_int_equal(setsockopt(packet, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
	memcpy(whole.header, &segmented, sizeof(whole.header));
	put_segmented(whole.frame);
	assert_int_equal(send(packet, &whole, sizeof(whole), 0), sizeof(whole));
}

static void the_host_cuts_packets_for_a_guest_that_does_not_take_them_whole(void **state)
{
	struct guest_net *fixture = *state;
	const uint8_t *frame;
	uint32_t len;
	int packet;

	if (!own_tap_make("tap0", false))
		skip();
	guest_net_start(fixture, virtio_net_tap_new(&fixture->machine, "net0", &card, "tap0",
						    NET_VHOST_OFF));
	packet = own_tap_open_socket("tap0");
	host_sends_segmented(packet);
	for (unsigned int i = 0; i < 2; i++) {
		frame = next_tcp(fixture, &len);
		assert_int_equal(len, 154);
		assert_int_equal(frame[0 - (int)NET_HEADER_LEN], 0);
		assert_int_equal(frame[1 - (int)NET_HEADER_LEN], 0);
	}
	virtio_device_free(fixture->device);
	fixture->device = NULL;
	/* The loop lets go of the interface. */
	fake_machine_run_for(&fixture->machine, 1000000);
	guest_net_start_with(
		fixture,
		virtio_net_tap_new(&fixture->machine, "net0", &card, "tap0", NET_VHOST_OFF),
		1ull << NET_F_GUEST_CSUM | 1ull << NET_F_GUEST_TSO4);
	own_tap_settle("tap0");
	host_sends_segmented(packet);
	frame = next_tcp(fixture, &len);
	assert_int_equal(len, SEGMENTED_LEN);
	assert_int_equal(frame[0 - (int)NET_HEADER_LEN], NET_HEADER_NEEDS_CSUM);
	assert_int_equal(frame[1 - (int)NET_HEADER_LEN], NET_GSO_TCPV4);
	assert_int_equal(frame[4 - (int)NET_HEADER_LEN], 100);
	close(packet);
}

static void the_guest_leaves_segments_and_checksums_to_the_host(void **state)
{
	struct guest_net *fixture = *state;
	struct net_header wrong = segmented;
	uint8_t frame[SEGMENTED_LEN], got[512];
	ssize_t len;
	int packet;

	if (!own_tap_make("tap0", false))
		skip();
	guest_net_start_with(
		fixture,
		virtio_net_tap_new(&fixture->machine, "net0", &card, "tap0", NET_VHOST_OFF),
		1ull << NET_F_CSUM | 1ull << NET_F_HOST_TSO4 | 1ull << NET_F_HOST_TSO6);
	packet = own_tap_open_socket("tap0");
	put_segmented(frame);
	guest_net_send_with(fixture, &segmented, frame, sizeof(frame));
	do
		len = recv(packet, got, sizeof(got), MSG_DONTWAIT);
	while (len > 0 && (guest_net_get16(got + 12) != ETH_P_IP || got[23] != IPPROTO_TCP));
	assert_int_equal(len, SEGMENTED_LEN);
	assert_int_equal(fixture->machine.guest_errors, 0);
	/* IPv4 that says it is IPv6: only the kernel looks into frames. */
	wrong.gso_type = NET_GSO_TCPV6;
	guest_net_send_with(fixture, &wrong, frame, sizeof(frame));
	assert_int_equal(fixture->machine.guest_errors, 1);
	close(packet);
}

static bool delete_link(const char *name)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_DELLINK,
			   .nlmsg_flags = NLM_F_REQUEST},
		.info = {.ifi_index = (int)if_nametoindex(name)},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	bool sent = send(fd, &request, sizeof(request), 0) == sizeof(request);

	close(fd);
	return sent && if_nametoindex(name) == 0;
}

/* Each start of the guest's driver would find it gone again, and say so. */
static void an_interface_that_is_deleted_is_reported_once(void **state)
{
	struct guest_net *fixture = *state;
	char said[1024] = "";
	int errors, file;

	if (!own_tap_make("tap0", false))
		skip();
	guest_net_start(fixture, virtio_net_tap_new(&fixture->machine, "net0", &card, "tap0",
						    NET_VHOST_OFF));
	assert_true(delete_link("tap0"));
	errors = dup(STDERR_FILENO);
	file = memfd_create("errors", 0);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	for (unsigned int i = 0; i < 3; i++) {
		fake_machine_run_for(&fixture->machine, 1000000);
		guest_driver_restart(&fixture->driver, 0);
	}
	dup2(errors, STDERR_FILENO);
	assert_true(pread(file, said, sizeof(said) - 1, 0) > 0);
	assert_non_null(strstr(said, "is gone"));
	assert_null(strstr(strstr(said, "is gone") + 1, "is gone"));
	close(errors);
	close(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_net_setup, guest_net_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_datagram_reaches_the_host_and_its_answer_the_guest),
		TEST(a_card_that_is_freed_posts_nothing),
		TEST(a_stream_from_the_host_arrives_as_it_was_sent),
		TEST(garbage_from_the_guest_is_swallowed),
		TEST(an_interface_that_does_not_exist_is_refused_and_not_made),
		TEST(an_interface_that_is_no_tap_is_refused),
		TEST(frames_pass_between_a_tap_and_the_guest),
		TEST(the_host_cuts_packets_for_a_guest_that_does_not_take_them_whole),
		TEST(the_guest_leaves_segments_and_checksums_to_the_host),
		TEST(an_interface_that_is_deleted_is_reported_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
