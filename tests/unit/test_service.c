/* SPDX-License-Identifier: Apache-2.0 */
/* A VM in the background: the process that waits for it, its number in a file, a service manager.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "vmm/config.h"
#include "vmm/run/service.h"

static char folder[64], path[128];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-service.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/it", folder);
	messages_forget();
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_bytes(const char *bytes, size_t len)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(bytes, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

static void write_file(const char *text)
{
	write_bytes(text, strlen(text));
}

static void assert_file(const char *text)
{
	char got[64];
	FILE *from = fopen(path, "r");

	assert_non_null(from);
	got[fread(got, 1, sizeof(got) - 1, from)] = '\0';
	fclose(from);
	assert_string_equal(got, text);
}

/* ---- the file with the number ---- */

static void assert_has_own_number(void)
{
	char number[32];

	snprintf(number, sizeof(number), "%d\n", (int)getpid());
	assert_file(number);
}

static void the_file_has_the_number_and_goes_in_the_end(void **state)
{
	struct pidfile file;

	(void)state;
	assert_true(pidfile_open(&file, path));
	assert_has_own_number();
	pidfile_close(&file);
	assert_int_equal(access(path, F_OK), -1);
	pidfile_close(&file);
	assert_int_equal(messages, 0);
}

static void what_a_killed_process_left_is_taken_over(void **state)
{
	struct pidfile file;

	(void)state;
	write_file("1234567\n");
	assert_true(pidfile_open(&file, path));
	assert_has_own_number();
	pidfile_close(&file);
	write_file("");
	assert_true(pidfile_open(&file, path));
	pidfile_close(&file);
}

static void what_a_living_process_has_is_not(void **state)
{
	struct pidfile file, second;
	char words[256];

	(void)state;
	assert_true(pidfile_open(&file, path));
	assert_false(pidfile_open(&second, path));
	assert_int_equal(messages, 1);
	snprintf(words, sizeof(words),
		 "--pidfile %s: process %d has it, and lives: end that one, or take another name",
		 path, (int)getpid());
	assert_string_equal(message, words);
	pidfile_close(&second);
	assert_has_own_number();
	pidfile_close(&file);
}

static void other_files_are_not_touched(void **state)
{
	struct pidfile file;

	(void)state;
	write_file("123 and more\n");
	assert_false(pidfile_open(&file, path));
	assert_non_null(strstr(message, "there is something else in this file"));
	assert_file("123 and more\n");
	write_file("12\n\n");
	assert_false(pidfile_open(&file, path));
	write_bytes("12\n\0and more", 12);
	assert_false(pidfile_open(&file, path));
	/* More digits than are looked at. */
	write_file("1234567890123456789012345678901 and more\n");
	assert_false(pidfile_open(&file, path));
	write_file("12345678901234567890123456789012\n");
	assert_false(pidfile_open(&file, path));
	assert_false(pidfile_open(&file, folder));
	assert_non_null(strstr(message, "Is a directory"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(pidfile_open(&file, path));
	assert_non_null(strstr(message, "expected a file"));
	assert_false(pidfile_open(&file, "/no/such/folder/it"));
	assert_int_equal(messages, 8);
}

static void a_file_of_another_in_its_place_stays(void **state)
{
	struct pidfile file;

	(void)state;
	assert_true(pidfile_open(&file, path));
	assert_int_equal(unlink(path), 0);
	write_file("another's\n");
	pidfile_close(&file);
	assert_file("another's\n");
}

/* ---- the service manager ---- */

static int receive_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(len < sizeof(address.sun_path));
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect_told(int fd, const char *text)
{
	char got[512];
	ssize_t len = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(len > 0);
	got[len] = '\0';
	assert_string_equal(got, text);
}

static void tells_at(const char *name)
{
	struct config config = {.name = "web1"};
	struct service service = {.daemon.parent = -1};
	char ready[128];
	int fd = receive_at(name);

	assert_true(service_begin(&service, &config));
	/* What is started from here on is not to speak for us. */
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_true(service_running(&service));
	snprintf(ready, sizeof(ready), "READY=1\nMAINPID=%d\nSTATUS=web1 runs\n", (int)getpid());
	expect_told(fd, ready);
	service_ending(&service, "poweroff");
	expect_told(fd, "STOPPING=1\nSTATUS=web1 ended: poweroff\n");
	service_end(&service);
	assert_int_equal(recv(fd, ready, sizeof(ready), 0), -1);
	close(fd);
	assert_int_equal(messages, 0);
}

static void the_manager_is_told_at_a_path(void **state)
{
	(void)state;
	tells_at(path);
}

static void the_manager_is_told_at_a_name_that_is_nowhere(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@test-service-%d", (int)getpid());
	tells_at(name);
}

static void nobody_to_tell_is_fine(void **state)
{
	struct config config = {.name = "web1"};
	struct service service = {.daemon.parent = -1};

	(void)state;
	assert_true(service_begin(&service, &config));
	assert_true(service_running(&service));
	service_ending(&service, "quit");
	service_end(&service);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_true(service_begin(&service, &config));
	assert_true(service_running(&service));
	service_end(&service);
	/* A machine of a script has none. */
	assert_true(service_running(NULL));
	service_ending(NULL, "quit");
	assert_int_equal(messages, 0);
}

static void a_manager_that_does_not_listen_is_said_once(void **state)
{
	struct config config = {.name = "web1"};
	struct service service = {.daemon.parent = -1};

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(service_begin(&service, &config));
	assert_true(service_running(&service));
	service_ending(&service, "quit");
	service_end(&service);
	assert_int_equal(messages, 1);
	assert_string_equal(message,
			    "NOTIFY_SOCKET: No such file or directory: the service manager "
			    "is not told how this VM is");
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	assert_true(service_begin(&service, &config));
	assert_int_equal(messages, 2);
	assert_null(getenv("NOTIFY_SOCKET"));
	service_end(&service);
}

/* One that is there and does not read: a second for each, not for ever. */
static void a_manager_that_does_not_read_is_given_up(void **state)
{
	struct config config = {.name = "web1"};
	struct service service = {.daemon.parent = -1};
	int fd = receive_at(path);

	(void)state;
	assert_true(service_begin(&service, &config));
	for (int i = 0; i < 100000 && !messages; i++)
		service_ending(&service, "quit");
	assert_int_equal(messages, 1);
	service_end(&service);
	close(fd);
}

/* ---- the process that waits ---- */

/* Begins it in a process of its own, whose status is returned; its child does CHILD with a file
 * that becomes readable when the parent is gone. */
static int status_of_parent(void (*child)(struct daemon_child *daemon))
{
	pid_t parent = fork();
	int status;

	if (parent == 0) {
		struct daemon_child daemon = {.parent = -1};

		if (daemon_begin(&daemon, &status))
			child(&daemon);
		_exit(status);
	}
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void dies_early(struct daemon_child *daemon)
{
	(void)daemon;
	_exit(77);
}

static void ends_well_but_early(struct daemon_child *daemon)
{
	(void)daemon;
	_exit(0);
}

static void is_killed(struct daemon_child *daemon)
{
	(void)daemon;
	kill(getpid(), SIGKILL);
}

/* Says in the file whether all is as it should be, after the parent has gone. */
static void runs(struct daemon_child *daemon)
{
	const pid_t session = getsid(0);
	int words = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct stat out, null;
	char byte;

	if (!daemon_leave(daemon, words))
		_exit(1);
	if (getsid(0) == session || getsid(0) != getpid())
		_exit(2);
	if (fstat(STDOUT_FILENO, &out) < 0 || stat("/dev/null", &null) < 0 ||
	    out.st_rdev != null.st_rdev || read(STDIN_FILENO, &byte, 1) != 0)
		_exit(3);
	dprintf(STDERR_FILENO, "it runs\n");
	_exit(0);
}

static void a_child_that_ends_before_it_runs_gives_its_status(void **state)
{
	(void)state;
	assert_int_equal(status_of_parent(dies_early), 77);
	assert_int_equal(status_of_parent(ends_well_but_early), STATUS_NOT_RUN);
	assert_int_equal(status_of_parent(is_killed), 128 + SIGKILL);
}

static void a_child_that_runs_is_alone(void **state)
{
	struct stat is;

	(void)state;
	write_file("");
	assert_int_equal(status_of_parent(runs), STATUS_OK);
	do
		assert_int_equal(stat(path, &is), 0);
	while (is.st_size < 8 && usleep(1000) == 0);
	assert_file("it runs\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_file_has_the_number_and_goes_in_the_end),
		TEST(what_a_killed_process_left_is_taken_over),
		TEST(what_a_living_process_has_is_not),
		TEST(other_files_are_not_touched),
		TEST(a_file_of_another_in_its_place_stays),
		TEST(the_manager_is_told_at_a_path),
		TEST(the_manager_is_told_at_a_name_that_is_nowhere),
		TEST(nobody_to_tell_is_fine),
		TEST(a_manager_that_does_not_listen_is_said_once),
		TEST(a_manager_that_does_not_read_is_given_up),
		TEST(a_child_that_ends_before_it_runs_gives_its_status),
		TEST(a_child_that_runs_is_alone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
