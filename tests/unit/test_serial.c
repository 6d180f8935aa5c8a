/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ports beside the console, from the guest's registers to a file, a terminal, a socket. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory_map.h"
#include "tests/unit/fixtures/fake_machine.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "vmm/config.h"
#include "vmm/run/serial.h"
#include "vmm/run/serial_options.h"

enum { DATA, IER, IIR, LCR, MCR, LSR };
#define THRE 0x20u

static struct machine machine;
static struct config config;
static struct serials *serials;
static char folder[64], path[128], value[160];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-serial.XXXXXX");
	if (!mkdtemp(folder) || !fake_machine_init_loop(&machine, 4096))
		return -1;
	snprintf(path, sizeof(path), "%s/end", folder);
	config = (struct config){.console = CONSOLE_NONE};
	messages = 0;
	return 0;
}

/* Port 1, as --serial has it. */
static void open_port(const char *begin, const char *rest)
{
	snprintf(value, sizeof(value), "%s%s", begin, rest);
	assert_null(serial_option(value, &config));
	serials = serials_open(&config);
	assert_non_null(serials);
	assert_true(serials_plug(serials, &machine));
}

static void close_port(void)
{
	serials_unplug(serials);
	serials_close(serials, false);
	serials = NULL;
}

static int teardown(void **state)
{
	(void)state;
	close_port(); /* that of a test that failed */
	fake_machine_destroy(&machine);
	unlink(path);
	return rmdir(folder);
}

static uint64_t address(unsigned int reg)
{
	return MAP_SERIAL + MAP_SERIAL_STRIDE + reg;
}

static uint8_t get(unsigned int reg)
{
	return (uint8_t)fake_read(&machine, address(reg), 1);
}

static void put(unsigned int reg, unsigned int byte)
{
	fake_write(&machine, address(reg), 1, byte);
}

static void print(const char *text)
{
	for (; *text; text++)
		put(DATA, (uint8_t)*text);
}

static void turn(void)
{
	fake_machine_run_for(&machine, 1000000);
}

/* What the guest has been sent so far, as its interrupt handler reads it. */
static void expect_input(const char *text)
{
	while (*text) {
		if (get(LSR) & 1)
			assert_int_equal(get(DATA), *text++);
		else
			turn();
	}
	assert_false(get(LSR) & 1);
}

static void listen_to_input(void)
{
	put(2, 1); /* FIFOs */
	put(IER, 1);
}

/* What the other side of FD reads. */
static void expect_output(int fd, const char *text)
{
	char got[64];
	size_t done = 0;

	while (done < strlen(text)) {
		ssize_t len = read(fd, got + done, sizeof(got) - done);

		if (len > 0)
			done += (size_t)len;
		else
			turn();
	}
	assert_memory_equal(got, text, done);
	assert_int_equal(done, strlen(text));
}

/* ---- options ---- */

static void bad_options_have_a_line_each(void **state)
{
	static const char *const bad[] = {"",	  "file",    "file=",	      "file=a,b", "pty=x",
					  "ptys", "unix",    "unix=",	      "nul",	  "null,",
					  "tcp",  "stdio,x", "file=a,append,"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(value, sizeof(value), "%s", bad[i]);
		assert_non_null(serial_option(value, &config));
	}
	assert_int_equal(config.serial_count, 0);
	for (int i = 0; i < 3; i++) {
		snprintf(value, sizeof(value), "null");
		assert_null(serial_option(value, &config));
	}
	assert_non_null(strstr(serial_option(value, &config), "no more can be"));
	assert_int_equal(config.serial_count, 3);
}

static void standard_input_and_output_are_given_to_one(void **state)
{
	char *command[] = {value, NULL};

	(void)state;
	snprintf(value, sizeof(value), "stdio");
	assert_null(serial_option(value, &config));
	assert_null(serial_options_contradiction(&config));
	config.console = CONSOLE_SERIAL;
	assert_non_null(strstr(serial_options_contradiction(&config), "--console none"));
	config.console = CONSOLE_NONE;
	config.command = command;
	assert_non_null(strstr(serial_options_contradiction(&config), "CMD"));
	config.command = NULL;
	assert_null(serial_option(value, &config));
	assert_non_null(strstr(serial_options_contradiction(&config), "twice"));
}

/* ---- files ---- */

static void a_file_has_every_byte_and_is_continued_if_asked(void **state)
{
	uint8_t got[1024];
	int fd;

	(void)state;
	open_port("file=", path);
	for (unsigned int i = 0; i < 256; i++)
		put(DATA, i);
	/* Over a reboot, too. */
	serials_unplug(serials);
	assert_true(serials_plug(serials, &machine));
	print("again");
	close_port();
	config.serial_count = 0;
	snprintf(message, sizeof(message), "%s,append", path);
	open_port("file=", message);
	print(" and again");
	close_port();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof(got)), 256 + 15);
	close(fd);
	for (unsigned int i = 0; i < 256; i++)
		assert_int_equal(got[i], i);
	assert_memory_equal(got + 256, "again and again", 15);
	assert_int_equal(messages, 0);
}

static void a_full_disk_is_said_once_and_counted(void **state)
{
	(void)state;
	open_port("file=", "/dev/full");
	print("lost\n");
	while (!messages)
		turn();
	assert_string_equal(message, "--serial file=/dev/full: No space left on device: nothing "
				     "more is written to it");
	print("more\n");
	turn();
	assert_true(get(LSR) & THRE);
	assert_int_equal(messages, 1);
	close_port();
	assert_int_equal(messages, 2);
	assert_string_equal(message, "--serial file=/dev/full: 10 of 10 bytes are not in it");
}

static void ends_that_cannot_be_had_are_a_line_each(void **state)
{
	(void)state;
	config.serials[0] = (struct config_serial){.kind = SERIAL_FILE, .path = folder};
	config.serial_count = 1;
	assert_null(serials_open(&config));
	assert_int_equal(messages, 1);
	assert_non_null(strstr(message, "Is a directory"));
	config.serials[0] = (struct config_serial){.kind = SERIAL_UNIX, .path = folder};
	assert_null(serials_open(&config));
	assert_int_equal(messages, 2);
	assert_non_null(strstr(message, "there is something already: take another name"));
}

static void nowhere_takes_everything(void **state)
{
	(void)state;
	open_port("null", "");
	for (int i = 0; i < 10000; i++)
		put(DATA, 'x');
	assert_true(get(LSR) & THRE);
	assert_false(get(LSR) & 1);
	close_port();
	assert_int_equal(messages, 0);
}

static void standard_output_is_the_machines_console(void **state)
{
	(void)state;
	open_port("stdio", "");
	print("a line\n");
	assert_memory_equal(machine.output, "a line\n", 7);
	fake_console_type(&machine, "hi", 2);
	listen_to_input();
	expect_input("hi");
	close_port();
}

/* ---- terminals ---- */

/* By the name that was said. */
static int open_terminal(void)
{
	int fd;

	assert_int_equal(messages, 1);
	assert_memory_equal(message, "serial1: /dev/pts/", 18);
	fd = open(message + 9, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void a_terminal_carries_both_ways_as_it_is(void **state)
{
	int fd;

	(void)state;
	open_port("pty", "");
	fd = open_terminal();
	listen_to_input();
	print("login: \r\n");
	expect_output(fd, "login: \r\n");
	assert_int_equal(write(fd, "root\r\x03", 6), 6);
	expect_input("root\r\x03");
	/* Nothing came back as an echo. */
	assert_int_equal(read(fd, message + 100, 1), -1);
	/* Whoever comes later, and in another life, finds it under the same name. */
	close(fd);
	serials_unplug(serials);
	assert_true(serials_plug(serials, &machine));
	fd = open_terminal();
	print("again\n");
	expect_output(fd, "again\n");
	close(fd);
	close_port();
}

/* A driver that heeds the register writes until it says no; what does not heed it goes on. */
static void who_does_not_read_makes_nobody_wait(void **state)
{
	unsigned int waits = 0;

	(void)state;
	open_port("pty", "");
	/*
	 * A second after it was full nobody is taken to read: the driver goes on, and it is lost.
	 * (The kernel moves what is in its buffers, which makes room once or twice more.)
	 */
	for (unsigned int written = 0; written < 1000000; written++) {
		if (!(get(LSR) & THRE))
			assert_true(++waits < 5);
		while (!(get(LSR) & THRE))
			turn();
		put(DATA, 'x');
		/* A driver's pause, in which the loop sees what it watches. */
		if (written % 4096 == 0)
			turn();
	}
	assert_true(waits > 0);
	/* What does not heed it goes on, too. */
	for (int i = 0; i < 100000; i++)
		put(DATA, 'y');
	close_port();
	assert_int_equal(messages, 2);
	assert_non_null(strstr(message, "bytes were lost: nobody read them in time"));
}

static void a_driver_that_heeds_nothing_loses_its_own(void **state)
{
	(void)state;
	open_port("pty", "");
	for (int i = 0; i < 100000; i++)
		put(DATA, 'x');
	assert_false(get(LSR) & THRE);
	close_port();
}

static void who_reads_late_gets_what_was_written_in_order(void **state)
{
	uint8_t next = 0, expected = 0;
	unsigned int written = 0, seen = 0, idle = 0;
	int fd;

	(void)state;
	open_port("pty", "");
	fd = open_terminal();
	/* With turns in which it could be taken for one that has room. */
	for (int turns = 0; turns < 10; turns++) {
		for (; get(LSR) & THRE; written++)
			put(DATA, next++);
		turn();
	}
	while (seen < written) {
		uint8_t got[512];
		ssize_t len = read(fd, got, sizeof(got));

		for (ssize_t i = 0; i < len; i++)
			assert_int_equal(got[i], expected++);
		seen += len > 0 ? (unsigned int)len : 0;
		/* It goes on as soon as there is room, and not when the patience of a second ends:
		 * a turn is a millisecond at least. */
		idle = len > 0 ? 0 : idle + 1;
		assert_true(idle < 500);
		turn();
	}
	assert_true(get(LSR) & THRE);
	close(fd);
	close_port();
}

/* ---- sockets ---- */

static int connect_to(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(to.sun_path));
	memcpy(to.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void a_socket_is_for_this_user_and_gone_in_the_end(void **state)
{
	struct stat is;

	(void)state;
	open_port("unix=", path);
	assert_int_equal(lstat(path, &is), 0);
	assert_true(S_ISSOCK(is.st_mode));
	assert_int_equal(is.st_mode & 0777, 0600);
	close_port();
	assert_true(lstat(path, &is) < 0);
}

static void clients_come_one_after_the_other(void **state)
{
	int first, second;

	(void)state;
	open_port("unix=", path);
	listen_to_input();
	print("to nobody\n");
	first = connect_to();
	turn();
	second = connect_to();
	turn();
	print("to the first\n");
	expect_output(first, "to the first\n");
	assert_int_equal(send(second, "waits", 5, 0), 5);
	assert_int_equal(send(first, "hello", 5, 0), 5);
	expect_input("hello");
	close(first);
	expect_input("waits");
	print("to the second\n");
	expect_output(second, "to the second\n");
	/* It stays over a reboot. */
	serials_unplug(serials);
	assert_true(serials_plug(serials, &machine));
	print("still there\n");
	expect_output(second, "still there\n");
	close(second);
	turn();
	print("to nobody\n");
	close_port();
	assert_int_equal(messages, 0);
}

/* Also what the UART had and nobody took when it goes. */
static void every_byte_is_read_or_counted_as_lost(void **state)
{
	unsigned int written = 0, lost = 0;
	size_t seen = 0;
	uint8_t got[4096];
	ssize_t len;
	int fd;

	(void)state;
	open_port("unix=", path);
	fd = connect_to();
	turn();
	for (; get(LSR) & THRE; written++)
		put(DATA, 'x');
	/* A burst of a driver that has looked before. */
	for (int i = 0; i < 16; i++, written++)
		put(DATA, 'x');
	close_port();
	while ((len = read(fd, got, sizeof(got))) > 0)
		seen += (size_t)len;
	close(fd);
	assert_int_equal(messages, 1);
	assert_int_equal(sscanf(message, "serial1: %u bytes were lost", &lost), 1);
	assert_true(lost >= 16);
	assert_int_equal(seen + lost, written);
}

static void a_client_that_leaves_in_the_middle_frees_the_driver(void **state)
{
	int fd;

	(void)state;
	open_port("unix=", path);
	fd = connect_to();
	turn();
	while (get(LSR) & THRE)
		put(DATA, 'x');
	close(fd);
	while (!(get(LSR) & THRE))
		turn();
	close_port();
	assert_int_equal(messages, 0);
}

/* What the guest does not read stays with the client. */
static void more_input_than_the_guest_reads_waits(void **state)
{
	static char many[100000];
	size_t sent = 0, seen = 0;
	int fd;

	(void)state;
	memset(many, 'm', sizeof(many));
	open_port("unix=", path);
	fd = connect_to();
	for (int i = 0; i < 20; i++) {
		ssize_t len = send(fd, many, sizeof(many), MSG_DONTWAIT);

		sent += len > 0 ? (size_t)len : 0;
		turn();
	}
	listen_to_input();
	while (seen < sent) {
		if (get(LSR) & 1) {
			assert_int_equal(get(DATA), 'm');
			seen++;
		} else {
			turn();
		}
	}
	close(fd);
	close_port();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bad_options_have_a_line_each),
		TEST(standard_input_and_output_are_given_to_one),
		TEST(a_file_has_every_byte_and_is_continued_if_asked),
		TEST(a_full_disk_is_said_once_and_counted),
		TEST(ends_that_cannot_be_had_are_a_line_each),
		TEST(nowhere_takes_everything),
		TEST(standard_output_is_the_machines_console),
		TEST(a_terminal_carries_both_ways_as_it_is),
		TEST(who_does_not_read_makes_nobody_wait),
		TEST(a_driver_that_heeds_nothing_loses_its_own),
		TEST(who_reads_late_gets_what_was_written_in_order),
		TEST(a_socket_is_for_this_user_and_gone_in_the_end),
		TEST(clients_come_one_after_the_other),
		TEST(every_byte_is_read_or_counted_as_lost),
		TEST(a_client_that_leaves_in_the_middle_frees_the_driver),
		TEST(more_input_than_the_guest_reads_waits),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
