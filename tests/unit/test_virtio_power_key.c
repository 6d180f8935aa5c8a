/* SPDX-License-Identifier: Apache-2.0 */
/* The power key, as a driver of its guest sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { EVENTS = 0, STATUS = 1 };
enum { CFG_NAME = 1, CFG_SERIAL = 2, CFG_DEVIDS = 3, CFG_PROPERTIES = 0x10, CFG_BITS = 0x11 };
enum { AT_SELECT = 0, AT_SUBSELECT = 1, AT_SIZE = 2, AT_UNION = 8 };
enum { TYPE_SYN = 0, TYPE_KEY = 1, TYPE_LED = 0x11, CODE_POWER = 116 };

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	fixture->device = virtio_power_key_new(&fixture->machine, "power-key");
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_free(fixture->device);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

/* Selects a part of the description, byte by byte as Linux does; its size. */
static unsigned int describe(struct fixture *fixture, uint8_t select, uint8_t subselect)
{
	virtio_device_config_write(fixture->device, AT_SELECT, 1, select);
	virtio_device_config_write(fixture->device, AT_SUBSELECT, 1, subselect);
	return (unsigned int)virtio_device_config_read(fixture->device, AT_SIZE, 1);
}

static uint8_t described(struct fixture *fixture, unsigned int offset)
{
	return (uint8_t)virtio_device_config_read(fixture->device, AT_UNION + offset, 1);
}

static uint64_t buffer(unsigned int number)
{
	return GUEST_DATA + number * 16;
}

static void give_buffers(struct fixture *fixture, unsigned int count, uint32_t len)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct guest_buffer event = {.gpa = buffer(i), .len = len, .writable = true};

		guest_driver_add(&fixture->driver, EVENTS, &event, 1);
	}
	guest_driver_kick(&fixture->driver, EVENTS);
}

static void assert_event(struct fixture *fixture, unsigned int number, uint64_t type, uint64_t code,
			 uint64_t value)
{
	uint32_t len;

	assert_true(guest_driver_used(&fixture->driver, EVENTS, &len));
	assert_int_equal(len, 8);
	assert_int_equal(fake_load(&fixture->machine, buffer(number), 2), type);
	assert_int_equal(fake_load(&fixture->machine, buffer(number) + 2, 2), code);
	assert_int_equal(fake_load(&fixture->machine, buffer(number) + 4, 4), value);
}

static void it_says_that_it_has_this_one_key(void **state)
{
	struct fixture *fixture = *state;
	static const char name[] = "vhart power key";
	unsigned int keys = 0;

	assert_int_equal(describe(fixture, CFG_NAME, 0), strlen(name));
	for (unsigned int i = 0; i < strlen(name); i++)
		assert_int_equal(described(fixture, i), name[i]);
	assert_int_equal(describe(fixture, CFG_DEVIDS, 0), 8);
	assert_int_equal(described(fixture, 0), 6); /* BUS_VIRTUAL */
	assert_int_equal(describe(fixture, CFG_BITS, TYPE_KEY), CODE_POWER / 8 + 1);
	assert_int_equal(described(fixture, CODE_POWER / 8), 1 << CODE_POWER % 8);
	for (unsigned int i = 0; i < 128; i++)
		keys += described(fixture, i) != 0;
	assert_int_equal(keys, 1);
}

static void it_has_nothing_else(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(describe(fixture, CFG_SERIAL, 0), 0);
	assert_int_equal(describe(fixture, CFG_PROPERTIES, 0), 0);
	assert_int_equal(describe(fixture, CFG_BITS, TYPE_LED), 0);
	assert_int_equal(describe(fixture, CFG_NAME, 1), 0);
	assert_int_equal(describe(fixture, 0xff, 0xff), 0);
	assert_int_equal(described(fixture, 0), 0);
}

static void its_description_ends_where_it_ends(void **state)
{
	struct fixture *fixture = *state;

	describe(fixture, CFG_BITS, TYPE_KEY);
	assert_int_equal(virtio_device_config_read(fixture->device, AT_UNION + 126, 8), 0);
	assert_int_equal(virtio_device_config_read(fixture->device, 136, 8), 0);
	assert_int_equal(virtio_device_config_read(fixture->device, UINT64_MAX - 3, 8), 0);
	/* A write that goes on behind the two bytes that are the driver's changes these alone. */
	virtio_device_config_write(fixture->device, AT_SELECT, 4, 0xffff0000u | CFG_NAME);
	assert_int_equal(virtio_device_config_read(fixture->device, AT_SIZE, 1), 15);
	virtio_device_config_write(fixture->device, AT_UNION, 8, UINT64_MAX);
	assert_int_equal(described(fixture, 0), 'v');
}

static void a_press_is_the_key_going_down_and_up(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	give_buffers(fixture, 5, 8);
	assert_null(power_key_press(fixture->device));
	assert_event(fixture, 0, TYPE_KEY, CODE_POWER, 1);
	assert_event(fixture, 1, TYPE_SYN, 0, 0);
	assert_event(fixture, 2, TYPE_KEY, CODE_POWER, 0);
	assert_event(fixture, 3, TYPE_SYN, 0, 0);
	assert_false(guest_driver_used(&fixture->driver, EVENTS, &len));
	assert_int_equal(fixture->driver.interrupts[EVENTS], 1);
}

static void a_guest_that_takes_no_more_hears_nothing_of_half_a_press(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	give_buffers(fixture, 3, 8);
	assert_non_null(strstr(power_key_press(fixture->device), "no room"));
	assert_false(guest_driver_used(&fixture->driver, EVENTS, &len));
	assert_int_equal(fixture->driver.interrupts[EVENTS], 0);
	/* And of the next one all. */
	give_buffers(fixture, 1, 8);
	assert_null(power_key_press(fixture->device));
	for (unsigned int i = 0; i < 4; i++)
		assert_true(guest_driver_used(&fixture->driver, EVENTS, &len));
}

static void without_a_driver_there_is_nobody_to_ask(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_set_status(fixture->device, 0);
	assert_non_null(strstr(power_key_press(fixture->device), "no driver"));
	virtio_device_set_status(fixture->device, VIRTIO_STATUS_ACKNOWLEDGE);
	assert_non_null(strstr(power_key_press(fixture->device), "no driver"));
	guest_driver_restart(&fixture->driver, 0);
	give_buffers(fixture, 4, 8);
	assert_null(power_key_press(fixture->device));
}

static void a_buffer_too_small_for_an_event_breaks_the_device_alone(void **state)
{
	struct fixture *fixture = *state;

	give_buffers(fixture, 4, 7);
	assert_non_null(power_key_press(fixture->device));
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_non_null(power_key_press(fixture->device));
	guest_driver_restart(&fixture->driver, 0);
	give_buffers(fixture, 4, 8);
	assert_null(power_key_press(fixture->device));
}

static void what_the_guest_sends_is_given_back(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer light = {.gpa = GUEST_DATA, .len = 8};

	for (unsigned int i = 0; i < GUEST_QUEUE_SIZE; i++)
		guest_driver_add(&fixture->driver, STATUS, &light, 1);
	guest_driver_kick(&fixture->driver, STATUS);
	for (unsigned int i = 0; i < GUEST_QUEUE_SIZE; i++)
		assert_int_equal(guest_driver_wait(&fixture->driver, STATUS), 0);
}

static void a_reset_forgets_what_was_selected(void **state)
{
	struct fixture *fixture = *state;

	describe(fixture, CFG_NAME, 0);
	guest_driver_restart(&fixture->driver, 0);
	assert_int_equal(virtio_device_config_read(fixture->device, AT_SELECT, 4), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_says_that_it_has_this_one_key),
		TEST(it_has_nothing_else),
		TEST(its_description_ends_where_it_ends),
		TEST(a_press_is_the_key_going_down_and_up),
		TEST(a_guest_that_takes_no_more_hears_nothing_of_half_a_press),
		TEST(without_a_driver_there_is_nobody_to_ask),
		TEST(a_buffer_too_small_for_an_event_breaks_the_device_alone),
		TEST(what_the_guest_sends_is_given_back),
		TEST(a_reset_forgets_what_was_selected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
