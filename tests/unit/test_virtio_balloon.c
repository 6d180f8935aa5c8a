/* SPDX-License-Identifier: Apache-2.0 */
/* The memory balloon. The loop is the fake one: a timer expires when nothing else is to be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <endian.h>
#include <unistd.h>

#include "devices/balloon.h"
#include "devices/devices.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { INFLATE, DEFLATE, STATISTICS, HINTS, REPORTS };

#define PAGE  4096u
#define PAGES (GUEST_DATA + 0x10000) /* those that the tests give away */

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
};

static int begin(struct fixture *fixture)
{
	memset(guest_memory_at(&fixture->machine.memory, GUEST_DATA, 0x100000), 0x5a, 0x100000);
	fixture->device = virtio_balloon_new(&fixture->machine, "balloon0");
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, UINT64_MAX);
	return 0;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fake_machine_init_loop(&fixture->machine, GUEST_RAM) ? begin(fixture) : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_free(fixture->device);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

/* Puts COUNT numbers of pages at GUEST_DATA and gives them into the balloon. */
static void inflate(struct fixture *fixture, const uint32_t *pages, unsigned int count)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 4 * count};
	uint32_t *numbers = guest_memory_at(&fixture->machine.memory, GUEST_DATA, 4 * count);

	for (unsigned int i = 0; i < count; i++)
		numbers[i] = htole32(pages[i]);
	guest_driver_add(&fixture->driver, INFLATE, &buffer, 1);
	guest_driver_kick(&fixture->driver, INFLATE);
}

static void assert_bytes(struct fixture *fixture, uint64_t gpa, uint64_t len, uint8_t expected)
{
	const uint8_t *bytes = guest_memory_at(&fixture->machine.memory, gpa, len);

	for (uint64_t i = 0; i < len; i++)
		if (bytes[i] != expected)
			fail_msg("0x%x at 0x%llx", bytes[i], (unsigned long long)(gpa + i));
}

static bool is_used(struct fixture *fixture, unsigned int queue)
{
	uint32_t len;

	return guest_driver_used(&fixture->driver, queue, &len);
}

static struct balloon_state look(struct fixture *fixture)
{
	struct balloon_state state;

	balloon_look(fixture->device, &state);
	return state;
}

static void pages_in_the_balloon_go_to_the_host(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t first = PAGES / PAGE;
	/* Not in order, and one twice. */
	const uint32_t pages[] = {first + 2, first, first + 1, first + 5, first + 2};

	inflate(fixture, pages, 5);
	assert_int_equal(guest_driver_wait(&fixture->driver, INFLATE), 0);
	assert_int_equal(fixture->driver.interrupts[INFLATE], 1);
	assert_bytes(fixture, PAGES - PAGE, PAGE, 0x5a);
	assert_bytes(fixture, PAGES, 3 * PAGE, 0);
	assert_bytes(fixture, PAGES + 3 * PAGE, 2 * PAGE, 0x5a);
	assert_bytes(fixture, PAGES + 5 * PAGE, PAGE, 0);
	assert_bytes(fixture, PAGES + 6 * PAGE, PAGE, 0x5a);
	assert_true(look(fixture).returned == 4 * PAGE);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void more_pages_than_are_looked_at_together_all_go(void **state)
{
	struct fixture *fixture = *state;
	uint32_t pages[100];

	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 100; i++)
			pages[i] = (uint32_t)(PAGES / PAGE + i);
		inflate(fixture, pages, 100);
	}
	/* One chain of 300 numbers, in pieces that part a number. */
	struct guest_buffer buffers[4];
	uint32_t *numbers = guest_memory_at(&fixture->machine.memory, GUEST_DATA, 1200);
	for (unsigned int i = 0; i < 300; i++)
		numbers[i] = htole32((uint32_t)(PAGES / PAGE + i % 150));
	for (unsigned int i = 0; i < 4; i++)
		buffers[i] = (struct guest_buffer){.gpa = GUEST_DATA + i * 301,
						   .len = i < 3 ? 301 : 297};
	guest_driver_add(&fixture->driver, INFLATE, buffers, 4);
	guest_driver_kick(&fixture->driver, INFLATE);
	for (unsigned int i = 0; i < 4; i++)
		guest_driver_wait(&fixture->driver, INFLATE);
	assert_bytes(fixture, PAGES, 150 * PAGE, 0);
	assert_bytes(fixture, PAGES + 150 * PAGE, PAGE, 0x5a);
}

static void a_page_that_is_not_ram_is_the_guests_mistake(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t pages[] = {0, UINT32_MAX, (uint32_t)((FAKE_RAM_BASE + GUEST_RAM) / PAGE),
				  (uint32_t)(PAGES / PAGE)};

	inflate(fixture, pages, 4);
	assert_int_equal(guest_driver_wait(&fixture->driver, INFLATE), 0);
	assert_int_equal(fixture->machine.guest_errors, 3);
	assert_bytes(fixture, PAGES, PAGE, 0);
	/* A chain without a number. */
	inflate(fixture, pages, 0);
	assert_int_equal(guest_driver_wait(&fixture->driver, INFLATE), 0);
}

static void whole_pages_that_are_reported_go_to_the_host(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffers[] = {
		{.gpa = PAGES + 100, .len = 3 * PAGE, .writable = true},
		{.gpa = PAGES + 8 * PAGE, .len = 2 * PAGE, .writable = true},
		{.gpa = PAGES + 12 * PAGE + 1, .len = PAGE, .writable = true},
	};

	guest_driver_add(&fixture->driver, REPORTS, buffers, 3);
	guest_driver_kick(&fixture->driver, REPORTS);
	assert_int_equal(guest_driver_wait(&fixture->driver, REPORTS), 0);
	assert_bytes(fixture, PAGES, PAGE, 0x5a);
	assert_bytes(fixture, PAGES + PAGE, 2 * PAGE, 0);
	assert_bytes(fixture, PAGES + 3 * PAGE, 5 * PAGE, 0x5a);
	assert_bytes(fixture, PAGES + 8 * PAGE, 2 * PAGE, 0);
	assert_bytes(fixture, PAGES + 10 * PAGE, 4 * PAGE, 0x5a);
	assert_true(look(fixture).returned == 4 * PAGE);
}

static void pages_of_a_shared_file_are_holes_in_it(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const uint32_t page = (uint32_t)(PAGES / PAGE);

	(void)state;
	assert_true(fake_machine_init_shared(&fixture->machine, GUEST_RAM));
	begin(fixture);
	inflate(fixture, &page, 1);
	guest_driver_wait(&fixture->driver, INFLATE);
	/* Before it is read, which fills it. */
	assert_int_equal(lseek(fixture->machine.memory.shared_fd, 0, SEEK_HOLE),
			 PAGES - FAKE_RAM_BASE);
	assert_bytes(fixture, PAGES, PAGE, 0);
	assert_bytes(fixture, PAGES + PAGE, PAGE, 0x5a);
	virtio_device_free(fixture->device);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
}

static void what_is_wanted_is_told_and_what_is_there_is_taken(void **state)
{
	struct fixture *fixture = *state;
	struct virtio_device *device = fixture->device;

	assert_true(virtio_device_config_read(device, 0, 4) == 0);
	balloon_want(device, 1234);
	assert_int_equal(fixture->driver.config_changes, 1);
	assert_true(virtio_device_config_read(device, 0, 4) == 1234);
	assert_true(virtio_device_config_read(device, 8, 4) == 0);
	assert_true(virtio_device_config_read(device, 16, 4) == 0);
	virtio_device_config_write(device, 4, 4, 1000);
	virtio_device_config_write(device, 0, 4, 7);
	virtio_device_config_write(device, 5, 2, 7);
	virtio_device_config_write(device, 100, 4, 7);
	assert_int_equal(look(fixture).actual, 1000);
	assert_int_equal(look(fixture).wanted, 1234);
	assert_true(look(fixture).driven);
	/* A driver that starts anew has nothing in it, and is told again. */
	guest_driver_restart(&fixture->driver, UINT64_MAX);
	assert_int_equal(look(fixture).actual, 0);
	assert_true(virtio_device_config_read(device, 0, 4) == 1234);
}

static void a_deflated_page_is_given_back_at_once(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 4};

	guest_driver_add(&fixture->driver, DEFLATE, &buffer, 1);
	guest_driver_kick(&fixture->driver, DEFLATE);
	assert_true(is_used(fixture, DEFLATE));
	assert_int_equal(fixture->driver.interrupts[DEFLATE], 1);
}

/* ---- statistics ---- */

static void give_statistic(struct fixture *fixture, uint16_t tag, uint64_t value)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 10};
	uint8_t *at = guest_memory_at(&fixture->machine.memory, GUEST_DATA, 10);

	memcpy(at, &(uint16_t){htole16(tag)}, 2);
	memcpy(at + 2, &(uint64_t){htole64(value)}, 8);
	guest_driver_add(&fixture->driver, STATISTICS, &buffer, 1);
	guest_driver_kick(&fixture->driver, STATISTICS);
}

static void statistics_come_when_they_are_asked_for(void **state)
{
	struct fixture *fixture = *state;
	const unsigned int *asked;

	assert_null(balloon_ask(fixture->device));
	give_statistic(fixture, 4, 111);
	assert_true(look(fixture).statistics.known[4]);
	assert_true(look(fixture).statistics.values[4] == 111);
	assert_false(look(fixture).statistics.known[5]);
	/* The buffer stays here until somebody asks. */
	assert_false(is_used(fixture, STATISTICS));
	asked = balloon_ask(fixture->device);
	assert_non_null(asked);
	assert_int_equal(*asked, 1);
	assert_null(balloon_ask(fixture->device));
	assert_true(is_used(fixture, STATISTICS));
	give_statistic(fixture, 4, 222);
	assert_int_equal(*asked, 0);
	assert_true(look(fixture).statistics.values[4] == 222);
	/* Tags that nobody knows are no harm. */
	assert_non_null(balloon_ask(fixture->device));
	give_statistic(fixture, 0xffff, 1);
	assert_int_equal(*asked, 0);
}

static void a_driver_that_does_not_answer_is_not_waited_for_long(void **state)
{
	struct fixture *fixture = *state;
	const unsigned int *asked;

	give_statistic(fixture, 4, 111);
	asked = balloon_ask(fixture->device);
	assert_int_equal(*asked, 1);
	loop_run(fixture->machine.loop);
	assert_int_equal(*asked, 0);
	assert_true(look(fixture).statistics.values[4] == 111);
}

/* ---- resets ---- */

static void a_reset_waits_for_pages_on_their_way(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t pages[] = {(uint32_t)(PAGES / PAGE), (uint32_t)(PAGES / PAGE) + 2};

	inflate(fixture, pages, 2);
	guest_driver_restart(&fixture->driver, UINT64_MAX);
	assert_bytes(fixture, PAGES, PAGE, 0);
	/* The second was not begun, and is the guest's again. */
	assert_bytes(fixture, PAGES + 2 * PAGE, PAGE, 0x5a);
	inflate(fixture, &pages[1], 1);
	guest_driver_wait(&fixture->driver, INFLATE);
	assert_bytes(fixture, PAGES + 2 * PAGE, PAGE, 0);
}

static void a_device_can_be_freed_with_pages_on_their_way(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t page = (uint32_t)(PAGES / PAGE);

	inflate(fixture, &page, 1);
	/* teardown() frees it, and then the loop, which finishes them. */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_in_the_balloon_go_to_the_host),
		TEST(more_pages_than_are_looked_at_together_all_go),
		TEST(a_page_that_is_not_ram_is_the_guests_mistake),
		TEST(whole_pages_that_are_reported_go_to_the_host),
		cmocka_unit_test(pages_of_a_shared_file_are_holes_in_it),
		TEST(what_is_wanted_is_told_and_what_is_there_is_taken),
		TEST(a_deflated_page_is_given_back_at_once),
		TEST(statistics_come_when_they_are_asked_for),
		TEST(a_driver_that_does_not_answer_is_not_waited_for_long),
		TEST(a_reset_waits_for_pages_on_their_way),
		TEST(a_device_can_be_freed_with_pages_on_their_way),
	};

	return cmocka_run_group_tests_name("virtio_balloon", tests, NULL, NULL);
}
