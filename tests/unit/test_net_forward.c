/* SPDX-License-Identifier: Apache-2.0 */
/* The network of --net user: ports of the host that lead into the guest, IPv6, its MTU. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixtures/guest_net.h"

/* A port of 127.0.0.1 that nobody has. */
static uint16_t free_port(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int connected(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	connect(fd, (struct sockaddr *)&address, sizeof(address));
	return fd;
}

static struct net_forward forward_to(bool udp, uint16_t host_port, uint16_t guest_port)
{
	return (struct net_forward){.udp = udp,
				    .host.s_addr = htonl(INADDR_LOOPBACK),
				    .guest = net_user_address(2, 15),
				    .host_port = host_port,
				    .guest_port = guest_port};
}

static struct virtio_device *card(struct guest_net *guest, const struct net_forward *forwards,
				  unsigned int count)
{
	struct net_user_options options = {
		.subnet = 2, .forwards = forwards, .forward_count = count};

	memcpy(options.card.mac, guest_net_mac, sizeof(options.card.mac));
	return virtio_net_user_new(&guest->machine, "net0", &options);
}

/* The next frame of PROTOCOL, from its IP header on; questions for the guest's MAC are answered. */
static const uint8_t *next_ip(struct guest_net *guest, unsigned int protocol)
{
	const uint8_t *frame;
	uint32_t len;

	do {
		frame = guest_net_next(guest, &len);
	} while (guest_net_answer_arp(guest, frame) || guest_net_get16(frame + 12) != ETH_P_IP ||
		 frame[14 + 9] != protocol);
	return frame + 14;
}

static uint32_t get32(const uint8_t *at)
{
	return guest_net_get16(at) << 16 | guest_net_get16(at + 2);
}

/* Takes what the loop brings for FD, ten seconds at most. */
static ssize_t receive(struct guest_net *guest, int fd, void *to, size_t len)
{
	ssize_t got = -1;

	for (unsigned int i = 0; i < 10000 && got < 0; i++) {
		fake_machine_run_for(&guest->machine, 1000000);
		got = recv(fd, to, len, MSG_DONTWAIT);
	}
	return got;
}

static void a_connection_to_the_host_reaches_the_guest(void **state)
{
	struct guest_net *guest = *state;
	const uint16_t port = free_port(SOCK_STREAM);
	const struct net_forward forward = forward_to(false, port, 22);
	struct guest_net_segment answer = {.from = 22, .seq = 5000, .flags = TCP_SYN | TCP_ACK};
	const uint8_t *ip;
	uint8_t host_mac[6];
	char text[16];
	int fd;

	guest_net_start(guest, card(guest, &forward, 1));
	guest_net_resolve_host(guest, host_mac);
	fd = connected(SOCK_STREAM, port);
	ip = next_ip(guest, IPPROTO_TCP);
	assert_int_equal(guest_net_get16(ip + 22), 22);
	assert_int_equal(ip[33], TCP_SYN);
	assert_memory_equal(ip + 16, "\x0a\0\2\x0f", 4);
	answer.to = (uint16_t)guest_net_get16(ip + 20);
	answer.ack = get32(ip + 24) + 1;
	guest_net_send_segment(guest, host_mac, &answer);
	assert_int_equal(next_ip(guest, IPPROTO_TCP)[33], TCP_ACK);

	answer.seq++;
	answer.flags = TCP_ACK | TCP_PSH;
	answer.data = "SSH-2.0";
	answer.len = 7;
	guest_net_send_segment(guest, host_mac, &answer);
	assert_int_equal(receive(guest, fd, text, sizeof(text)), 7);
	assert_memory_equal(text, "SSH-2.0", 7);

	assert_int_equal(send(fd, "hello", 5, 0), 5);
	do
		ip = next_ip(guest, IPPROTO_TCP);
	while (guest_net_get16(ip + 2) < 45);
	assert_int_equal(guest_net_get16(ip + 2), 45);
	assert_memory_equal(ip + 40, "hello", 5);
	close(fd);
}

static void a_datagram_to_the_host_reaches_the_guest_and_its_answer_comes_back(void **state)
{
	struct guest_net *guest = *state;
	const uint16_t port = free_port(SOCK_DGRAM);
	const struct net_forward forward = forward_to(true, port, 53);
	uint8_t host_mac[6], frame[46] = {0};
	const uint8_t *ip;
	char text[16];
	int fd;

	guest_net_start(guest, card(guest, &forward, 1));
	guest_net_resolve_host(guest, host_mac);
	fd = connected(SOCK_DGRAM, port);
	assert_int_equal(send(fd, "ask", 3, 0), 3);
	ip = next_ip(guest, IPPROTO_UDP);
	assert_int_equal(guest_net_get16(ip + 22), 53);
	assert_memory_equal(ip + 28, "ask", 3);
	guest_net_put_ethernet(frame, host_mac, ETH_P_IP);
	guest_net_put_ip(frame + 14, IPPROTO_UDP, 12);
	guest_net_put16(frame + 34, 53);
	guest_net_put16(frame + 36, guest_net_get16(ip + 20));
	guest_net_put16(frame + 38, 12);
	memcpy(frame + 42, "told", 4);
	guest_net_send(guest, frame, sizeof(frame));
	assert_int_equal(receive(guest, fd, text, sizeof(text)), 4);
	assert_memory_equal(text, "told", 4);
	close(fd);
}

/* After a reboot of the guest the next life has the same ports. */
static void a_port_is_free_again_when_the_card_is_gone(void **state)
{
	struct guest_net *guest = *state;
	struct net_forward forwards[2];

	forwards[0] = forward_to(false, free_port(SOCK_STREAM), 22);
	forwards[1] = forward_to(true, free_port(SOCK_DGRAM), 53);
	for (unsigned int life = 0; life < 3; life++) {
		struct virtio_device *device = card(guest, forwards, 2);
		int fd;

		assert_non_null(device);
		fd = connected(SOCK_STREAM, forwards[0].host_port);
		fake_machine_run_for(&guest->machine, 1000000);
		virtio_device_free(device);
		close(fd);
		/* The loop lets go of what it watched; for a life of its own see test_loop.c. */
		fake_machine_run_for(&guest->machine, 1000000);
	}
}

/* What making a card with FORWARD says. */
static void assert_refused(struct guest_net *guest, const struct net_forward *forward,
			   const char *words)
{
	int errors = dup(STDERR_FILENO), file = memfd_create("errors", 0);
	struct virtio_device *device;
	char said[512] = "";

	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	device = card(guest, forward, 1);
	dup2(errors, STDERR_FILENO);
	assert_true(pread(file, said, sizeof(said) - 1, 0) > 0);
	close(errors);
	close(file);
	assert_null(device);
	if (!strstr(said, words))
		fail_msg("no \"%s\" in: %s", words, said);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void a_port_that_cannot_be_had_is_refused_in_one_line(void **state)
{
	struct guest_net *guest = *state;
	const uint16_t tcp = free_port(SOCK_STREAM), udp = free_port(SOCK_DGRAM);
	struct net_forward forwards[] = {forward_to(false, tcp, 22), forward_to(true, udp, 53)};
	struct net_forward elsewhere = forward_to(false, tcp, 22);
	struct virtio_device *device = card(guest, forwards, 2);

	assert_non_null(device);
	assert_refused(guest, &forwards[0], "is in use");
	assert_refused(guest, &forwards[1], "is in use");
	virtio_device_free(device);
	elsewhere.host.s_addr = htonl(0xcb007101); /* 203.0.113.1: of documents only */
	assert_refused(guest, &elsewhere, "does not have the address");
}

static void a_privileged_port_is_refused_in_one_line(void **state)
{
	struct guest_net *guest = *state;
	struct net_forward forward = forward_to(false, 1, 22);
	uid_t uid = geteuid();

	/* As somebody who is not root; who may have all ports is told nothing. */
	if (uid == 0 && seteuid(65534))
		skip();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(1),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool allowed = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	if (!allowed)
		assert_refused(guest, &forward, "only root may have this port");
	assert_int_equal(seteuid(uid), 0);
	if (allowed)
		skip();
}

/* ---- IPv6 ---- */

static void a_guest_that_asks_for_a_router_gets_a_prefix(void **state)
{
	static const uint8_t all_routers[6] = {0x33, 0x33, 0, 0, 0, 2};
	static const uint8_t from[16] = {0xfe, 0x80, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 1, 2, 3};
	static const uint8_t to[16] = {0xff, 2, [15] = 2};
	static const uint8_t prefix[16] = {0xfe, 0xc0};
	struct guest_net *guest = *state;
	uint8_t frame[14 + 40 + 8] = {0}, *ip = frame + 14, *icmp = frame + 54;
	const uint8_t *answer;
	uint32_t len, at;

	guest_net_start(guest, card(guest, NULL, 0));
	guest_net_put_ethernet(frame, all_routers, ETH_P_IPV6);
	ip[0] = 0x60;
	guest_net_put16(ip + 4, 8);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
	icmp[0] = 133; /* router solicitation */
	guest_net_put16(icmp + 2, guest_net_checksum(8 + IPPROTO_ICMPV6, ip + 8, 40));
	guest_net_send(guest, frame, sizeof(frame));
	do
		answer = guest_net_next(guest, &len);
	while (guest_net_get16(answer + 12) != ETH_P_IPV6 || answer[54] != 134);
	/* Its options, in units of eight bytes. The prefix is the third. */
	for (at = 54 + 16; at + 32 <= len && answer[at] != 3; at += answer[at + 1] * 8u)
		assert_int_not_equal(answer[at + 1], 0);
	assert_true(at + 32 <= len);
	assert_int_equal(answer[at + 2], 64);
	assert_memory_equal(answer + at + 16, prefix, 16);
}

/* ---- MTU ---- */

static void an_mtu_is_told_to_the_guest_if_there_is_one(void **state)
{
	struct guest_net *guest = *state;
	struct net_user_options options = {.card.mtu = 9000, .subnet = 3};
	struct virtio_device *plain = card(guest, NULL, 0);
	struct virtio_device *large = virtio_net_user_new(&guest->machine, "net1", &options);

	assert_int_equal(virtio_device_features(plain) >> 3 & 1, 0);
	assert_int_equal(virtio_device_features(large) >> 3 & 1, 1);
	assert_int_equal(virtio_device_config_read(large, 10, 2), 9000);
	virtio_device_free(plain);
	virtio_device_free(large);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, guest_net_setup, guest_net_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_to_the_host_reaches_the_guest),
		TEST(a_datagram_to_the_host_reaches_the_guest_and_its_answer_comes_back),
		TEST(a_port_is_free_again_when_the_card_is_gone),
		TEST(a_port_that_cannot_be_had_is_refused_in_one_line),
		TEST(a_privileged_port_is_refused_in_one_line),
		TEST(a_guest_that_asks_for_a_router_gets_a_prefix),
		TEST(an_mtu_is_told_to_the_guest_if_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
