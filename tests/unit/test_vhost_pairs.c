/* SPDX-License-Identifier: Apache-2.0 */
/* A network card with several pairs of queues whose work the host's kernel does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/vhost.h>

#include <cmocka.h>

#include "devices/vhost_device.h"
#include "tests/unit/fixtures/fake_vhost.h"
#include "tests/unit/fixtures/guest_driver.h"

#define PAIRS	3u
#define RINGS	(PAIRS * VHOST_RINGS)
#define CONTROL RINGS
#define OK	0
#define ERR	1
#define NOTHING 0x77 /* was written where an answer could be */

#define F_CTRL_VQ (1ull << 17)
#define F_MQ	  (1ull << 22)

#define COMMAND (GUEST_DATA + 0x10000ull)
#define ANSWER	(GUEST_DATA + 0x11000ull)

struct fixture {
	struct machine machine;
	struct fake_vhost host;
	struct guest_driver driver;
	struct virtio_device *device;
};

static void make(struct fixture *fixture)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 1, 2, 3};
	const struct vhost_options options = {
		.type = &vhost_net_type,
		.mac = mac,
		.pairs = PAIRS,
		.who = "the test",
		.backend = &fixture->host.kernel.backend,
	};

	if (fixture->device)
		virtio_device_free(fixture->device);
	fake_vhost_init_files(&fixture->host, &fixture->machine.memory, PAIRS);
	fixture->device = vhost_device_new(&fixture->machine, "net0", &options);
	assert_non_null(fixture->device);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, ~0ull);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	make(fixture);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	virtio_device_free(fixture->device);
	assert_true(fixture->host.freed);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

/* ---- what a driver does ---- */

static void put_command(struct fixture *fixture, unsigned int queue, unsigned int pairs)
{
	const struct guest_buffer chain[] = {
		{.gpa = COMMAND, .len = 4},
		{.gpa = ANSWER, .len = 1, .writable = true},
	};

	fake_store(&fixture->machine, COMMAND, 4, 4 | pairs << 16);
	fake_store(&fixture->machine, ANSWER, 1, NOTHING);
	guest_driver_add(&fixture->driver, queue, chain, 2);
	guest_driver_kick(&fixture->driver, queue);
}

static int command_on(struct fixture *fixture, unsigned int queue, unsigned int pairs)
{
	put_command(fixture, queue, pairs);
	guest_driver_wait(&fixture->driver, queue);
	return (int)fake_load(&fixture->machine, ANSWER, 1);
}

static int set_pairs(struct fixture *fixture, unsigned int pairs)
{
	return command_on(fixture, CONTROL, pairs);
}

static void offer(struct fixture *fixture, unsigned int queue)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 16, .writable = true};

	guest_driver_add(&fixture->driver, queue, &buffer, 1);
	guest_driver_kick(&fixture->driver, queue);
}

static bool is_served(struct fixture *fixture, unsigned int queue)
{
	uint32_t len;

	offer(fixture, queue);
	fake_vhost_turn(&fixture->host);
	return guest_driver_used(&fixture->driver, queue, &len) && len == 16;
}

/* One bit for each ring that runs. */
static unsigned int running(const struct fixture *fixture)
{
	unsigned int rings = 0;

	for (unsigned int i = 0; i < RINGS; i++)
		rings |= (unsigned int)fixture->host.rings[i].running << i;
	return rings;
}

/* ---- tests ---- */

static void the_back_end_has_one_pair_until_the_driver_says_more(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture->device->queue_count, CONTROL + 1);
	assert_int_equal(virtio_device_config_read(fixture->device, 8, 2), PAIRS);
	assert_true(virtio_has(fixture->device, 17) && virtio_has(fixture->device, 22));
	assert_int_equal(running(fixture), 0x3);
	/* No features that are not the kernel's reach it. */
	assert_int_equal(fixture->host.driver_features, VHOST_FEATURES);
	assert_int_equal(set_pairs(fixture, 3), OK);
	assert_int_equal(fixture->host.pairs, 3);
	assert_int_equal(running(fixture), 0x3f);
	for (unsigned int queue = 0; queue < RINGS; queue++)
		assert_true(is_served(fixture, queue));
	assert_int_equal(fixture->driver.interrupts[CONTROL], 1);
	assert_false(fixture->host.out_of_order);
}

/* Each ring goes on where it was; what the driver put where it uses nothing more still goes out. */
static void pairs_come_and_go_while_packets_flow(void **state)
{
	static const struct {
		unsigned int pairs, running;
	} steps[] = {{2, 0xf}, {3, 0x3f}, {1, 0x2b}, {3, 0x3f}, {2, 0x2f}, {1, 0x2b}, {2, 0x2f}};
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(set_pairs(fixture, steps[i].pairs), OK);
		assert_int_equal(running(fixture), steps[i].running);
		for (unsigned int queue = 0; queue < RINGS; queue++)
			if (steps[i].running >> queue & 1)
				assert_true(is_served(fixture, queue));
	}
	assert_false(fixture->host.out_of_order);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void a_reset_leaves_one_pair(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 3);
	virtio_device_set_status(fixture->device, 0);
	assert_int_equal(running(fixture), 0);
	assert_int_equal(fixture->host.pairs, 1);
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_int_equal(running(fixture), 0x3);
	assert_int_equal(set_pairs(fixture, 2), OK);
	assert_true(is_served(fixture, 2));
	assert_false(fixture->host.out_of_order);
}

static void a_pause_stops_all_pairs_and_starts_them_again(void **state)
{
	struct fixture *fixture = *state;
	struct machine_outsider *outsider = fixture->machine.outsiders;

	set_pairs(fixture, 2);
	assert_true(is_served(fixture, 3));
	outsider->stop(outsider);
	assert_int_equal(*outsider->busy, 0);
	assert_int_equal(running(fixture), 0);
	outsider->go_on(outsider);
	assert_int_equal(running(fixture), 0xf);
	assert_true(is_served(fixture, 3));
	/* A command between the stop and the loop's rest. */
	outsider->stop(outsider);
	assert_int_equal(set_pairs(fixture, 3), OK);
	assert_int_equal(running(fixture), 0);
	outsider->go_on(outsider);
	assert_int_equal(running(fixture), 0x3f);
	assert_false(fixture->host.out_of_order);
}

static void commands_that_make_no_sense_change_nothing(void **state)
{
	static const unsigned int wrong[] = {0, PAIRS + 1, 0xffff};
	struct fixture *fixture = *state;

	set_pairs(fixture, 2);
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(set_pairs(fixture, wrong[i]), ERR);
		assert_int_equal(fixture->machine.guest_errors, i + 1);
		assert_int_equal(running(fixture), 0xf);
	}
	assert_int_equal(fixture->host.pairs, 2);
}

static void what_the_interface_refuses_is_answered_so(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 2);
	fixture->host.pairs_refused = true;
	assert_int_equal(set_pairs(fixture, 3), ERR);
	assert_int_equal(running(fixture), 0xf);
	assert_true(is_served(fixture, 3));
	assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
}

static void a_kernel_that_takes_no_ring_breaks_the_card(void **state)
{
	struct fixture *fixture = *state;

	fixture->host.refused = VHOST_SET_VRING_BASE;
	fixture->host.with = EBUSY;
	assert_int_equal(set_pairs(fixture, 2), ERR);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(running(fixture), 0);
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
}

/* What is a ring for others is its control queue: virtio 1.2, 5.1.2. */
static void a_driver_of_one_pair_finds_the_control_queue_behind_it(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 3);
	guest_driver_restart(&fixture->driver, F_CTRL_VQ);
	assert_int_equal(command_on(fixture, 2, 2), ERR);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_int_equal(running(fixture), 0x3);
	/* And a ring again for one that knows of more. */
	guest_driver_restart(&fixture->driver, ~0ull);
	assert_int_equal(set_pairs(fixture, 2), OK);
	assert_true(is_served(fixture, 2));
	guest_driver_restart(&fixture->driver, 0);
	assert_int_equal(running(fixture), 0x3);
	assert_true(is_served(fixture, 1));
}

/* With one there is no control queue. */
static void a_card_of_one_pair_is_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t mac[6] = {0x52};
	struct fake_vhost host;
	const struct vhost_options options = {.type = &vhost_net_type,
					      .mac = mac,
					      .pairs = 1,
					      .who = "the test",
					      .backend = &host.kernel.backend};
	struct virtio_device *device;

	fake_vhost_init(&host, &fixture->machine.memory);
	device = vhost_device_new(&fixture->machine, "net1", &options);
	assert_int_equal(device->queue_count, 2);
	assert_int_equal(virtio_device_features(device) & (F_CTRL_VQ | F_MQ), 0);
	virtio_device_free(device);
	assert_int_equal(host.pairs, 0);
}

/* ---- any order of events ---- */

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* What the driver said last; 0: it has not started. */
static void happen(struct fixture *fixture, unsigned int *pairs, uint32_t event, uint32_t number)
{
	struct machine_outsider *outsider = fixture->machine.outsiders;
	const unsigned int wanted = number % (PAIRS + 2);

	switch (event % 6) {
	case 0:
	case 1:
		if (*pairs && set_pairs(fixture, wanted) == OK)
			*pairs = wanted;
		break;
	case 2:
		if (*pairs)
			offer(fixture, number % RINGS);
		break;
	case 3:
		if (outsider->stopped)
			outsider->go_on(outsider);
		else
			outsider->stop(outsider);
		outsider->stopped = !outsider->stopped;
		break;
	case 4:
		/* The guest does nothing while it is paused. */
		if (outsider->stopped || number & 3)
			break;
		virtio_device_set_status(fixture->device, 0);
		*pairs = 0;
		break;
	default:
		if (outsider->stopped || number & 3)
			break;
		guest_driver_restart(&fixture->driver, ~0ull);
		*pairs = 1;
		break;
	}
	fake_vhost_turn(&fixture->host);
}

static void any_order_of_events_keeps_the_rules(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t round = 1; round <= 20; round++) {
		unsigned int pairs = 1;
		uint32_t seed = round;

		make(fixture);
		for (unsigned int i = 0; i < 100; i++) {
			unsigned int rings, used;

			happen(fixture, &pairs, draw(&seed), draw(&seed));
			rings = running(fixture);
			used = (1u << pairs * 2) - 1;
			assert_false(fixture->host.out_of_order);
			if (!pairs || fixture->machine.outsiders->stopped) {
				assert_int_equal(rings, 0);
				continue;
			}
			assert_int_equal(rings & used, used);
			assert_int_equal(rings & 0x15, used & 0x15);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_back_end_has_one_pair_until_the_driver_says_more),
		TEST(pairs_come_and_go_while_packets_flow),
		TEST(a_reset_leaves_one_pair),
		TEST(a_pause_stops_all_pairs_and_starts_them_again),
		TEST(commands_that_make_no_sense_change_nothing),
		TEST(what_the_interface_refuses_is_answered_so),
		TEST(a_kernel_that_takes_no_ring_breaks_the_card),
		TEST(a_driver_of_one_pair_finds_the_control_queue_behind_it),
		TEST(a_card_of_one_pair_is_as_it_was),
		TEST(any_order_of_events_keeps_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
