/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's output side, over a pipe; timers of the fake loop expire when a test runs it, and a
 * test says when the loop looks at the writer.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/writer.h"
#include "tests/unit/fixtures/fake_machine.h"
#include "vmm/machine/console.h"

struct fixture {
	struct machine machine;
	struct console console;
	struct console_device device;
	unsigned int room; /* how often the device was told */
	bool failed;
	int reader, out;
	struct writer *writer;
	uint8_t got[4096];
};

static void count_room(struct console_device *device)
{
	struct fixture *fixture = device->opaque;

	fixture->room++;
}

static void note_end(void *opaque, enum console_end end)
{
	struct fixture *fixture = opaque;

	fixture->failed = end == CONSOLE_FAILED;
}

static void note_room(void *opaque)
{
	(void)opaque;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int ends[2];

	if (!fixture || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fixture->reader = ends[0];
	fixture->out = ends[1];
	fixture->writer = writer_new(fixture->out, CONSOLE_ROOM);
	if (!fixture->writer || !fake_machine_init_loop(&fixture->machine, 4096))
		return -1;
	console_init(&fixture->console, &(struct console_owner){note_end, note_room, fixture},
		     fixture->machine.loop, &(struct console_ends){.out = fixture->writer});
	fixture->device = (struct console_device){.room = count_room, .opaque = fixture};
	console_attach(&fixture->console, &fixture->device);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	writer_free(fixture->writer);
	close(fixture->reader);
	close(fixture->out);
	fake_machine_destroy(&fixture->machine);
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, const char *text)
{
	for (; *text; text++)
		assert_int_equal(console_write(&fixture->console, text, 1), 1);
}

/* What waits for the end of its line, or for the loop. */
static size_t waiting(struct fixture *fixture)
{
	struct pollfd poll_fd = {.fd = fixture->reader, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 0 ? writer_left(fixture->writer) : 0;
}

/* Reads LEN bytes, which leave the console now or soon. */
static void expect_left(struct fixture *fixture, const char *text, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fixture->reader, fixture->got + done, len - done);

		assert_true(got > 0);
		done += (size_t)got;
	}
	if (text)
		assert_memory_equal(fixture->got, text, len);
	assert_int_equal(writer_finish(fixture->writer, 1000, 10000), 0);
}

static void characters_leave_together_when_their_line_ends(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "line");
	assert_int_equal(waiting(fixture), 4);
	put(fixture, "\n");
	expect_left(fixture, "line\n", 5);
}

static void characters_without_a_line_end_leave_soon(void **state)
{
	struct fixture *fixture = *state;

	for (int again = 0; again < 2; again++) {
		put(fixture, "$ ");
		assert_int_equal(waiting(fixture), 2);
		assert_in_range(fixture->console.flush.deadline, 1, 1000000);
		loop_run(fixture->machine.loop);
		expect_left(fixture, "$ ", 2);
	}
}

static void no_more_than_a_page_is_collected(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 4095; i++)
		put(fixture, ".");
	assert_int_equal(waiting(fixture), 4095);
	put(fixture, ".");
	expect_left(fixture, NULL, 4096);
}

static void a_long_piece_leaves_at_once_behind_what_was_collected(void **state)
{
	struct fixture *fixture = *state;
	char piece[200];

	memset(piece, 'b', sizeof(piece));
	put(fixture, "a");
	assert_int_equal(console_write(&fixture->console, piece, sizeof(piece)), sizeof(piece));
	expect_left(fixture, NULL, 1 + sizeof(piece));
	assert_memory_equal(fixture->got, "ab", 2);
}

static void what_was_collected_leaves_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "last words");
	console_finish(&fixture->console, true);
	expect_left(fixture, "last words", 10);
}

static void a_reader_that_went_away_ends_the_console(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd event = {.fd = writer_event(fixture->writer), .events = POLLIN};

	signal(SIGPIPE, SIG_IGN);
	close(fixture->reader);
	fixture->reader = -1;
	put(fixture, "to nobody\n");
	assert_int_equal(poll(&event, 1, -1), 1);
	fixture->console.out_watch.ready(&fixture->console.out_watch, POLLIN);
	assert_true(fixture->failed);
	put(fixture, "more\n");
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

/* With whole pages, so that it takes not a byte more. */
static void fill_pipe(struct fixture *fixture)
{
	size_t size = (size_t)fcntl(fixture->out, F_GETPIPE_SZ);
	uint8_t *zeros = calloc(1, size);

	assert_non_null(zeros);
	assert_int_equal(write(fixture->out, zeros, size), size);
	free(zeros);
}

static void empty_pipe(struct fixture *fixture)
{
	size_t size = (size_t)fcntl(fixture->out, F_GETPIPE_SZ);

	while (size > 0) {
		size_t most = size < sizeof(fixture->got) ? size : sizeof(fixture->got);
		ssize_t got = read(fixture->reader, fixture->got, most);

		assert_true(got > 0);
		size -= (size_t)got;
	}
}

static void nothing_is_lost_or_moved_by_a_reader_that_waits(size_t piece, struct fixture *fixture)
{
	uint8_t next = 0, expected = 0;
	size_t written = 0, seen = 0, done;

	fill_pipe(fixture);
	do {
		done = write_counting(fixture, &next, piece);
		written += done;
	} while (done == piece);
	assert_true(written >= CONSOLE_ROOM);
	assert_false(console_has_room(&fixture->console));
	assert_int_equal(fixture->room, 0);
	loop_run(fixture->machine.loop);
	empty_pipe(fixture);
	while (seen < written) {
		ssize_t len = read(fixture->reader, fixture->got, sizeof(fixture->got));

		for (ssize_t i = 0; i < len; i++)
			assert_int_equal(fixture->got[i], expected++);
		seen += (size_t)len;
	}
	fixture->console.out_watch.ready(&fixture->console.out_watch, POLLIN);
	assert_true(fixture->room > 0);
	assert_true(console_has_room(&fixture->console));
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
	assert_int_equal(waiting(fixture), strlen("Kernel panic - not syncing"));
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
		TEST(a_reader_that_went_away_ends_the_console),
		TEST(a_reader_that_waits_loses_nothing_of_short_pieces),
		TEST(a_reader_that_waits_loses_nothing_of_long_pieces),
		TEST(a_panic_is_seen_while_its_characters_wait),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
