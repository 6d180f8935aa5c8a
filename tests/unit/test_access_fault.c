/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "vmm/kvm/access_fault.h"

#define BASE 0x80000000ull
#define SIZE 0x10000ull
#define SV39 (8ull << 60)
#define SV48 (9ull << 60)

static uint8_t ram[SIZE];
static const struct guest_memory memory = {.base = BASE, .size = SIZE, .host = ram};

static void put64(uint64_t gpa, uint64_t value)
{
	memcpy(ram + (gpa - BASE), &value, sizeof(value));
}

static void put32(uint64_t gpa, uint32_t value)
{
	memcpy(ram + (gpa - BASE), &value, sizeof(value));
}

static uint64_t branch(uint64_t gpa)
{
	return gpa >> 12 << 10 | 1;
}

static uint64_t leaf(uint64_t gpa)
{
	return gpa >> 12 << 10 | 0xf;
}

static void the_cause_fits_the_instruction(void **state)
{
	static const struct {
		uint32_t insn;
		uint64_t cause;
	} cases[] = {
		{0x0005b603, CAUSE_LOAD_ACCESS_FAULT},	/* ld a2, 0(a1) */
		{0x00c5b023, CAUSE_STORE_ACCESS_FAULT}, /* sd a2, 0(a1) */
		{0x0005b507, CAUSE_LOAD_ACCESS_FAULT},	/* fld fa0, 0(a1) */
		{0x00a5b027, CAUSE_STORE_ACCESS_FAULT}, /* fsd fa0, 0(a1) */
		{0x00c5a62f, CAUSE_STORE_ACCESS_FAULT}, /* amoadd.w a2, a2, (a1) */
		{0x1005a62f, CAUSE_LOAD_ACCESS_FAULT},	/* lr.w a2, (a1) */
		{0x18c5a62f, CAUSE_STORE_ACCESS_FAULT}, /* sc.w a2, a2, (a1) */
		{0x6190, CAUSE_LOAD_ACCESS_FAULT},	/* c.ld a2, 0(a1) */
		{0xe190, CAUSE_STORE_ACCESS_FAULT},	/* c.sd a2, 0(a1) */
		{0x2188, CAUSE_LOAD_ACCESS_FAULT},	/* c.fld fa0, 0(a1) */
		{0xa188, CAUSE_STORE_ACCESS_FAULT},	/* c.fsd fa0, 0(a1) */
		{0x6602, CAUSE_LOAD_ACCESS_FAULT},	/* c.ldsp a2, 0(sp) */
		{0xe032, CAUSE_STORE_ACCESS_FAULT},	/* c.sdsp a2, 0(sp) */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put32(BASE + 0x100, cases[i].insn);
		assert_int_equal(access_fault_cause(&memory, 0, BASE + 0x100), cases[i].cause);
	}
}

static void a_pc_outside_ram_is_a_fetch_fault(void **state)
{
	(void)state;
	assert_int_equal(access_fault_cause(&memory, 0, 0x1000), CAUSE_FETCH_ACCESS_FAULT);
	/* The first half of a 32-bit instruction in RAM's last two bytes. */
	put32(BASE + SIZE - 4, 0x00030000);
	assert_int_equal(access_fault_cause(&memory, 0, BASE + SIZE - 2), CAUSE_FETCH_ACCESS_FAULT);
}

static void pages_of_every_size_are_translated(void **state)
{
	const uint64_t root = BASE + 0x1000, middle = BASE + 0x2000, last = BASE + 0x3000;
	uint64_t gpa = 0;

	(void)state;
	memset(ram, 0, sizeof(ram));
	put64(root + 8 * 1, leaf(0xc0000000));
	put64(root + 8 * 2, branch(middle));
	put64(middle + 8 * 3, leaf(0x80600000));
	put64(middle + 8 * 4, branch(last));
	put64(last + 8 * 5, leaf(BASE + 0x5000));
	assert_true(guest_translate(&memory, SV39 | root >> 12, 0x40123456, &gpa));
	assert_int_equal(gpa, 0xc0123456);
	assert_true(guest_translate(&memory, SV39 | root >> 12, 0x80612345, &gpa));
	assert_int_equal(gpa, 0x80612345);
	assert_true(guest_translate(&memory, SV39 | root >> 12, 0x80805678, &gpa));
	assert_int_equal(gpa, BASE + 0x5678);
	assert_false(guest_translate(&memory, SV39 | root >> 12, 0x80806000, &gpa));
	assert_false(guest_translate(&memory, SV39 | root >> 12, 0, &gpa));
	/* One level more above the same tables. */
	put64(BASE + 0x4000, branch(root));
	assert_true(guest_translate(&memory, SV48 | (BASE + 0x4000) >> 12, 0x80805678, &gpa));
	assert_int_equal(gpa, BASE + 0x5678);
}

/* Privileged specification, Svnapot: 64 KiB by sixteen entries that are all alike. */
static void a_napot_page_is_translated_with_its_own_low_bits(void **state)
{
	const uint64_t root = BASE + 0x1000, middle = BASE + 0x2000, last = BASE + 0x3000;
	const uint64_t napot = 1ull << 63 | leaf(0x80a00000 | 8 << 12);
	uint64_t gpa = 0;

	(void)state;
	memset(ram, 0, sizeof(ram));
	put64(root + 8 * 2, branch(middle));
	put64(middle + 8 * 4, branch(last));
	for (uint64_t i = 16; i < 32; i++)
		put64(last + 8 * i, napot);
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t va = 0x80800000 + (16 + i) * 0x1000 + 0x678;

		assert_true(guest_translate(&memory, SV39 | root >> 12, va, &gpa));
		assert_int_equal(gpa, 0x80a00000 + i * 0x1000 + 0x678);
	}
}

static void tables_that_loop_or_lie_outside_ram_end(void **state)
{
	const uint64_t root = BASE + 0x1000;
	uint64_t gpa;

	(void)state;
	memset(ram, 0, sizeof(ram));
	for (unsigned int i = 0; i < 512; i++)
		put64(root + 8 * i, branch(root));
	assert_false(guest_translate(&memory, SV39 | root >> 12, 0x12345678, &gpa));
	assert_false(guest_translate(&memory, SV39 | 0x1234, 0x12345678, &gpa));
	assert_false(guest_translate(&memory, 3ull << 60, 0x12345678, &gpa));
	put64(root, branch(0x1000));
	assert_false(guest_translate(&memory, SV39 | root >> 12, 0, &gpa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_fits_the_instruction),
		cmocka_unit_test(a_pc_outside_ram_is_a_fetch_fault),
		cmocka_unit_test(pages_of_every_size_are_translated),
		cmocka_unit_test(a_napot_page_is_translated_with_its_own_low_bits),
		cmocka_unit_test(tables_that_loop_or_lie_outside_ram_end),
	};

	return cmocka_run_group_tests_name("access_fault", tests, NULL, NULL);
}
