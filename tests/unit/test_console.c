/* SPDX-License-Identifier: Apache-2.0 */
/* The console's output side, over a pipe; timers of the fake loop expire when a test runs it. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "vmm/console.h"

struct fixture {
	struct machine machine;
	struct console console;
	struct console_device device;
	unsigned int room; /* how often the device was told */
	int reader, writer;
	uint8_t got[4 * CONSOLE_RING];
};

static void count_room(struct console_device *device)
{
	struct fixture *fixture = device->opaque;

	fixture->room++;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int ends[2];

	if (!fixture || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fixture->reader = ends[0];
	fixture->writer = ends[1];
	if (!fake_machine_init_loop(&fixture->machine, 4096) ||
	    fcntl(fixture->reader, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	console_init(&fixture->console, &fixture->machine, fixture->machine.loop, -1,
		     fixture->writer, false);
	fixture->device = (struct console_device){.room = count_room, .opaque = fixture};
	console_attach(&fixture->console, &fixture->device);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->reader);
	close(fixture->writer);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, const char *text)
{
	for (; *text; text++)
		assert_int_equal(console_write(&fixture->console, text, 1), 1);
}

/* Reads what has left the console until now. */
static size_t left(struct fixture *fixture)
{
	ssize_t got = read(fixture->reader, fixture->got, sizeof(fixture->got));

	return got > 0 ? (size_t)got : 0;
}

static void characters_leave_together_when_their_line_ends(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "line");
	assert_int_equal(left(fixture), 0);
	put(fixture, "\n");
	assert_int_equal(left(fixture), 5);
	assert_memory_equal(fixture->got, "line\n", 5);
}

static void characters_without_a_line_end_leave_soon(void **state)
{
	struct fixture *fixture = *state;

	for (int again = 0; again < 2; again++) {
		put(fixture, "$ ");
		assert_int_equal(left(fixture), 0);
		assert_in_range(fixture->console.flush.deadline, 1, 1000000);
		loop_run(fixture->machine.loop);
		assert_int_equal(left(fixture), 2);
		assert_memory_equal(fixture->got, "$ ", 2);
	}
}

static void no_more_than_a_page_is_collected(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 4095; i++)
		put(fixture, ".");
	assert_int_equal(left(fixture), 0);
	put(fixture, ".");
	assert_int_equal(left(fixture), 4096);
}

static void a_long_piece_leaves_at_once_behind_what_was_collected(void **state)
{
	struct fixture *fixture = *state;
	char piece[200];

	memset(piece, 'b', sizeof(piece));
	put(fixture, "a");
	assert_int_equal(console_write(&fixture->console, piece, sizeof(piece)), sizeof(piece));
	assert_int_equal(left(fixture), 1 + sizeof(piece));
	assert_memory_equal(fixture->got, "ab", 2);
}

static void what_was_collected_leaves_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "last words");
	console_finish(&fixture->console);
	assert_int_equal(left(fixture), 10);
}

/* Bytes that count up, so that a lost, doubled or moved one shows. */
static size_t write_counting(struct fixture *fixture, uint8_t *next, size_t piece)
{
	uint8_t bytes[1000];
	size_t done;

	for (size_t i = 0; i < piece; i++)
		bytes[i] = (uint8_t)(*next + i);
	done = console_write(&fixture->console, bytes, piece);
	*next = (uint8_t)(*next + done);
	return done;
}

static void nothing_is_lost_or_moved_by_a_reader_that_waits(size_t piece, struct fixture *fixture)
{
	uint8_t next = 0, expected = 0;
	size_t written = 0, seen = 0, done;

	do {
		done = write_counting(fixture, &next, piece);
		written += done;
	} while (done == piece);
	assert_true(written >= CONSOLE_RING);
	assert_true(fixture->console.out_watched);
	loop_run(fixture->machine.loop);
	for (size_t len; (len = left(fixture)) > 0;) {
		for (size_t i = 0; i < len; i++)
			assert_int_equal(fixture->got[i], expected++);
		seen += len;
		if (fixture->console.out_watched)
			fixture->console.out_watch.ready(&fixture->console.out_watch, POLLOUT);
	}
	assert_int_equal(seen, written);
	assert_true(fixture->room > 0);
	assert_false(fixture->console.out_watched);
}

static void a_reader_that_waits_loses_nothing_of_short_pieces(void **state)
{
	nothing_is_lost_or_moved_by_a_reader_that_waits(7, *state);
}

static void a_reader_that_waits_loses_nothing_of_long_pieces(void **state)
{
	nothing_is_lost_or_moved_by_a_reader_that_waits(1000, *state);
}

static void a_panic_is_seen_while_its_characters_wait(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "Kernel panic - not syncin");
	assert_false(fixture->console.panic.seen);
	put(fixture, "g");
	assert_true(fixture->console.panic.seen);
	assert_int_equal(left(fixture), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(characters_leave_together_when_their_line_ends),
		TEST(characters_without_a_line_end_leave_soon),
		TEST(no_more_than_a_page_is_collected),
		TEST(a_long_piece_leaves_at_once_behind_what_was_collected),
		TEST(what_was_collected_leaves_at_the_end),
		TEST(a_reader_that_waits_loses_nothing_of_short_pieces),
		TEST(a_reader_that_waits_loses_nothing_of_long_pieces),
		TEST(a_panic_is_seen_while_its_characters_wait),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
