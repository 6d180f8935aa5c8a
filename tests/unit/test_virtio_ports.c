/* SPDX-License-Identifier: Apache-2.0 */
/* The console device with several ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "devices/ports.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { CONTROL_RX = 2, CONTROL_TX = 3, TO_GUEST_RX = 0, FROM_GUEST_TX = 5 };
enum { DEVICE_READY = 0, DEVICE_ADD = 1, PORT_READY = 3, PORT_OPEN = 6, PORT_NAME = 7 };
enum { TO_GUEST, FROM_GUEST };

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	const char *input;
	char output[256];
	size_t output_len, room;
	unsigned int taken;
};

static size_t take(void *opaque, const void *bytes, size_t len)
{
	struct fixture *fixture = opaque;

	if (len > fixture->room)
		len = fixture->room;
	fixture->room -= len;
	memcpy(fixture->output + fixture->output_len, bytes, len);
	fixture->output_len += len;
	return len;
}

static size_t give(void *opaque, void *bytes, size_t len)
{
	struct fixture *fixture = opaque;
	size_t there = strlen(fixture->input);

	len = len < there ? len : there;
	memcpy(bytes, fixture->input, len);
	fixture->input += len;
	return len;
}

static void all_taken(void *opaque)
{
	((struct fixture *)opaque)->taken++;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const struct port_side sides[] = {
		[TO_GUEST] = {"to.guest", NULL, give, NULL, fixture},
		[FROM_GUEST] = {"from.guest", take, NULL, all_taken, fixture},
	};

	*state = fixture;
	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	fixture->input = "";
	fixture->room = sizeof(fixture->output);
	fixture->device = virtio_ports_new(&fixture->machine, "ports", sides, 2);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, 2);
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

/* Buffer NUMBER of those that the guest receives control messages in. */
static uint64_t control_buffer(unsigned int number)
{
	return GUEST_DATA + 0x1000 + number * 64;
}

static void give_control_buffers(struct fixture *fixture, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		const struct guest_buffer buffer = {
			.gpa = control_buffer(i), .len = 64, .writable = true};
		guest_driver_add(&fixture->driver, CONTROL_RX, &buffer, 1);
	}
	guest_driver_kick(&fixture->driver, CONTROL_RX);
}

static void say(struct fixture *fixture, uint32_t port, uint16_t event, uint16_t value)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 8};

	fake_store(&fixture->machine, GUEST_DATA, 4, port);
	fake_store(&fixture->machine, GUEST_DATA + 4, 2, event);
	fake_store(&fixture->machine, GUEST_DATA + 6, 2, value);
	guest_driver_add(&fixture->driver, CONTROL_TX, &buffer, 1);
	guest_driver_kick(&fixture->driver, CONTROL_TX);
	guest_driver_wait(&fixture->driver, CONTROL_TX);
}

/* The message in buffer NUMBER is that one, with NAME behind it. */
static void heard(struct fixture *fixture, unsigned int number, uint32_t port, uint16_t event,
		  uint16_t value, const char *name)
{
	const uint64_t at = control_buffer(number);
	uint32_t len;

	assert_true(guest_driver_used(&fixture->driver, CONTROL_RX, &len));
	assert_int_equal(len, 8 + strlen(name));
	assert_int_equal(fake_load(&fixture->machine, at, 4), port);
	assert_int_equal(fake_load(&fixture->machine, at + 4, 2), event);
	assert_int_equal(fake_load(&fixture->machine, at + 6, 2), value);
	assert_memory_equal(guest_memory_at(&fixture->machine.memory, at + 8, 32), name,
			    strlen(name));
}

static void heard_nothing(struct fixture *fixture)
{
	uint32_t len;

	assert_false(guest_driver_used(&fixture->driver, CONTROL_RX, &len));
}

static void give_buffer(struct fixture *fixture, uint32_t len)
{
	const struct guest_buffer buffer = {
		.gpa = GUEST_DATA + 0x4000, .len = len, .writable = true};

	guest_driver_add(&fixture->driver, TO_GUEST_RX, &buffer, 1);
	guest_driver_kick(&fixture->driver, TO_GUEST_RX);
}

static void write_text(struct fixture *fixture, uint64_t offset, const char *text)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA + 0x8000 + offset,
					    .len = (uint32_t)strlen(text)};

	memcpy(guest_memory_at(&fixture->machine.memory, buffer.gpa, buffer.len), text, buffer.len);
	guest_driver_add(&fixture->driver, FROM_GUEST_TX, &buffer, 1);
	guest_driver_kick(&fixture->driver, FROM_GUEST_TX);
}

static void wrote(const struct fixture *fixture, const char *text)
{
	assert_int_equal(fixture->output_len, strlen(text));
	assert_memory_equal(fixture->output, text, strlen(text));
}

static void open_port(struct fixture *fixture, unsigned int port)
{
	say(fixture, 0, DEVICE_READY, 1);
	say(fixture, port, PORT_READY, 1);
	say(fixture, port, PORT_OPEN, 1);
}

static void the_driver_learns_of_each_port_that_it_is_open_and_then_its_name(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(virtio_device_config_read(fixture->device, 4, 4), 2);
	give_control_buffers(fixture, 0, 8);
	heard_nothing(fixture);
	say(fixture, 0, DEVICE_READY, 1);
	heard(fixture, 0, 0, DEVICE_ADD, 1, "");
	heard(fixture, 1, 1, DEVICE_ADD, 1, "");
	heard_nothing(fixture);
	say(fixture, 1, PORT_READY, 1);
	heard(fixture, 2, 1, PORT_OPEN, 1, "");
	heard(fixture, 3, 1, PORT_NAME, 1, "from.guest");
	say(fixture, 0, PORT_READY, 1);
	heard(fixture, 4, 0, PORT_OPEN, 1, "");
	heard(fixture, 5, 0, PORT_NAME, 1, "to.guest");
	heard_nothing(fixture);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void what_there_is_no_buffer_for_is_told_later(void **state)
{
	struct fixture *fixture = *state;

	say(fixture, 0, DEVICE_READY, 1);
	heard_nothing(fixture);
	give_control_buffers(fixture, 0, 1);
	heard(fixture, 0, 0, DEVICE_ADD, 1, "");
	heard_nothing(fixture);
	give_control_buffers(fixture, 1, 1);
	heard(fixture, 1, 1, DEVICE_ADD, 1, "");
}

static void input_comes_once_the_guest_has_opened_the_port(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	fixture->input = "hello";
	give_buffer(fixture, 3);
	ports_go_on(fixture->device, TO_GUEST);
	assert_false(guest_driver_used(&fixture->driver, TO_GUEST_RX, &len));
	open_port(fixture, TO_GUEST);
	assert_int_equal(guest_driver_wait(&fixture->driver, TO_GUEST_RX), 3);
	assert_string_equal(fixture->input, "lo");
	give_buffer(fixture, 100);
	assert_int_equal(guest_driver_wait(&fixture->driver, TO_GUEST_RX), 2);
	give_buffer(fixture, 100);
	assert_false(guest_driver_used(&fixture->driver, TO_GUEST_RX, &len));
	fixture->input = "more";
	ports_go_on(fixture->device, TO_GUEST);
	assert_int_equal(guest_driver_wait(&fixture->driver, TO_GUEST_RX), 4);
}

static void a_closed_side_is_an_end_of_file_and_takes_what_is_written(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	open_port(fixture, TO_GUEST);
	give_control_buffers(fixture, 0, 8);
	for (unsigned int i = 0; i < 4; i++)
		assert_true(guest_driver_used(&fixture->driver, CONTROL_RX, &len));
	ports_close(fixture->device, TO_GUEST);
	heard(fixture, 4, 0, PORT_OPEN, 0, "");
	fixture->room = 0;
	open_port(fixture, FROM_GUEST);
	for (unsigned int i = 0; i < 3; i++)
		guest_driver_used(&fixture->driver, CONTROL_RX, &len);
	write_text(fixture, 0, "lost");
	assert_false(guest_driver_used(&fixture->driver, FROM_GUEST_TX, &len));
	ports_close(fixture->device, FROM_GUEST);
	assert_true(guest_driver_used(&fixture->driver, FROM_GUEST_TX, &len));
	wrote(fixture, "");
}

static void a_side_that_was_closed_early_is_found_so(void **state)
{
	struct fixture *fixture = *state;

	ports_close(fixture->device, TO_GUEST);
	give_control_buffers(fixture, 0, 8);
	heard_nothing(fixture);
	say(fixture, 0, PORT_READY, 1);
	heard(fixture, 0, 0, PORT_OPEN, 0, "");
	heard(fixture, 1, 0, PORT_NAME, 1, "to.guest");
}

static void a_full_side_holds_the_chain_and_nothing_is_lost(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	fixture->room = 4;
	write_text(fixture, 0, "hello ");
	write_text(fixture, 100, "world");
	wrote(fixture, "hell");
	assert_int_equal(fixture->taken, 0);
	assert_false(guest_driver_used(&fixture->driver, FROM_GUEST_TX, &len));
	fixture->room = 4;
	ports_go_on(fixture->device, FROM_GUEST);
	wrote(fixture, "hello wo");
	assert_int_equal(fixture->taken, 0);
	fixture->room = 100;
	ports_go_on(fixture->device, FROM_GUEST);
	wrote(fixture, "hello world");
	assert_int_equal(fixture->taken, 1);
}

static void a_held_port_does_not_hold_another(void **state)
{
	struct fixture *fixture = *state;

	open_port(fixture, TO_GUEST);
	fixture->room = 0;
	write_text(fixture, 0, "held");
	fixture->input = "goes";
	give_buffer(fixture, 10);
	assert_int_equal(guest_driver_wait(&fixture->driver, TO_GUEST_RX), 4);
}

static void a_reset_forgets_what_the_guest_was_told_and_had_open(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	open_port(fixture, TO_GUEST);
	fixture->room = 0;
	write_text(fixture, 0, "held");
	guest_driver_restart(&fixture->driver, 2);
	fixture->room = 100;
	fixture->input = "x";
	give_buffer(fixture, 10);
	ports_go_on(fixture->device, TO_GUEST);
	assert_false(guest_driver_used(&fixture->driver, TO_GUEST_RX, &len));
	ports_go_on(fixture->device, FROM_GUEST);
	wrote(fixture, "");
	give_control_buffers(fixture, 0, 8);
	heard_nothing(fixture);
}

static void a_driver_that_knows_no_ports_has_none(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	guest_driver_restart(&fixture->driver, 0);
	write_text(fixture, 0, "nowhere");
	ports_go_on(fixture->device, FROM_GUEST);
	assert_false(guest_driver_used(&fixture->driver, FROM_GUEST_TX, &len));
	wrote(fixture, "");
}

static void wrong_messages_are_counted_and_do_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer brief = {.gpa = GUEST_DATA, .len = 7};

	give_control_buffers(fixture, 0, 8);
	say(fixture, 2, PORT_READY, 1);
	say(fixture, 0xffffffff, PORT_OPEN, 1);
	say(fixture, 0, 99, 1);
	say(fixture, 0, DEVICE_READY, 0);
	guest_driver_add(&fixture->driver, CONTROL_TX, &brief, 1);
	guest_driver_kick(&fixture->driver, CONTROL_TX);
	guest_driver_wait(&fixture->driver, CONTROL_TX);
	assert_int_equal(fixture->machine.guest_errors, 5);
	heard_nothing(fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_driver_learns_of_each_port_that_it_is_open_and_then_its_name),
		TEST(what_there_is_no_buffer_for_is_told_later),
		TEST(input_comes_once_the_guest_has_opened_the_port),
		TEST(a_closed_side_is_an_end_of_file_and_takes_what_is_written),
		TEST(a_side_that_was_closed_early_is_found_so),
		TEST(a_full_side_holds_the_chain_and_nothing_is_lost),
		TEST(a_held_port_does_not_hold_another),
		TEST(a_reset_forgets_what_the_guest_was_told_and_had_open),
		TEST(a_driver_that_knows_no_ports_has_none),
		TEST(wrong_messages_are_counted_and_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
