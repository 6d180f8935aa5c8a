/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of frames: what a guest may ask for, and what it can take. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "devices/net_header.h"

#define ALL (1ull << 56 | 1ull << 55 | 1ull << 54 | 0x7f83ull)

/* What a guest writes, in the CPU's order. */
struct asked {
	uint8_t flags, type;
	unsigned int hdr_len, gso_size, start, offset;
};

static const char *check_with(const struct asked *asked, uint64_t features, size_t len,
			      struct net_header *header)
{
	*header = (struct net_header){
		.flags = asked->flags,
		.gso_type = asked->type,
		.hdr_len = htole16((uint16_t)asked->hdr_len),
		.gso_size = htole16((uint16_t)asked->gso_size),
		.csum_start = htole16((uint16_t)asked->start),
		.csum_offset = htole16((uint16_t)asked->offset),
		.num_buffers = 7,
	};
	return net_header_check(header, features, len);
}

static void what_makes_sense_goes_on_as_it_is(void **state)
{
	static const struct asked fine[] = {
		{1, 0, 0, 0, 34, 16},		{1, 1, 54, 1448, 34, 16},
		{1, 0x81, 54, 1448, 34, 16},	{1, 4, 74, 1428, 54, 16},
		{1, 3, 42, 1472, 34, 6},	{1, 5, 42, 1472, 34, 6},
		{1, 1, 1000, 1, 1000 - 20, 16}, {1, 0, 0, 0, 14, 984},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		struct net_header header;
		const char *wrong = check_with(&fine[i], ALL, 1000, &header);

		if (wrong)
			fail_msg("row %zu: %s", i, wrong);
		assert_int_equal(header.flags, 1);
		assert_int_equal(header.gso_type, fine[i].type);
		assert_int_equal(le16toh(header.gso_size), fine[i].gso_size);
		assert_int_equal(le16toh(header.csum_start), fine[i].start);
		assert_int_equal(le16toh(header.csum_offset), fine[i].offset);
		assert_int_equal(header.num_buffers, 0);
	}
}

static void what_makes_none_is_refused(void **state)
{
	static const struct asked wrong[] = {
		{1, 0, 0, 0, 13, 16}, /* within the Ethernet header */
		{1, 0, 0, 0, 0, 0},
		{1, 0, 0, 0, 983, 16}, /* a byte beyond the end */
		{1, 0, 0, 0, 14, 985},
		{1, 0, 0, 0, 65535, 65535},
		{1, 1, 54, 0, 34, 16},	  /* segments of no bytes */
		{0, 1, 54, 1448, 34, 16}, /* no checksum */
		{2, 1, 54, 1448, 34, 16},
		{1, 1, 54, 1448, 34, 6}, /* another protocol's */
		{1, 5, 42, 1472, 34, 16},
		{1, 1, 54, 1448, 981, 16},  /* no room for a TCP header */
		{1, 1, 1001, 1448, 34, 16}, /* headers longer than the frame */
		{1, 2, 54, 1448, 34, 16},   /* no such kind */
		{1, 0x80, 54, 1448, 34, 16},
		{1, 0x21, 54, 1448, 34, 16}, /* within a tunnel */
		{1, 0xff, 54, 1448, 34, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct net_header header;

		if (!check_with(&wrong[i], ALL, 1000, &header))
			fail_msg("row %zu is taken", i);
	}
}

static void what_has_no_meaning_is_cleared(void **state)
{
	static const struct asked plain = {0xfe, 0, 500, 600, 700, 800},
				  checked = {1, 0, 9, 9, 34, 16};
	static const struct net_header none;
	struct net_header header;

	(void)state;
	assert_null(check_with(&plain, 0, 60, &header));
	assert_memory_equal(&header, &none, sizeof(none));
	assert_null(check_with(&checked, ALL, 60, &header));
	assert_int_equal(header.gso_size, 0);
	assert_int_equal(header.hdr_len, 0);
}

/* The feature of each request, one after the other missing. */
static void only_what_was_agreed_on_may_be_asked_for(void **state)
{
	static const struct {
		struct asked asked;
		unsigned int feature;
	} rows[] = {
		{{1, 0, 0, 0, 34, 16}, NET_F_CSUM},
		{{1, 1, 54, 1448, 34, 16}, NET_F_HOST_TSO4},
		{{1, 4, 74, 1428, 54, 16}, NET_F_HOST_TSO6},
		{{1, 3, 42, 1472, 34, 6}, NET_F_HOST_UFO},
		{{1, 5, 42, 1472, 34, 6}, NET_F_HOST_USO},
		{{1, 0x81, 54, 1448, 34, 16}, NET_F_HOST_ECN},
	};
	struct net_header header;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint64_t without = ALL & ~(1ull << rows[i].feature);

		assert_null(check_with(&rows[i].asked, ALL, 1000, &header));
		assert_non_null(check_with(&rows[i].asked, without, 1000, &header));
	}
}

static void a_guest_gets_only_what_it_takes(void **state)
{
	static const struct {
		uint8_t flags, type;
		uint64_t features; /* that it takes */
	} rows[] = {
		{1, 0, 1ull << NET_F_GUEST_CSUM},
		{0, 1, 1ull << NET_F_GUEST_TSO4},
		{0, 4, 1ull << NET_F_GUEST_TSO6},
		{0, 3, 1ull << NET_F_GUEST_UFO},
		{0, 5, 1ull << NET_F_GUEST_USO4 | 1ull << NET_F_GUEST_USO6},
		{0, 0x81, 1ull << NET_F_GUEST_TSO4 | 1ull << NET_F_GUEST_ECN},
	};
	const struct net_header none = {.num_buffers = 0}, unknown = {.gso_type = 2};

	(void)state;
	assert_true(net_header_fits(&none, 0));
	assert_false(net_header_fits(&unknown, ALL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct net_header header = {.flags = rows[i].flags, .gso_type = rows[i].type};

		assert_true(net_header_fits(&header, rows[i].features));
		for (unsigned int bit = 0; bit < 64; bit++)
			if (rows[i].features >> bit & 1)
				assert_false(net_header_fits(&header, ALL & ~(1ull << bit)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_sense_goes_on_as_it_is),
		cmocka_unit_test(what_makes_none_is_refused),
		cmocka_unit_test(what_has_no_meaning_is_cleared),
		cmocka_unit_test(only_what_was_agreed_on_may_be_asked_for),
		cmocka_unit_test(a_guest_gets_only_what_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
