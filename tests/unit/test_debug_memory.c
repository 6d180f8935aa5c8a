/* SPDX-License-Identifier: Apache-2.0 */
/* Guest memory as a debugger reads and writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "vmm/debug/memory.h"

#define BASE	 0x80000000ull
#define PAGE	 4096ull
#define TOP_PAGE 0xfffffffffffff000ull
#define SATP	 ((uint64_t)SATP_MODE_SV39 << SATP_MODE_SHIFT | BASE >> PAGE_SHIFT)

static uint8_t ram[8 * PAGE];
static const struct guest_memory memory = {.base = BASE, .size = sizeof(ram), .host = ram};

static void put_entry(unsigned int table, unsigned int index, uint64_t physical, uint64_t flags)
{
	uint64_t entry = physical >> PAGE_SHIFT << PTE_PPN_SHIFT | flags | PTE_V;

	memcpy(ram + table * PAGE + index * sizeof(entry), &entry, sizeof(entry));
}

/*
 * Sv39, tables in pages 0 to 2: virtual pages 0 and 1 are pages 5 and 4 of RAM, 2 is not mapped, 3
 * is beyond RAM; and the last page there is, is page 6.
 */
static int make_tables(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	put_entry(0, 0, BASE + PAGE, 0);
	put_entry(1, 0, BASE + 2 * PAGE, 0);
	put_entry(2, 0, BASE + 5 * PAGE, PTE_R | PTE_X);
	put_entry(2, 1, BASE + 4 * PAGE, PTE_R | PTE_W);
	put_entry(2, 3, BASE + sizeof(ram), PTE_R | PTE_W);
	put_entry(0, 511, BASE + PAGE, 0);
	put_entry(1, 511, BASE + 2 * PAGE, 0);
	put_entry(2, 511, BASE + 6 * PAGE, PTE_R | PTE_W);
	return 0;
}

static void physical(void **state)
{
	uint8_t bytes[16] = {0};

	(void)state;
	assert_int_equal(
		debug_memory_write(&memory, DEBUG_PHYSICAL, BASE + 5 * PAGE - 2, "abcd", 4), 4);
	assert_memory_equal(ram + 5 * PAGE - 2, "abcd", 4);
	assert_int_equal(debug_memory_read(&memory, DEBUG_PHYSICAL, BASE + 5 * PAGE - 2, bytes, 4),
			 4);
	assert_memory_equal(bytes, "abcd", 4);
	assert_int_equal(debug_memory_read(&memory, DEBUG_PHYSICAL, BASE, bytes, 0), 0);
	assert_int_equal(debug_memory_read(&memory, DEBUG_PHYSICAL, BASE - 1, bytes, 2), 0);
	assert_int_equal(debug_memory_read(&memory, DEBUG_PHYSICAL, UINT64_MAX, bytes, 2), 0);
}

/* What lies in front of the end of RAM is moved when a page ends there. */
static void beyond_ram(void **state)
{
	static uint8_t bytes[2 * PAGE];

	(void)state;
	assert_int_equal(debug_memory_read(&memory, DEBUG_PHYSICAL, BASE + 7 * PAGE + 8, bytes,
					   sizeof(bytes)),
			 PAGE - 8);
	assert_int_equal(
		debug_memory_write(&memory, DEBUG_PHYSICAL, BASE + 7 * PAGE, bytes, sizeof(bytes)),
		PAGE);
}

static void by_the_tables(void **state)
{
	uint8_t bytes[8];

	(void)state;
	/* Not writable for the guest, and over the edge to a page that lies in front. */
	assert_int_equal(debug_memory_write(&memory, SATP, PAGE - 3, "mapped", 6), 6);
	assert_memory_equal(ram + 6 * PAGE - 3, "map", 3);
	assert_memory_equal(ram + 4 * PAGE, "ped", 3);
	assert_int_equal(debug_memory_read(&memory, SATP, PAGE - 3, bytes, 6), 6);
	assert_memory_equal(bytes, "mapped", 6);
}

static void unmapped_tail(void **state)
{
	uint8_t bytes[8] = "????????";

	(void)state;
	memcpy(ram + 5 * PAGE - 2, "ok", 2);
	assert_int_equal(debug_memory_read(&memory, SATP, 2 * PAGE - 2, bytes, 8), 2);
	assert_memory_equal(bytes, "ok??????", 8);
	assert_int_equal(debug_memory_read(&memory, SATP, 2 * PAGE, bytes, 8), 0);
	assert_int_equal(debug_memory_read(&memory, SATP, 3 * PAGE, bytes, 8), 0);
	assert_int_equal(debug_memory_read(&memory, SATP, 1ull << 40, bytes, 8), 0);
}

/* Behind the last address there is none: not page 0. */
static void end_of_all_addresses(void **state)
{
	uint8_t bytes[8];

	(void)state;
	assert_int_equal(debug_memory_read(&memory, SATP, TOP_PAGE + PAGE - 4, bytes, 8), 4);
	assert_int_equal(debug_memory_write(&memory, SATP, UINT64_MAX, bytes, 8), 1);
}

static void tables_outside(void **state)
{
	uint64_t satp = (uint64_t)SATP_MODE_SV57 << SATP_MODE_SHIFT | SATP_PPN;
	uint8_t bytes[8];

	(void)state;
	assert_int_equal(debug_memory_read(&memory, satp, 0, bytes, 8), 0);
	assert_int_equal(debug_memory_read(&memory, UINT64_MAX, BASE, bytes, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(physical, make_tables),
		cmocka_unit_test_setup(beyond_ram, make_tables),
		cmocka_unit_test_setup(by_the_tables, make_tables),
		cmocka_unit_test_setup(unmapped_tail, make_tables),
		cmocka_unit_test_setup(end_of_all_addresses, make_tables),
		cmocka_unit_test_setup(tables_outside, make_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
