/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/machine/bus.h"

static void every_address_finds_its_own_region(void **state)
{
	struct mmio_region regions[] = {{.base = 0x3000, .len = 0x1000},
					{.base = 0x1000, .len = 0x100},
					{.base = 0x2000, .len = 4}};
	struct bus bus = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(bus_add(&bus, &regions[i]), 0);
	assert_ptr_equal(bus_find(&bus, 0x1000, 8), &regions[1]);
	assert_ptr_equal(bus_find(&bus, 0x10ff, 1), &regions[1]);
	assert_ptr_equal(bus_find(&bus, 0x2000, 4), &regions[2]);
	assert_ptr_equal(bus_find(&bus, 0x3ff8, 8), &regions[0]);
	assert_null(bus_find(&bus, 0xfff, 1));
	assert_null(bus_find(&bus, 0x1100, 1));
	assert_null(bus_find(&bus, 0x4000, 1));
}

static void an_access_across_the_end_of_a_region_finds_nothing(void **state)
{
	struct mmio_region region = {.base = 0x1000, .len = 0x100};
	struct mmio_region small = {.base = 0x2000, .len = 4};
	struct bus bus = {0};

	(void)state;
	bus_add(&bus, &region);
	bus_add(&bus, &small);
	assert_null(bus_find(&bus, 0x10fe, 4));
	assert_null(bus_find(&bus, 0xffe, 4));
	assert_null(bus_find(&bus, 0x2000, 8));
}

static void regions_that_overlap_are_refused(void **state)
{
	struct mmio_region region = {.base = 0x1000, .len = 0x100},
			   top = {.base = UINT64_MAX, .len = 1};
	struct bus bus = {0};
	const struct mmio_region others[] = {{.base = 0x1000, .len = 0x100},
					     {.base = 0xfff, .len = 2},
					     {.base = 0x10ff, .len = 1},
					     {.base = 0, .len = 0x10000}};

	(void)state;
	assert_int_equal(bus_add(&bus, &region), 0);
	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct mmio_region other = others[i];

		assert_int_equal(bus_add(&bus, &other), -EEXIST);
	}
	assert_int_equal(bus_add(&bus, &top), 0);
	assert_ptr_equal(bus_find(&bus, UINT64_MAX, 1), &top);
	assert_null(bus_find(&bus, UINT64_MAX, 2));
}

static void empty_and_wrapping_regions_are_refused(void **state)
{
	struct mmio_region empty = {.base = 0x1000, .len = 0},
			   wraps = {.base = UINT64_MAX, .len = 2};
	struct bus bus = {0};

	(void)state;
	assert_int_equal(bus_add(&bus, &empty), -EINVAL);
	assert_int_equal(bus_add(&bus, &wraps), -EINVAL);
	assert_int_equal(bus.count, 0);
}

static void a_removed_region_is_gone_and_its_place_is_free(void **state)
{
	struct mmio_region one = {.base = 0x1000, .len = 0x100},
			   two = {.base = 0x1080, .len = 0x100};
	struct bus bus = {0};

	(void)state;
	bus_add(&bus, &one);
	bus_remove(&bus, &two); /* never added: no effect */
	assert_int_equal(bus.count, 1);
	bus_remove(&bus, &one);
	assert_null(bus_find(&bus, 0x1000, 1));
	assert_int_equal(bus_add(&bus, &two), 0);
}

static void what_was_found_last_does_not_outlive_its_region(void **state)
{
	struct mmio_region old = {.base = 0x1000, .len = 0x100},
			   new = {.base = 0x1000, .len = 0x10};
	struct mmio_region other = {.base = 0x4000, .len = 0x100};
	struct bus bus = {0};

	(void)state;
	bus_add(&bus, &old);
	bus_add(&bus, &other);
	assert_ptr_equal(bus_find(&bus, 0x1080, 4), &old);
	bus_remove(&bus, &old);
	assert_null(bus_find(&bus, 0x1080, 4));
	bus_add(&bus, &new);
	assert_ptr_equal(bus_find(&bus, 0x1008, 8), &new);
	assert_null(bus_find(&bus, 0x1009, 8));
	assert_ptr_equal(bus_find(&bus, 0x4000, 4), &other);
	assert_ptr_equal(bus_find(&bus, 0x1000, 4), &new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_finds_its_own_region),
		cmocka_unit_test(an_access_across_the_end_of_a_region_finds_nothing),
		cmocka_unit_test(regions_that_overlap_are_refused),
		cmocka_unit_test(empty_and_wrapping_regions_are_refused),
		cmocka_unit_test(a_removed_region_is_gone_and_its_place_is_free),
		cmocka_unit_test(what_was_found_last_does_not_outlive_its_region),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
