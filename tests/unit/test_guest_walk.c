/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/guest_walk.h"

#define V   0x01ull
#define R   0x02ull
#define W   0x04ull
#define X   0x08ull
#define RWX (R | W | X)
#define N   (1ull << 63)

enum { PAGES = 24 };
static const uint64_t ram_base = 0x80000000;

static uint64_t ram[PAGES][512];
static unsigned int reads;

static bool read_ram(void *context, uint64_t physical, uint64_t *value)
{
	(void)context;
	reads++;
	assert_int_equal(physical % 8, 0);
	if (physical < ram_base || physical - ram_base >= sizeof(ram))
		return false;
	*value = ram[(physical - ram_base) / 4096][physical % 4096 / 8];
	return true;
}

/* MODE as in satp; the root is page 0 of ram. */
static struct guest_space space(uint64_t mode)
{
	return (struct guest_space){mode << 60 | ram_base >> 12, read_ram, NULL};
}

static uint64_t to_page(unsigned int page, uint64_t flags)
{
	return ((ram_base >> 12) + page) << 10 | flags;
}

static uint64_t to_physical(uint64_t physical, uint64_t flags)
{
	return physical >> 12 << 10 | flags;
}

static void expect_page(uint64_t mode, uint64_t address, uint64_t physical, uint64_t size)
{
	const struct guest_space guest = space(mode);
	struct guest_page page;

	assert_int_equal(guest_walk(&guest, address, &page), GUEST_WALK_OK);
	assert_int_equal(page.physical, physical);
	assert_int_equal(page.size, size);
}

static void expect_end(uint64_t mode, uint64_t address, enum guest_walk_end end)
{
	const struct guest_space guest = space(mode);
	struct guest_page page;

	assert_int_equal(guest_walk(&guest, address, &page), end);
}

/* A table in pages 0 to 2 for Sv39 addresses below 1 GiB; the last level's entry of address 0. */
static void three_levels(uint64_t leaf)
{
	memset(ram, 0, sizeof(ram));
	ram[0][0] = to_page(1, V);
	ram[1][0] = to_page(2, V);
	ram[2][0] = leaf;
}

static void bare_addresses_are_physical(void **state)
{
	(void)state;
	expect_page(0, 0x80001234, 0x80001234, 0);
	expect_page(0, UINT64_MAX, UINT64_MAX, 0);
}

static void each_mode_has_its_levels(void **state)
{
	(void)state;
	for (uint64_t mode = 8; mode <= 10; mode++) {
		const unsigned int levels = (unsigned int)mode - 5;

		memset(ram, 0, sizeof(ram));
		for (unsigned int i = 0; i + 1 < levels; i++)
			ram[i][511 - i] = to_page(i + 1, V);
		ram[levels - 1][511 - (levels - 1)] = to_physical(0x123456789000, V | R);
		/* Sign-extended, as the first index is 511. */
		uint64_t address = UINT64_MAX << (12 + 9 * levels);
		for (unsigned int i = 0; i < levels; i++)
			address |= (uint64_t)(511 - i) << (12 + 9 * (levels - 1 - i));
		reads = 0;
		expect_page(mode, address | 0xabc, 0x123456789abc, 4096);
		assert_int_equal(reads, levels);
		/* One bit off the sign. */
		expect_end(mode, address ^ 1ull << 63, GUEST_WALK_FAULT);
		expect_end(mode, address ^ 1ull << (12 + 9 * levels), GUEST_WALK_FAULT);
	}
}

static void reserved_modes_fault(void **state)
{
	(void)state;
	three_levels(to_physical(0x1000, V | R));
	for (uint64_t mode = 1; mode < 16; mode++) {
		if (mode < 8 || mode > 10)
			expect_end(mode, 0, GUEST_WALK_FAULT);
	}
}

static void superpages_take_more_of_the_address(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	ram[0][1] = to_physical(3ull << 30, V | RWX);
	ram[0][2] = to_page(1, V);
	ram[1][5] = to_physical(7ull << 21, V | R | X);
	expect_page(8, (1ull << 30) + 0x12345678, (3ull << 30) + 0x12345678, 1 << 30);
	expect_page(8, (2ull << 30) + (5ull << 21) + 0x12345, (7ull << 21) + 0x12345, 1 << 21);
	ram[0][1] += to_physical(4096, 0);
	ram[1][5] += to_physical(1 << 20, 0);
	expect_end(8, 1ull << 30, GUEST_WALK_FAULT);
	expect_end(8, (2ull << 30) + (5ull << 21), GUEST_WALK_FAULT);
}

static void what_is_reserved_in_a_leaf_faults(void **state)
{
	(void)state;
	three_levels(to_physical(0x5000, V | R));
	expect_page(8, 0x10, 0x5010, 4096);
	three_levels(to_physical(0x5000, V | X)); /* execute-only is no fault */
	expect_page(8, 0x10, 0x5010, 4096);
	three_levels(to_physical(0x5000, R));
	expect_end(8, 0, GUEST_WALK_FAULT);
	three_levels(to_physical(0x5000, V | W));
	expect_end(8, 0, GUEST_WALK_FAULT);
	three_levels(to_physical(0x5000, V | W | X));
	expect_end(8, 0, GUEST_WALK_FAULT);
	three_levels(to_physical(0x5000, V)); /* a pointer where no level is left */
	expect_end(8, 0, GUEST_WALK_FAULT);
	for (unsigned int bit = 54; bit <= 62; bit++) {
		three_levels(to_physical(0x5000, V | R) | 1ull << bit);
		/* 59, 60: Svrsw60t59b; 61, 62: Svpbmt */
		expect_end(8, 0, bit < 59 ? GUEST_WALK_FAULT : GUEST_WALK_OK);
	}
	three_levels(to_physical(0x5000, V | R) | 3ull << 61);
	expect_end(8, 0, GUEST_WALK_FAULT);
}

static void what_is_reserved_in_a_pointer_faults(void **state)
{
	static const uint64_t reserved[] = {1ull << 4,	1ull << 6,  1ull << 7,
					    1ull << 54, 1ull << 61, N};

	(void)state;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		three_levels(to_physical(0x5000, V | R));
		ram[1][0] |= reserved[i];
		expect_end(8, 0, GUEST_WALK_FAULT);
	}
	three_levels(to_physical(0x5000, V | R));
	ram[1][0] |= 1 << 5 | 3 << 8; /* G and software's two are free */
	expect_page(8, 0, 0x5000, 4096);
}

static void a_napot_page_is_64_kib(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	ram[0][0] = to_page(1, V);
	ram[1][0] = to_page(2, V);
	for (unsigned int i = 16; i < 32; i++)
		ram[2][i] = to_physical(0x120000 + 0x8000, V | R) | N;
	for (uint64_t offset = 0; offset < 0x10000; offset += 0x1234)
		expect_page(8, 0x10000 + offset, 0x120000 + offset, 0x10000);
	ram[2][16] = to_physical(0x120000 + 0x4000, V | R) | N;
	expect_end(8, 0x10000, GUEST_WALK_FAULT);
	ram[2][16] = to_physical(0x120000 + 0x9000, V | R) | N;
	expect_end(8, 0x10000, GUEST_WALK_FAULT);
	ram[1][0] = to_physical(0, V | R) | N; /* only 4 KiB pages can be of many */
	expect_end(8, 0x10000, GUEST_WALK_FAULT);
}

static void a_table_outside_memory_is_told_from_a_fault(void **state)
{
	(void)state;
	three_levels(to_physical(0x5000, V | R));
	ram[1][0] = to_physical(ram_base - 4096, V);
	expect_end(8, 0, GUEST_WALK_UNREADABLE);
	ram[1][0] = to_physical(ram_base + sizeof(ram), V);
	expect_end(8, 0, GUEST_WALK_UNREADABLE);
	ram[1][0] = UINT64_MAX >> 10 & ~(RWX | 0xd0);
	expect_end(8, 0, GUEST_WALK_UNREADABLE);
}

/* ---- against the steps of the specification, written down one by one ---- */

static uint64_t bits(uint64_t value, unsigned int high, unsigned int low)
{
	return value >> low & (UINT64_MAX >> (63 - (high - low)));
}

static enum guest_walk_end reference(unsigned int levels, uint64_t a, uint64_t va, uint64_t *pa)
{
	const unsigned int top = levels * 9 + 12 - 1;

	for (unsigned int bit = top + 1; bit < 64; bit++) {
		if (bits(va, bit, bit) != bits(va, top, top))
			return GUEST_WALK_FAULT;
	}
	for (int i = (int)levels - 1;; i--) {
		const unsigned int low = 12 + 9 * (unsigned int)i;
		uint64_t pte;

		if (!read_ram(NULL, a * 4096 + bits(va, low + 8, low) * 8, &pte))
			return GUEST_WALK_UNREADABLE;
		const bool v = bits(pte, 0, 0), r = bits(pte, 1, 1), w = bits(pte, 2, 2),
			   x = bits(pte, 3, 3), n = bits(pte, 63, 63);
		const uint64_t ppn = bits(pte, 53, 10), pbmt = bits(pte, 62, 61);

		if (!v || (!r && w) || bits(pte, 58, 54))
			return GUEST_WALK_FAULT;
		if (!r && !x) {
			if (n || pbmt || bits(pte, 4, 4) || bits(pte, 6, 6) || bits(pte, 7, 7))
				return GUEST_WALK_FAULT;
			if (i == 0)
				return GUEST_WALK_FAULT;
			a = ppn;
			continue;
		}
		if (pbmt == 3 || (n && i > 0) || (n && bits(ppn, 3, 0) != 8))
			return GUEST_WALK_FAULT;
		if (i > 0 && bits(ppn, (unsigned int)i * 9 - 1, 0) != 0)
			return GUEST_WALK_FAULT;
		if (n)
			*pa = bits(ppn, 43, 4) * 65536 + bits(va, 15, 0);
		else if (i > 0)
			*pa = bits(ppn, 43, (unsigned int)i * 9) * (1ull << low) +
			      bits(va, low - 1, 0);
		else
			*pa = ppn * 4096 + bits(va, 11, 0);
		return GUEST_WALK_OK;
	}
}

static uint64_t random64(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* Mostly pointers within memory; else leaves, some aligned, some reserved bits. */
static uint64_t random_entry(void)
{
	switch (random() % 8) {
	case 0: return random64();
	case 1: return to_physical(random64() & 0xffffffc0000000, V | R | (random64() & 0xff));
	case 2: return to_physical(random64() & 0xffffffe00000, V | R | W | (random64() & 0xff));
	case 3: return to_physical((random64() & 0xffffff0000) | 0x8000, V | R) | N;
	case 4: return to_physical(random64() & 0xfffffff000, V | X);
	default:
		return to_page((unsigned int)random() % (PAGES + 1), V) |
		       (random() % 16 ? 0 : 1ull << random() % 64);
	}
}

static void random_tables_are_walked_as_the_specification_says(void **state)
{
	unsigned int ends[3] = {0};

	(void)state;
	srandom(3);
	for (int round = 0; round < 40; round++) {
		for (unsigned int i = 0; i < PAGES; i++) {
			for (unsigned int k = 0; k < 512; k++)
				ram[i][k] = random_entry();
		}
		for (int i = 0; i < 3000; i++) {
			const unsigned int levels = 3 + (unsigned int)random() % 3;
			const struct guest_space guest = space(levels + 5);
			uint64_t address = random64(), expected = 0;
			struct guest_page page;

			if (random() % 16) /* canonical */
				address = (uint64_t)((int64_t)(address << (52 - 9 * levels)) >>
						     (52 - 9 * levels));
			enum guest_walk_end end =
				reference(levels, ram_base >> 12, address, &expected);
			reads = 0;
			assert_int_equal(guest_walk(&guest, address, &page), end);
			assert_true(reads <= levels);
			ends[end]++;
			if (end == GUEST_WALK_OK)
				assert_int_equal(page.physical, expected);
		}
	}
	for (unsigned int i = 0; i < 3; i++)
		assert_true(ends[i] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare_addresses_are_physical),
		cmocka_unit_test(each_mode_has_its_levels),
		cmocka_unit_test(reserved_modes_fault),
		cmocka_unit_test(superpages_take_more_of_the_address),
		cmocka_unit_test(what_is_reserved_in_a_leaf_faults),
		cmocka_unit_test(what_is_reserved_in_a_pointer_faults),
		cmocka_unit_test(a_napot_page_is_64_kib),
		cmocka_unit_test(a_table_outside_memory_is_told_from_a_fault),
		cmocka_unit_test(random_tables_are_walked_as_the_specification_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
