/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of what the console prints: whole, or said to be incomplete; and nobody waits for it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"
#include "tests/unit/fixtures/fake_machine.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "vmm/machine/console.h"
#include "vmm/machine/console_log.h"

#define ROOM (1u << 20) /* of the log */

static char folder[64], path[128];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-console-log.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	messages_forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_log(bool append, const void *bytes, size_t len)
{
	struct console_log *log = console_log_open(path, append);

	assert_non_null(log);
	console_log_put(log, bytes, len);
	console_log_close(log, false);
}

static void assert_file(const void *bytes, size_t len)
{
	uint8_t got[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got)), len);
	close(fd);
	assert_memory_equal(got, bytes, len);
}

static void a_file_has_every_byte_as_it_is(void **state)
{
	uint8_t all[256];

	(void)state;
	for (unsigned int i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	write_log(false, all, sizeof(all));
	assert_file(all, sizeof(all));
	assert_int_equal(messages, 0);
}

static void a_file_is_emptied_or_continued(void **state)
{
	(void)state;
	write_log(false, "first", 5);
	write_log(true, " second", 7);
	assert_file("first second", 12);
	write_log(false, "third", 5);
	assert_file("third", 5);
}

static void what_cannot_be_opened_is_one_line(void **state)
{
	(void)state;
	assert_null(console_log_open(folder, false));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "Is a directory"));
	assert_null(console_log_open("/no/such/folder/log", false));
	assert_int_equal(messages, 2);
	assert_string_equal(message,
			    "--console-log /no/such/folder/log: No such file or directory");
}

static void a_pipe_without_a_reader_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(console_log_open(path, false));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "start what reads this pipe first"));
}

static void a_full_disk_is_said_once_and_counted(void **state)
{
	struct console_log *log = console_log_open("/dev/full", false);

	(void)state;
	assert_non_null(log);
	console_log_put(log, "lost", 4);
	console_log_go(log);
	struct pollfd event = {.fd = console_log_event(log), .events = POLLIN};
	assert_int_equal(poll(&event, 1, -1), 1);
	assert_false(console_log_heard(log));
	assert_int_equal(messages, 1);
	assert_string_equal(message, "--console-log /dev/full: No space left on device: nothing "
				     "more is written to it");
	console_log_put(log, "and more", 8);
	console_log_go(log);
	assert_int_equal(messages, 1);
	console_log_close(log, false);
	assert_int_equal(messages, 2);
	assert_string_equal(message, "--console-log /dev/full: 12 of 12 bytes are not in it");
}

/* Nobody hears of it while the machine runs. */
static void a_full_disk_at_the_end_is_said_too(void **state)
{
	struct console_log *log = console_log_open("/dev/full", false);

	(void)state;
	assert_non_null(log);
	console_log_put(log, "lost", 4);
	console_log_close(log, false);
	assert_int_equal(messages, 2);
}

static void a_reader_that_waits_holds_nobody_up_and_what_is_left_out_is_counted(void **state)
{
	static uint8_t zeros[ROOM];
	struct console_log *log;
	size_t pipe_size, seen = 0;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	pipe_size = (size_t)fcntl(reader, F_GETPIPE_SZ);
	log = console_log_open(path, false);
	assert_non_null(log);
	/* More than the log and the pipe hold. */
	for (int i = 0; i < 3; i++) {
		console_log_put(log, zeros, sizeof(zeros));
		console_log_go(log);
	}
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "slower than the console"));
	/* Now it reads all that is there, while the log waits for nothing but that. */
	struct pollfd event = {.fd = console_log_event(log), .events = POLLIN};
	fcntl(reader, F_SETFL, 0);
	for (bool room = false; !room || seen < ROOM;) {
		static uint8_t got[65536];

		seen += (size_t)read(reader, got, sizeof(got));
		room = poll(&event, 1, 0) == 1;
	}
	assert_true(console_log_heard(log));
	assert_true(seen <= ROOM + pipe_size + ROOM);
	close(reader);
	console_log_close(log, false);
	assert_non_null(strstr(message, "of 3145728 bytes are not in it"));
}

/* ---- with a console ---- */

static void note_end(void *opaque, enum console_end end)
{
	(void)opaque;
	(void)end;
}

static void note_room(void *opaque)
{
	(void)opaque;
}

static void the_log_has_what_the_console_took_and_no_more(void **state)
{
	struct machine machine;
	struct console console;
	struct console_log *log = console_log_open(path, false);
	int ends[2];

	(void)state;
	assert_non_null(log);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	struct writer *writer = writer_new(ends[1], 8);
	assert_non_null(writer);
	assert_true(fake_machine_init_loop(&machine, 4096));
	console_init(&console, &(struct console_owner){note_end, note_room, NULL}, machine.loop,
		     &(struct console_ends){.out = writer, .log = log});
	/* It has room for eight: the guest gives the rest again, later. */
	assert_int_equal(console_write(&console, "a line\n", 7), 7);
	assert_int_equal(writer_finish(writer, 1000, 10000), 0);
	assert_int_equal(console_write(&console, "0123456789", 10), 8);
	assert_int_equal(console_write(&console, "89", 2), 0);
	loop_run(machine.loop);
	assert_int_equal(writer_finish(writer, 1000, 10000), 0);
	assert_int_equal(console_write(&console, "89", 2), 2);
	console_finish(&console, false);
	console_log_close(log, false);
	assert_file("a line\n0123456789", 17);
	assert_int_equal(messages, 0);
	writer_free(writer);
	close(ends[0]);
	close(ends[1]);
	fake_machine_destroy(&machine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_file_has_every_byte_as_it_is),
		TEST(a_file_is_emptied_or_continued),
		TEST(what_cannot_be_opened_is_one_line),
		TEST(a_pipe_without_a_reader_is_refused_at_once),
		TEST(a_full_disk_is_said_once_and_counted),
		TEST(a_full_disk_at_the_end_is_said_too),
		TEST(a_reader_that_waits_holds_nobody_up_and_what_is_left_out_is_counted),
		TEST(the_log_has_what_the_console_took_and_no_more),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
