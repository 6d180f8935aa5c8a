/* SPDX-License-Identifier: Apache-2.0 */
/* The PLIC against the RISC-V PLIC specification 1.0.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/fake_machine.h"

#define BASE  0x0c000000ull
#define HARTS 4u

static struct machine machine;
static struct plic *plic;
static bool external[HARTS];
static unsigned int changes;

static void set_external(void *opaque, unsigned int hart, bool level)
{
	assert_ptr_equal(opaque, &machine);
	assert_true(hart < HARTS);
	assert_true(external[hart] != level);
	external[hart] = level;
	changes++;
}

static int setup(void **state)
{
	(void)state;
	fake_machine_init(&machine, 4096);
	memset(external, 0, sizeof(external));
	changes = 0;
	plic = plic_new(&machine, BASE, HARTS, set_external, &machine);
	return plic ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	plic_free(plic);
	fake_machine_destroy(&machine);
	return 0;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)fake_read(&machine, BASE + offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	fake_write(&machine, BASE + offset, 4, value);
}

static void set_priority(unsigned int source, uint32_t value)
{
	put(source * 4ull, value);
}

static void enable(unsigned int hart, unsigned int source)
{
	uint64_t at = 0x2000 + 0x80ull * hart + source / 32 * 4;

	put(at, get(at) | 1u << source % 32);
}

static uint64_t claim_at(unsigned int hart)
{
	return 0x200004 + 0x1000ull * hart;
}

static void a_claimed_source_stays_silent_until_it_is_completed(void **state)
{
	(void)state;
	set_priority(5, 1);
	enable(0, 5);
	plic_set(plic, 5, true);
	assert_true(external[0]);
	assert_int_equal(get(claim_at(0)), 5);
	assert_false(external[0]);
	assert_int_equal(get(claim_at(0)), 0);
	put(claim_at(0), 5);
	/* The wire is still high: the next request follows at once. */
	assert_true(external[0]);
	assert_int_equal(get(claim_at(0)), 5);
	plic_set(plic, 5, false);
	put(claim_at(0), 5);
	assert_false(external[0]);
}

static void the_highest_priority_comes_first_and_the_lowest_number_among_equals(void **state)
{
	static const unsigned int order[] = {70, 3, 40, 2};

	(void)state;
	set_priority(2, 1);
	set_priority(3, 4);
	set_priority(40, 4);
	set_priority(70, 7);
	for (unsigned int i = 0; i < 4; i++) {
		enable(1, order[i]);
		plic_set(plic, order[i], true);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(get(claim_at(1)), order[i]);
	assert_int_equal(get(claim_at(1)), 0);
}

static void the_threshold_masks_the_interrupt_but_not_the_claim(void **state)
{
	(void)state;
	set_priority(9, 3);
	enable(0, 9);
	put(0x200000, 3);
	plic_set(plic, 9, true);
	assert_false(external[0]);
	put(0x200000, 2);
	assert_true(external[0]);
	put(0x200000, 7);
	assert_int_equal(get(claim_at(0)), 9);
}

static void a_source_without_priority_never_interrupts(void **state)
{
	(void)state;
	enable(0, 9);
	plic_set(plic, 9, true);
	assert_false(external[0]);
	assert_int_equal(get(0x1000), 1u << 9);
	assert_int_equal(get(claim_at(0)), 0);
	set_priority(9, 1);
	assert_true(external[0]);
}

static void one_claim_wins_on_all_harts(void **state)
{
	(void)state;
	set_priority(9, 1);
	enable(2, 9);
	enable(3, 9);
	plic_set(plic, 9, true);
	assert_true(external[2] && external[3]);
	assert_int_equal(get(claim_at(3)), 9);
	assert_false(external[2] || external[3]);
	assert_int_equal(get(claim_at(2)), 0);
}

static void a_completion_by_a_hart_that_has_not_enabled_the_source_is_ignored(void **state)
{
	(void)state;
	set_priority(9, 1);
	enable(0, 9);
	plic_set(plic, 9, true);
	assert_int_equal(get(claim_at(0)), 9);
	put(claim_at(1), 9);
	put(claim_at(0), 0);
	put(claim_at(0), 0xffffffff);
	put(claim_at(0), PLIC_SOURCES);
	assert_false(external[0]);
	put(claim_at(0), 9);
	assert_true(external[0]);
}

static void a_request_that_was_accepted_outlives_its_wire(void **state)
{
	(void)state;
	set_priority(9, 1);
	enable(0, 9);
	plic_set(plic, 9, true);
	plic_set(plic, 9, false);
	assert_int_equal(get(claim_at(0)), 9);
	put(claim_at(0), 9);
	assert_false(external[0]);
}

static void there_is_no_source_0(void **state)
{
	(void)state;
	put(0, 7);
	put(0x2000, 1);
	plic_set(plic, 0, true);
	plic_set(plic, PLIC_SOURCES, true);
	assert_int_equal(get(0), 0);
	assert_int_equal(get(0x2000), 0);
	assert_int_equal(get(0x1000), 0);
	assert_int_equal(changes, 0);
}

static void registers_of_absent_harts_and_sources_read_0(void **state)
{
	(void)state;
	put(4 * PLIC_SOURCES, 7);
	put(0x2000 + 0x80 * HARTS, ~0u);
	put(0x2000 + PLIC_SOURCES / 8, ~0u);
	put(0x200000 + 0x1000 * HARTS, 7);
	put(PLIC_LEN - 4, 7);
	assert_int_equal(get(4 * PLIC_SOURCES), 0);
	assert_int_equal(get(0x2000 + 0x80 * HARTS), 0);
	assert_int_equal(get(0x2000 + PLIC_SOURCES / 8), 0);
	assert_int_equal(get(0x200000 + 0x1000 * HARTS), 0);
	assert_int_equal(get(claim_at(HARTS)), 0);
	assert_int_equal(get(PLIC_LEN - 4), 0);
}

static void an_access_that_is_no_word_is_a_guest_error(void **state)
{
	(void)state;
	assert_int_equal(fake_read(&machine, BASE + 1, 1), 0);
	fake_write(&machine, BASE + 2, 4, 1);
	fake_write(&machine, BASE, 8, 1);
	assert_int_equal(machine.guest_errors, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_claimed_source_stays_silent_until_it_is_completed),
		TEST(the_highest_priority_comes_first_and_the_lowest_number_among_equals),
		TEST(the_threshold_masks_the_interrupt_but_not_the_claim),
		TEST(a_source_without_priority_never_interrupts),
		TEST(one_claim_wins_on_all_harts),
		TEST(a_completion_by_a_hart_that_has_not_enabled_the_source_is_ignored),
		TEST(a_request_that_was_accepted_outlives_its_wire),
		TEST(there_is_no_source_0),
		TEST(registers_of_absent_harts_and_sources_read_0),
		TEST(an_access_that_is_no_word_is_a_guest_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
