/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes from a reader never waits, and the bytes keep their order. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/reader.h"

struct fixture {
	int in, writer;
	struct reader *reader;
};

static int setup_with(void **state, int flags)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int ends[2];

	if (!fixture || pipe2(ends, O_CLOEXEC | flags) < 0)
		return -1;
	fixture->in = ends[0];
	fixture->writer = ends[1];
	fixture->reader = reader_new(fixture->in, 256);
	*state = fixture;
	return fixture->reader ? 0 : -1;
}

static int setup(void **state)
{
	return setup_with(state, 0);
}

static int setup_nonblocking(void **state)
{
	return setup_with(state, O_NONBLOCK);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	reader_free(fixture->reader); /* though it waits in read() */
	close(fixture->in);
	close(fixture->writer);
	free(fixture);
	return 0;
}

static void nothing_is_there_until_somebody_writes(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd event = {.fd = reader_event(fixture->reader), .events = POLLIN};
	char bytes[10];
	bool ended;

	assert_int_equal(reader_take(fixture->reader, bytes, sizeof(bytes), &ended), 0);
	assert_false(ended);
	assert_int_equal(poll(&event, 1, 0), 0);
	assert_int_equal(write(fixture->writer, "abc", 3), 3);
	assert_int_equal(poll(&event, 1, -1), 1);
	assert_int_equal(reader_take(fixture->reader, bytes, 2, &ended), 2);
	assert_int_equal(poll(&event, 1, 0), 1); /* there is more */
	assert_int_equal(reader_take(fixture->reader, bytes + 2, 8, &ended), 1);
	assert_memory_equal(bytes, "abc", 3);
	assert_false(ended);
	assert_int_equal(poll(&event, 1, 0), 0);
}

static void all_of_it_comes_and_then_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd event = {.fd = reader_event(fixture->reader), .events = POLLIN};
	uint8_t bytes[100], sent[5000];
	size_t seen = 0;
	bool ended = false;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i % 251);
	assert_int_equal(write(fixture->writer, sent, sizeof(sent)), sizeof(sent));
	close(fixture->writer);
	fixture->writer = -1;
	while (!ended) {
		size_t got;

		assert_int_equal(poll(&event, 1, -1), 1);
		got = reader_take(fixture->reader, bytes, 1 + seen % sizeof(bytes), &ended);
		for (size_t i = 0; i < got; i++)
			assert_int_equal(bytes[i], (seen + i) % 251);
		seen += got;
	}
	assert_int_equal(seen, sizeof(sent));
	assert_int_equal(poll(&event, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_there_until_somebody_writes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_of_it_comes_and_then_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(all_of_it_comes_and_then_the_end, setup_nonblocking,
						teardown),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
