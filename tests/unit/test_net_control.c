/* SPDX-License-Identifier: Apache-2.0 */
/* A network card with several pairs of queues, and its control queue, with a cable that the test
 * holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "devices/net.h"
#include "devices/net_control.h"
#include "tests/unit/fixtures/guest_driver.h"

#define PAIRS	4u
#define CONTROL (PAIRS * 2)
#define OK	0
#define ERR	1
#define NOTHING 0x77 /* was written where an answer could be */

#define F_MAC	    (1ull << 5)
#define F_MRG_RXBUF (1ull << 15)
#define F_CTRL_VQ   (1ull << 17)
#define F_MQ	    (1ull << 22)
#define ALL	    (F_MAC | F_MRG_RXBUF | F_CTRL_VQ | F_MQ)

#define COMMAND	 (GUEST_DATA + 0x10000ull)
#define ANSWER	 (GUEST_DATA + 0x11000ull)
#define FRAME	 (GUEST_DATA + 0x12000ull)
#define RECEIVED (GUEST_DATA + 0x13000ull)

struct cable {
	unsigned int pairs, sent[PAIRS], has_buffers[PAIRS], sets;
	bool refuses;
};

struct fixture {
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	struct cable cable;
};

static void take_frame(void *state, unsigned int pair, const struct net_frame *frame)
{
	assert_int_equal(frame->len, 60);
	((struct cable *)state)->sent[pair]++;
}

static bool take_pairs(void *state, unsigned int pairs)
{
	struct cable *cable = state;

	cable->sets++;
	if (!cable->refuses)
		cable->pairs = pairs;
	return !cable->refuses;
}

static void stopped(void *state)
{
	((struct cable *)state)->pairs = 1;
}

static void has_buffers(void *state, unsigned int pair)
{
	((struct cable *)state)->has_buffers[pair]++;
}

static void free_nothing(void *state)
{
	(void)state;
}

static const struct net_backend backend = {.send = take_frame,
					   .set_pairs = take_pairs,
					   .stopped = stopped,
					   .has_buffers = has_buffers,
					   .free = free_nothing};

static void make(struct fixture *fixture, unsigned int pairs, uint64_t features)
{
	const struct net_options card = {.mac = {0x52, 0x54, 0, 1, 2, 3}, .pairs = pairs};

	if (fixture->device)
		virtio_device_free(fixture->device);
	fixture->cable = (struct cable){.pairs = 1};
	fixture->device = net_new(&fixture->machine, "net0", &card, &backend, &fixture->cable);
	guest_driver_start(&fixture->driver, &fixture->machine, fixture->device, features);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fake_machine_init_loop(&fixture->machine, GUEST_RAM))
		return -1;
	make(fixture, PAIRS, ALL);
	*state = fixture;
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

/* ---- what a driver does ---- */

struct command {
	uint8_t bytes[6];
	uint32_t len, room;
};

static void put_command(struct fixture *fixture, unsigned int queue, const struct command *command)
{
	const struct guest_buffer chain[] = {
		{.gpa = COMMAND, .len = command->len},
		{.gpa = ANSWER, .len = command->room, .writable = true},
	};

	memcpy(guest_memory_at(&fixture->machine.memory, COMMAND, sizeof(command->bytes)),
	       command->bytes, sizeof(command->bytes));
	fake_store(&fixture->machine, ANSWER, 1, NOTHING);
	guest_driver_add(&fixture->driver, queue, chain, 2);
}

/* The answer; the chain comes back in any case. */
static int command_on(struct fixture *fixture, unsigned int queue, const struct command *command)
{
	uint32_t len;

	put_command(fixture, queue, command);
	guest_driver_kick(&fixture->driver, queue);
	assert_true(guest_driver_used(&fixture->driver, queue, &len));
	assert_int_equal(len, command->room ? 1 : 0);
	return (int)fake_load(&fixture->machine, ANSWER, 1);
}

static int set_pairs(struct fixture *fixture, unsigned int pairs)
{
	const struct command command = {
		.bytes = {4, 0, (uint8_t)pairs, (uint8_t)(pairs >> 8)}, .len = 4, .room = 1};

	return command_on(fixture, CONTROL, &command);
}

static void transmit(struct fixture *fixture, unsigned int pair)
{
	const struct guest_buffer chain = {.gpa = FRAME, .len = 12 + 60};
	uint32_t len;

	guest_driver_add(&fixture->driver, pair * 2 + 1, &chain, 1);
	guest_driver_kick(&fixture->driver, pair * 2 + 1);
	assert_true(guest_driver_used(&fixture->driver, pair * 2 + 1, &len));
}

static void give_buffer(struct fixture *fixture, unsigned int pair)
{
	const struct guest_buffer chain = {.gpa = RECEIVED, .len = 2000, .writable = true};

	guest_driver_add(&fixture->driver, pair * 2, &chain, 1);
}

static enum net_received receive(struct fixture *fixture, unsigned int pair)
{
	static const uint8_t frame[60];

	return net_receive(fixture->device, pair, NULL, frame, sizeof(frame));
}

static bool arrives(struct fixture *fixture, unsigned int pair)
{
	uint32_t len;

	return receive(fixture, pair) == NET_TAKEN &&
	       guest_driver_used(&fixture->driver, pair * 2, &len) && len == 72;
}

/* ---- tests ---- */

static void has_a_control_queue_behind_its_pairs(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(fixture->device->queue_count, CONTROL + 1);
	assert_int_equal(virtio_device_features(fixture->device) & (F_CTRL_VQ | F_MQ),
			 F_CTRL_VQ | F_MQ);
	assert_int_equal(virtio_device_config_read(fixture->device, 8, 2), PAIRS);
	make(fixture, NET_PAIRS_MOST, ALL);
	assert_int_equal(fixture->device->queue_count, VIRTIO_MAX_QUEUES);
	for (unsigned int pairs = 0; pairs <= 1; pairs++) {
		make(fixture, pairs, ALL);
		assert_int_equal(fixture->device->queue_count, 2);
		assert_int_equal(virtio_device_features(fixture->device) & (F_CTRL_VQ | F_MQ), 0);
	}
}

static void the_driver_uses_as_many_pairs_as_it_says(void **state)
{
	static const unsigned int numbers[] = {1, 2, 3, 4, 4, 2, 4, 1};
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < PAIRS; i++)
		for (unsigned int j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			give_buffer(fixture, i);
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_int_equal(set_pairs(fixture, numbers[i]), OK);
		assert_int_equal(fixture->cable.pairs, numbers[i]);
		for (unsigned int pair = 0; pair < PAIRS; pair++) {
			assert_int_equal(arrives(fixture, pair), pair < numbers[i]);
			transmit(fixture, pair);
			assert_int_equal(fixture->cable.sent[pair], i + 1);
		}
	}
	/* What it has already costs the host nothing. */
	assert_int_equal(fixture->cable.sets, 6);
	assert_int_equal(fixture->driver.interrupts[CONTROL], 8);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

static void each_pair_waits_for_buffers_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 3);
	give_buffer(fixture, 0);
	assert_int_equal(receive(fixture, 2), NET_FULL);
	assert_true(arrives(fixture, 0));
	guest_driver_kick(&fixture->driver, 0);
	assert_int_equal(fixture->cable.has_buffers[2], 0);
	give_buffer(fixture, 2);
	guest_driver_kick(&fixture->driver, 4);
	assert_int_equal(fixture->cable.has_buffers[0], 0);
	assert_int_equal(fixture->cable.has_buffers[2], 1);
	assert_true(arrives(fixture, 2));
	/* A pair that is not used any more waits for nothing. */
	assert_int_equal(receive(fixture, 2), NET_FULL);
	set_pairs(fixture, 1);
	guest_driver_kick(&fixture->driver, 4);
	assert_int_equal(fixture->cable.has_buffers[2], 1);
}

static void a_reset_leaves_one_pair(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 4);
	guest_driver_restart(&fixture->driver, ALL);
	assert_int_equal(fixture->cable.pairs, 1);
	give_buffer(fixture, 0);
	give_buffer(fixture, 1);
	assert_true(arrives(fixture, 0));
	assert_int_equal(receive(fixture, 1), NET_DROPPED);
	assert_int_equal(set_pairs(fixture, 4), OK);
	assert_true(arrives(fixture, 1));
}

static void commands_that_make_no_sense_change_nothing(void **state)
{
	static const struct command wrong[] = {
		{{4, 0, 0, 0}, 4, 1},	      /* no pairs */
		{{4, 0, PAIRS + 1, 0}, 4, 1}, /* too many */
		{{4, 0, 0, 0x80}, 4, 1},
		{{4, 0, 2, 1}, 4, 1}, /* the high byte counts */
		{{4, 0, 3, 0}, 3, 1}, /* too short */
		{{4, 0, 3, 0}, 2, 1},
		{{4, 0}, 1, 1},
		{{4, 0}, 0, 1},
		{{4, 0, 3, 0, 0}, 5, 1}, /* too long */
		{{4, 0, 3, 0}, 4000, 1},
		{{4, 1, 3, 0}, 4, 1}, /* other commands */
		{{4, 2, 3, 0}, 4, 1},
		{{0, 0, 1, 0}, 3, 1}, /* promiscuous */
		{{1, 1, 0x52, 0x54}, 6, 1},
		{{255, 255, 255, 255}, 4, 4096},
	};
	struct fixture *fixture = *state;

	set_pairs(fixture, 2);
	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(command_on(fixture, CONTROL, &wrong[i]), ERR);
		assert_int_equal(fixture->machine.guest_errors, i + 1);
		assert_int_equal(fixture->cable.pairs, 2);
	}
	assert_int_equal(fixture->cable.sets, 1);
	assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(set_pairs(fixture, 3), OK);
}

static void a_command_without_room_for_an_answer_is_not_obeyed(void **state)
{
	const struct command command = {.bytes = {4, 0, 3, 0}, .len = 4};
	struct fixture *fixture = *state;

	assert_int_equal(command_on(fixture, CONTROL, &command), NOTHING);
	assert_int_equal(fixture->machine.guest_errors, 1);
	assert_int_equal(fixture->cable.pairs, 1);
	assert_int_equal(set_pairs(fixture, 3), OK);
}

static void a_command_may_be_cut_anywhere(void **state)
{
	struct fixture *fixture = *state;
	const struct guest_buffer chain[] = {
		{.gpa = COMMAND, .len = 1},
		{.gpa = COMMAND + 1, .len = 0},
		{.gpa = COMMAND + 1, .len = 2},
		{.gpa = COMMAND + 3, .len = 1},
		{.gpa = ANSWER, .len = 0, .writable = true},
		{.gpa = ANSWER, .len = 1, .writable = true},
		{.gpa = ANSWER + 1, .len = 8, .writable = true},
	};

	fake_store(&fixture->machine, COMMAND, 4, 0x00030004);
	fake_store(&fixture->machine, ANSWER, 2, NOTHING << 8 | NOTHING);
	guest_driver_add(&fixture->driver, CONTROL, chain, 7);
	guest_driver_kick(&fixture->driver, CONTROL);
	assert_int_equal(fake_load(&fixture->machine, ANSWER, 2), NOTHING << 8 | OK);
	assert_int_equal(fixture->cable.pairs, 3);
}

static void what_the_host_refuses_is_answered_so(void **state)
{
	struct fixture *fixture = *state;

	set_pairs(fixture, 2);
	fixture->cable.refuses = true;
	assert_int_equal(set_pairs(fixture, 4), ERR);
	give_buffer(fixture, 1);
	give_buffer(fixture, 3);
	assert_true(arrives(fixture, 1));
	assert_int_equal(receive(fixture, 3), NET_DROPPED);
	assert_int_equal(fixture->machine.guest_errors, 0);
}

/* virtio 1.2, 5.1.2: it is queue 2 then, and has nothing to say about pairs. */
static void a_driver_of_one_pair_finds_the_control_queue_behind_it(void **state)
{
	const struct command command = {.bytes = {4, 0, 2, 0}, .len = 4, .room = 1};
	struct fixture *fixture = *state;

	guest_driver_restart(&fixture->driver, F_MAC | F_CTRL_VQ);
	assert_int_equal(command_on(fixture, 2, &command), ERR);
	assert_int_equal(fixture->machine.guest_errors, 1);
	/* The others are nobody's. */
	for (unsigned int queue = 3; queue <= CONTROL; queue++) {
		uint32_t len;

		put_command(fixture, queue, &command);
		guest_driver_kick(&fixture->driver, queue);
		assert_false(guest_driver_used(&fixture->driver, queue, &len));
	}
	assert_int_equal(fixture->cable.sets, 0);
	transmit(fixture, 0);
	assert_int_equal(fixture->cable.sent[0], 1);
}

static void without_a_control_queue_there_is_one_pair(void **state)
{
	static const uint64_t features[] = {F_MAC, F_MAC | F_MQ};
	struct fixture *fixture = *state;

	for (unsigned int i = 0; i < 2; i++) {
		const struct command command = {.bytes = {4, 0, 2, 0}, .len = 4, .room = 1};
		uint32_t len;

		guest_driver_restart(&fixture->driver, features[i]);
		put_command(fixture, CONTROL, &command);
		guest_driver_kick(&fixture->driver, CONTROL);
		assert_false(guest_driver_used(&fixture->driver, CONTROL, &len));
		give_buffer(fixture, 0);
		give_buffer(fixture, 1);
		assert_true(arrives(fixture, 0));
		assert_int_equal(receive(fixture, 1), NET_DROPPED);
	}
	assert_int_equal(fixture->cable.sets, 0);
}

static void a_wild_command_breaks_the_card_until_reset(void **state)
{
	const struct guest_buffer wild = {.gpa = 0x1000, .len = 4};
	struct fixture *fixture = *state;

	guest_driver_add(&fixture->driver, CONTROL, &wild, 1);
	guest_driver_kick(&fixture->driver, CONTROL);
	assert_true(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
	guest_driver_restart(&fixture->driver, ALL);
	assert_int_equal(set_pairs(fixture, 2), OK);
}

/* Others get their turn in between. */
static void many_commands_are_obeyed_some_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	unsigned int done = 0;
	uint32_t len;

	for (unsigned int i = 0; i < GUEST_QUEUE_SIZE / 2; i++) {
		const struct command command = {.bytes = {4, 0, 3, 0}, .len = 4, .room = 1};

		put_command(fixture, CONTROL, &command);
	}
	guest_driver_kick(&fixture->driver, CONTROL);
	while (guest_driver_used(&fixture->driver, CONTROL, &len))
		done++;
	assert_int_equal(done, 16);
	fake_machine_run_for(&fixture->machine, 1000000);
	while (guest_driver_used(&fixture->driver, CONTROL, &len))
		done++;
	assert_int_equal(done, GUEST_QUEUE_SIZE / 2);
}

/* ---- any order of events ---- */

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static void happen(struct fixture *fixture, unsigned int *pairs, uint32_t event, uint32_t number)
{
	const unsigned int pair = number % PAIRS;

	switch (event % 5) {
	case 0:
		fixture->cable.refuses = number & 64;
		if (set_pairs(fixture, number % (PAIRS + 2)) == OK)
			*pairs = number % (PAIRS + 2);
		break;
	case 1: transmit(fixture, pair); break;
	case 2:
		if (number & 64)
			break;
		guest_driver_restart(&fixture->driver, ALL);
		*pairs = 1;
		break;
	case 3:
		guest_driver_kick(&fixture->driver, number % (CONTROL + 1));
		fake_machine_run_for(&fixture->machine, 1000);
		break;
	default:
		give_buffer(fixture, pair);
		assert_int_equal(arrives(fixture, pair), pair < *pairs);
		/* It stays there; the queue is left empty for what follows. */
		if (pair >= *pairs)
			guest_driver_restart(&fixture->driver, ALL), *pairs = 1;
		break;
	}
}

static void any_order_of_events_keeps_card_and_cable_of_one_mind(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t round = 1; round <= 20; round++) {
		uint32_t seed = round;
		unsigned int pairs = 1;

		make(fixture, PAIRS, ALL);
		for (unsigned int i = 0; i < 200; i++) {
			happen(fixture, &pairs, draw(&seed), draw(&seed));
			assert_int_equal(fixture->cable.pairs, pairs);
			assert_false(fixture->device->status & VIRTIO_STATUS_NEEDS_RESET);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(has_a_control_queue_behind_its_pairs),
		TEST(the_driver_uses_as_many_pairs_as_it_says),
		TEST(each_pair_waits_for_buffers_of_its_own),
		TEST(a_reset_leaves_one_pair),
		TEST(commands_that_make_no_sense_change_nothing),
		TEST(a_command_without_room_for_an_answer_is_not_obeyed),
		TEST(a_command_may_be_cut_anywhere),
		TEST(what_the_host_refuses_is_answered_so),
		TEST(a_driver_of_one_pair_finds_the_control_queue_behind_it),
		TEST(without_a_control_queue_there_is_one_pair),
		TEST(a_wild_command_breaks_the_card_until_reset),
		TEST(many_commands_are_obeyed_some_at_a_time),
		TEST(any_order_of_events_keeps_card_and_cable_of_one_mind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
