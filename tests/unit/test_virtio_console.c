/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio console, and the entropy device beside it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/devices.h"
#include "tests/unit/fixtures/guest_driver.h"

enum { RX = 0, TX = 1 };

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
};

static struct fixture *prepare(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fake_machine_init_loop(&fixture->machine, GUEST_RAM) ? fixture : NULL;
}

static int setup_console(void **state)
{
	struct fixture *fixture = prepare(state);

	if (!fixture)
		return -1;
	fixture->device = virtio_console_new(&fixture->machine, "console0");
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, 0);
	return 0;
}

static int setup_rng(void **state)
{
	struct fixture *fixture = prepare(state);

	if (!fixture)
		return -1;
	fixture->device = virtio_rng_new(&fixture->machine, "rng0");
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

static void store_text(struct fixture *fixture, uint64_t offset, const char *text)
{
	memcpy(guest_memory_at(&fixture->machine.memory, GUEST_DATA + offset, strlen(text)), text,
	       strlen(text));
}

static void print(struct fixture *fixture, uint64_t offset, const char *text)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA + offset,
					    .len = (uint32_t)strlen(text)};

	store_text(fixture, offset, text);
	guest_driver_add(&fixture->driver, TX, &buffer, 1);
	guest_driver_kick(&fixture->driver, TX);
}

static void give_buffer(struct fixture *fixture, uint32_t len)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = len, .writable = true};

	guest_driver_add(&fixture->driver, RX, &buffer, 1);
	guest_driver_kick(&fixture->driver, RX);
}

static void assert_output(const struct fixture *fixture, const char *text)
{
	assert_int_equal(fixture->machine.output_len, strlen(text));
	assert_memory_equal(fixture->machine.output, text, strlen(text));
}

static void what_the_guest_prints_reaches_the_console_in_order(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer chain[] = {
		{.gpa = GUEST_DATA + 100, .len = 3},
		{.gpa = GUEST_DATA + 200, .len = 0},
		{.gpa = GUEST_DATA + 200, .len = 3},
	};

	store_text(fixture, 100, "abc");
	store_text(fixture, 200, "def");
	guest_driver_add(&fixture->driver, TX, chain, 3);
	print(fixture, 0, "ghi");
	assert_output(fixture, "abcdefghi");
	assert_int_equal(fixture->driver.interrupts[TX], 1);
}

/* Linux spins until then. */
static void what_was_printed_is_taken_when_the_doorbell_returns(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	assert_true(fixture->device->doorbell_exits);
	print(fixture, 0, "a line\n");
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
	assert_output(fixture, "a line\n");
}

/* The vCPU's own, at a doorbell: no longer than a turn of the loop, and not until there is room. */
static void no_doorbell_keeps_a_vcpu_for_more_than_a_turn(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 1 << 20};
	const size_t taken = 256u << 10;
	uint32_t len;

	fixture->machine.output_room = SIZE_MAX;
	for (unsigned int i = 0; i < 4; i++)
		guest_driver_add(&fixture->driver, TX, &buffer, 1);
	for (unsigned int i = 1; i <= 3; i++) {
		guest_driver_kick(&fixture->driver, TX);
		assert_int_equal(SIZE_MAX - fixture->machine.output_room, i * taken);
	}
	fixture->machine.output_room = 0;
	guest_driver_kick(&fixture->driver, TX);
	assert_false(guest_driver_used(&fixture->driver, TX, &len));
}

static void a_full_console_holds_the_chain_and_goes_on_where_it_stopped(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	fixture->machine.output_room = 4;
	print(fixture, 0, "hello ");
	print(fixture, 100, "world");
	assert_output(fixture, "hell");
	assert_false(guest_driver_used(&fixture->driver, TX, &len));
	fake_console_make_room(&fixture->machine, 4);
	assert_output(fixture, "hello wo");
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
	assert_false(guest_driver_used(&fixture->driver, TX, &len));
	fake_console_make_room(&fixture->machine, 100);
	assert_output(fixture, "hello world");
	assert_true(guest_driver_used(&fixture->driver, TX, &len));
}

static void a_reset_forgets_what_was_held(void **state)
{
	struct fixture *fixture = *state;

	fixture->machine.output_room = 1;
	print(fixture, 0, "lost");
	guest_driver_restart(&fixture->driver, 0);
	fake_console_make_room(&fixture->machine, 100);
	print(fixture, 0, "kept");
	assert_output(fixture, "lkept");
}

static void a_megabyte_in_one_chain_passes_in_several_turns(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 1 << 20};
	uint32_t len;

	fixture->machine.output_room = SIZE_MAX;
	guest_driver_add(&fixture->driver, TX, &buffer, 1);
	guest_driver_kick(&fixture->driver, TX);
	assert_false(guest_driver_used(&fixture->driver, TX, &len));
	guest_driver_wait(&fixture->driver, TX);
	assert_int_equal(SIZE_MAX - fixture->machine.output_room, 1 << 20);
}

static void typed_characters_reach_the_guests_buffer(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	give_buffer(fixture, 64);
	assert_false(guest_driver_used(&fixture->driver, RX, &len));
	fake_console_type(&fixture->machine, "ls\n", 3);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(guest_memory_at(&fixture->machine.memory, GUEST_DATA, 3), "ls\n", 3);
	assert_int_equal(fixture->driver.interrupts[RX], 1);
}

static void input_without_a_buffer_waits_at_the_console(void **state)
{
	struct fixture *fixture = *state;
	uint32_t len;

	fake_console_type(&fixture->machine, "hello", 5);
	give_buffer(fixture, 2);
	give_buffer(fixture, 0);
	give_buffer(fixture, 10);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 2);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 0);
	assert_true(guest_driver_used(&fixture->driver, RX, &len));
	assert_int_equal(len, 3);
}

static uint64_t size_of_console(struct fixture *fixture)
{
	return virtio_device_config_read(fixture->device, 0, 2) << 16 |
	       virtio_device_config_read(fixture->device, 2, 2);
}

static void a_screen_has_a_size_that_is_told_when_it_changes(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t all = UINT64_MAX;

	/* There is none: nothing is offered, and nothing told. */
	guest_driver_restart(&fixture->driver, all);
	assert_false(virtio_has(fixture->device, 0));
	assert_int_equal(fixture->driver.config_changes, 0);
	assert_int_equal(size_of_console(fixture), 0);
	/* Linux reads it when it is told, and not at the start. */
	fixture->machine.columns = 80;
	fixture->machine.rows = 25;
	guest_driver_restart(&fixture->driver, all);
	assert_true(virtio_has(fixture->device, 0));
	assert_int_equal(fixture->driver.config_changes, 1);
	assert_int_equal(size_of_console(fixture), 80 << 16 | 25);
	assert_int_equal(virtio_device_config_read(fixture->device, 0, 4), 25 << 16 | 80);
	assert_int_equal(virtio_device_config_read(fixture->device, 3, 8), 0);
	assert_int_equal(virtio_device_config_read(fixture->device, 4, 4), 0);
	fake_console_resize(&fixture->machine, 300, 100);
	assert_int_equal(fixture->driver.config_changes, 2);
	assert_int_equal(size_of_console(fixture), 300 << 16 | 100);
	/* A driver that does not want it hears nothing. */
	guest_driver_restart(&fixture->driver, 0);
	fake_console_resize(&fixture->machine, 132, 43);
	assert_int_equal(fixture->driver.config_changes, 2);
	/* And before it runs. */
	virtio_device_set_status(fixture->device, 0);
	fake_console_resize(&fixture->machine, 80, 24);
	assert_int_equal(fixture->driver.config_changes, 2);
}

/* ---- with threads: run this under a thread sanitizer too ---- */

#define ROUNDS 2000u

static void *run_loop(void *opaque)
{
	struct fixture *fixture = opaque;

	loop_run(fixture->machine.loop);
	return NULL;
}

/* As a writer that comes and goes makes it. */
static void *make_room(void *opaque)
{
	struct fixture *fixture = opaque;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		machine_lock(&fixture->machine);
		fake_console_make_room(&fixture->machine, round % 7 * 100000);
		machine_unlock(&fixture->machine);
	}
	return NULL;
}

/* As a vCPU does it: everything with the lock held. What was not taken at once is taken by the
 * loop, or when there is room. */
static void a_vcpu_prints_beside_the_loop_and_who_makes_room(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 300000};
	unsigned int given = 0, used = 0;
	pthread_t loop, room;
	uint32_t len;

	assert_int_equal(pthread_create(&loop, NULL, run_loop, fixture), 0);
	assert_int_equal(pthread_create(&room, NULL, make_room, fixture), 0);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		machine_lock(&fixture->machine);
		if (given - used < GUEST_QUEUE_SIZE) {
			guest_driver_add(&fixture->driver, TX, &buffer, 1);
			guest_driver_kick(&fixture->driver, TX);
			given++;
		}
		used += guest_driver_used(&fixture->driver, TX, &len);
		machine_unlock(&fixture->machine);
	}
	pthread_join(room, NULL);
	while (used < given) {
		machine_lock(&fixture->machine);
		fake_console_make_room(&fixture->machine, SIZE_MAX);
		used += guest_driver_used(&fixture->driver, TX, &len);
		machine_unlock(&fixture->machine);
	}
	loop_stop(fixture->machine.loop);
	pthread_join(loop, NULL);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void a_request_for_entropy_is_filled_up_to_its_limit(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer large = {.gpa = GUEST_DATA, .len = 10000, .writable = true};
	const struct guest_buffer none = {.gpa = GUEST_DATA, .len = 16};
	unsigned int zeros = 0;

	guest_driver_add(&fixture->driver, 0, &large, 1);
	guest_driver_add(&fixture->driver, 0, &none, 1);
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(guest_driver_wait(&fixture->driver, 0), 4096);
	assert_int_equal(guest_driver_wait(&fixture->driver, 0), 0);
	for (unsigned int i = 0; i < 4096; i++)
		zeros += fake_load(&fixture->machine, GUEST_DATA + i, 1) == 0;
	assert_true(zeros < 100);
	assert_int_equal(fake_load(&fixture->machine, GUEST_DATA + 4096, 8), 0);
}

int main(void)
{
#define TEST(name)     cmocka_unit_test_setup_teardown(name, setup_console, teardown)
#define TEST_RNG(name) cmocka_unit_test_setup_teardown(name, setup_rng, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_the_guest_prints_reaches_the_console_in_order),
		TEST(what_was_printed_is_taken_when_the_doorbell_returns),
		TEST(no_doorbell_keeps_a_vcpu_for_more_than_a_turn),
		TEST(a_full_console_holds_the_chain_and_goes_on_where_it_stopped),
		TEST(a_reset_forgets_what_was_held),
		TEST(a_megabyte_in_one_chain_passes_in_several_turns),
		TEST(typed_characters_reach_the_guests_buffer),
		TEST(input_without_a_buffer_waits_at_the_console),
		TEST(a_screen_has_a_size_that_is_told_when_it_changes),
		TEST(a_vcpu_prints_beside_the_loop_and_who_makes_room),
		TEST_RNG(a_request_for_entropy_is_filled_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
