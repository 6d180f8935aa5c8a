/* SPDX-License-Identifier: Apache-2.0 */
/* Who gives bytes to a writer never waits, whatever the file does, and the bytes keep their order.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/writer.h"

#define ROOM  10000u
#define QUIET 20u /* ms: that nothing goes out needs no longer to be seen */

struct fixture {
	int reader, out;
	struct writer *writer;
};

static int setup_with(void **state, int flags)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int ends[2];

	if (!fixture || pipe2(ends, O_CLOEXEC | flags) < 0)
		return -1;
	fixture->reader = ends[0];
	fixture->out = ends[1];
	fixture->writer = writer_new(fixture->out, ROOM);
	*state = fixture;
	return fixture->writer ? 0 : -1;
}

static int setup(void **state)
{
	return setup_with(state, 0);
}

static int setup_nonblocking(void **state)
{
	return setup_with(state, O_NONBLOCK);
}

/* A terminal whose output is stopped, as by Ctrl-S. */
static int setup_terminal(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct termios raw;

	if (!fixture)
		return -1;
	*state = fixture;
	fixture->reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->reader < 0 || grantpt(fixture->reader) < 0 || unlockpt(fixture->reader) < 0)
		return -1;
	fixture->out = open(ptsname(fixture->reader), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->out < 0 || tcgetattr(fixture->out, &raw) < 0)
		return -1;
	cfmakeraw(&raw);
	if (tcsetattr(fixture->out, TCSANOW, &raw) < 0 || tcflow(fixture->out, TCOOFF) < 0)
		return -1;
	fixture->writer = writer_new(fixture->out, ROOM);
	return fixture->writer ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	writer_free(fixture->writer); /* though it may be in the middle of a write */
	close(fixture->reader);
	close(fixture->out);
	free(fixture);
	return 0;
}

/* Bytes that count up, so that a lost, doubled or moved one shows. */
static size_t put_counting(struct fixture *fixture, size_t *next, size_t len)
{
	uint8_t bytes[1000];
	size_t done;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)((*next + i) % 251);
	done = writer_put(fixture->writer, bytes, len);
	*next += done;
	return done;
}

static void expect_counting(struct fixture *fixture, size_t *seen, size_t len)
{
	struct pollfd poll_fd = {.fd = fixture->reader, .events = POLLIN};
	uint8_t bytes[4096];

	while (len > 0) {
		ssize_t got;

		assert_int_equal(poll(&poll_fd, 1, -1), 1);
		got = read(fixture->reader, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
		assert_true(got > 0);
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal(bytes[i], (*seen + (size_t)i) % 251);
		*seen += (size_t)got;
		len -= (size_t)got;
	}
}

/* The pipe with whole pages, so that it takes not a byte more, then the buffer. */
static void fill(struct fixture *fixture, size_t *next)
{
	size_t size = (size_t)fcntl(fixture->out, F_GETPIPE_SZ);
	uint8_t *bytes = malloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((*next + i) % 251);
	assert_int_equal(write(fixture->out, bytes, size), size);
	*next += size;
	free(bytes);
	while (writer_room(fixture->writer) > 0)
		put_counting(fixture, next, 1000);
	writer_go(fixture->writer);
}

static void what_is_put_waits_until_it_is_told_to_go(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd poll_fd = {.fd = fixture->reader, .events = POLLIN};
	size_t next = 0, seen = 0;

	assert_int_equal(put_counting(fixture, &next, 100), 100);
	assert_int_equal(writer_left(fixture->writer), 100);
	assert_int_equal(writer_room(fixture->writer), ROOM - 100);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	writer_go(fixture->writer);
	expect_counting(fixture, &seen, 100);
	assert_int_equal(writer_finish(fixture->writer, 1000, 10000), 0);
}

static void a_full_file_loses_nothing_and_tells_when_there_is_room(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd event = {.fd = writer_event(fixture->writer), .events = POLLIN};
	size_t next = 0, seen = 0;

	fill(fixture, &next);
	writer_heard(fixture->writer);
	assert_int_equal(put_counting(fixture, &next, 1), 0);
	assert_int_equal(writer_room(fixture->writer), 0);
	assert_int_equal(poll(&event, 1, 0), 0);
	expect_counting(fixture, &seen, 8192);
	assert_int_equal(poll(&event, 1, -1), 1);
	assert_int_equal(writer_error(fixture->writer), 0);
	assert_true(put_counting(fixture, &next, 1000) > 0);
	writer_go(fixture->writer);
	expect_counting(fixture, &seen, next - seen);
	assert_int_equal(writer_finish(fixture->writer, 1000, 10000), 0);
}

static void an_end_does_not_wait_for_a_file_that_takes_nothing(void **state)
{
	struct fixture *fixture = *state;
	size_t next = 0;

	fill(fixture, &next);
	assert_int_equal(writer_finish(fixture->writer, QUIET, 10000), ROOM);
	assert_int_equal(writer_finish(fixture->writer, 10000, QUIET), ROOM);
}

static void a_line_goes_whole_or_not_at_all(void **state)
{
	struct fixture *fixture = *state;
	char line[ROOM - 4];

	memset(line, 'x', sizeof(line));
	assert_true(writer_put_whole(fixture->writer, line, sizeof(line)));
	assert_false(writer_put_whole(fixture->writer, line, 5));
	assert_true(writer_put_whole(fixture->writer, line, 4));
	assert_int_equal(writer_room(fixture->writer), 0);
}

static void a_reader_that_went_away_is_an_error_and_takes_all(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd event = {.fd = writer_event(fixture->writer), .events = POLLIN};
	size_t next = 0;

	signal(SIGPIPE, SIG_IGN);
	close(fixture->reader);
	fixture->reader = -1;
	put_counting(fixture, &next, 10);
	writer_go(fixture->writer);
	assert_int_equal(poll(&event, 1, -1), 1);
	assert_int_equal(writer_error(fixture->writer), EPIPE);
	for (int i = 0; i < 20; i++)
		assert_int_equal(put_counting(fixture, &next, 1000), 1000);
	assert_true(writer_put_whole(fixture->writer, "x", 1));
	assert_int_equal(writer_finish(fixture->writer, 1000, 10000), 0);
}

static void many_pieces_of_odd_lengths_keep_their_order(void **state)
{
	struct fixture *fixture = *state;
	size_t next = 0, seen = 0;

	for (size_t len = 1; seen < 500000; len = len % 900 + 13) {
		put_counting(fixture, &next, len);
		writer_go(fixture->writer);
		expect_counting(fixture, &seen, (next - seen) / 2);
	}
	expect_counting(fixture, &seen, next - seen);
}

static void a_stopped_terminal_holds_the_thread_only(void **state)
{
	struct fixture *fixture = *state;
	size_t next = 0, seen = 0;

	while (put_counting(fixture, &next, 1000) == 1000)
		writer_go(fixture->writer);
	assert_true(writer_finish(fixture->writer, QUIET, 1000) > 0);
	assert_int_equal(tcflow(fixture->out, TCOON), 0);
	expect_counting(fixture, &seen, next);
	assert_int_equal(writer_finish(fixture->writer, 1000, 10000), 0);
}

static void whoever_asks_for_it_hears_that_all_went_out(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd poll_fd = {.fd = writer_event(fixture->writer), .events = POLLIN};
	size_t next = 0, seen = 0;

	writer_tell_empty(fixture->writer);
	put_counting(fixture, &next, 1000);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	writer_go(fixture->writer);
	assert_int_equal(poll(&poll_fd, 1, -1), 1);
	assert_int_equal(writer_left(fixture->writer), 0);
	writer_heard(fixture->writer);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	expect_counting(fixture, &seen, next);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_waits_until_it_is_told_to_go),
		TEST(a_full_file_loses_nothing_and_tells_when_there_is_room),
		TEST(an_end_does_not_wait_for_a_file_that_takes_nothing),
		TEST(a_line_goes_whole_or_not_at_all),
		TEST(a_reader_that_went_away_is_an_error_and_takes_all),
		TEST(many_pieces_of_odd_lengths_keep_their_order),
		TEST(whoever_asks_for_it_hears_that_all_went_out),
		cmocka_unit_test_setup_teardown(
			a_full_file_loses_nothing_and_tells_when_there_is_room, setup_nonblocking,
			teardown),
		cmocka_unit_test_setup_teardown(many_pieces_of_odd_lengths_keep_their_order,
						setup_nonblocking, teardown),
		cmocka_unit_test_setup_teardown(a_stopped_terminal_holds_the_thread_only,
						setup_terminal, teardown),
	};

	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
