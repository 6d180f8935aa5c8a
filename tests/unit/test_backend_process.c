/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that serve devices, a shell in place of one: what they get, and how they end. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fixtures/open_files.h"
#include "vmm/run/backend_process.h"
#include "vmm/run/confine.h"

static const char *const programs[] = {"/usr", "/lib", "/lib64", "/bin"};

struct fixture {
	struct backend_process process;
	int rules; /* that it is put under, or -1 */
	int socket;
};

static int start(struct fixture *fixture, const char *script)
{
	const char *const arguments[] = {"/bin/sh", "-c", script, NULL};

	fixture->process.end_ms = 60000;
	return backend_process_start(&fixture->process, arguments, fixture->rules,
				     &fixture->socket);
}

/* Waits for a line. */
static void expect_words(const struct fixture *fixture, const char *expected)
{
	struct pollfd said = {.fd = fixture->process.words, .events = POLLIN};
	char words[200];

	assert_int_equal(poll(&said, 1, 60000), 1);
	backend_process_last_words(&fixture->process, words, sizeof(words));
	assert_string_equal(words, expected);
}

/* When it has ended. */
static void expect_last_words(const struct fixture *fixture, const char *expected)
{
	assert_true(backend_process_await_end(&fixture->process));
	expect_words(fixture, expected);
}

/* From its end of the socket. */
static void expect_answer(const struct fixture *fixture, const char *expected)
{
	struct pollfd said = {.fd = fixture->socket, .events = POLLIN};
	char words[200] = "";

	assert_int_equal(poll(&said, 1, 60000), 1);
	assert_true(read(fixture->socket, words, sizeof(words) - 1) > 0);
	assert_string_equal(words, expected);
}

static void end(struct fixture *fixture)
{
	close(fixture->socket);
	backend_process_end(&fixture->process);
	assert_int_equal(fixture->process.pid, 0);
}

static void it_has_a_socket_and_no_other_file_of_ours(void **state)
{
	struct fixture fixture = {.rules = -1};
	const unsigned int before = open_files();

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 9), 9);
	assert_int_equal(start(&fixture, "for i in 0 1 2 3 4 5 6 7 8 9; do\n"
					 "    [ ! -e /proc/$$/fd/$i ] || have=$have$i\n"
					 "done\n"
					 "[ -S /proc/$$/fd/3 ] && have=$have.socket\n"
					 "read word; echo \"one\ntwo\n$have.$word\" >&2\n"),
			 0);
	expect_words(&fixture, "0123.socket.");
	end(&fixture);
	close(9);
	assert_int_equal(open_files(), before);
}

/* Else it is one at which it listens, and the other end is connected to that already. */
static void its_socket_may_be_connected(void **state)
{
	struct fixture fixture = {.rules = -1, .process.connected = true};

	(void)state;
	assert_int_equal(start(&fixture, "read word <&3; echo \"heard $word\" >&3; cat <&3; "
					 "echo ended >&2"),
			 0);
	assert_int_equal(write(fixture.socket, "this\n", 5), 5);
	expect_answer(&fixture, "heard this\n");
	close(fixture.socket);
	expect_last_words(&fixture, "ended");
	fixture.socket = -1;
	end(&fixture);
}

static void it_has_a_session_and_signals_of_its_own(void **state)
{
	struct fixture fixture = {.rules = -1};
	char words[200];

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(start(&fixture, "kill -USR1 $$; echo alive >&2"), 0);
	assert_int_not_equal(getsid(fixture.process.pid), getsid(0));
	assert_true(backend_process_await_end(&fixture.process));
	backend_process_last_words(&fixture.process, words, sizeof(words));
	assert_string_equal(words, "");
	end(&fixture);
	signal(SIGUSR1, SIG_DFL);
}

#define UNTIL_TERM "trap 'kill $!; echo ended >&2; exit 0' TERM; sleep 1000 & echo up >&2; wait"

static void it_ends_when_it_is_asked(void **state)
{
	struct fixture fixture = {.rules = -1, .process.end_signal = SIGTERM};

	(void)state;
	assert_int_equal(start(&fixture, UNTIL_TERM), 0);
	expect_words(&fixture, "up");
	backend_process_ask(&fixture.process);
	expect_words(&fixture, "ended");
	end(&fixture);
}

/* All that could write to it have ended. */
static bool is_closed(int words)
{
	struct pollfd closed = {.fd = words};

	return poll(&closed, 1, 10000) == 1 && closed.revents & POLLHUP;
}

/* With what it has started, which is of its session. */
static void it_is_ended_when_it_does_not(void **state)
{
	struct fixture fixture = {.rules = -1, .process.end_signal = SIGTERM};
	int words;

	(void)state;
	assert_int_equal(start(&fixture, "trap '' TERM; echo up >&2; sleep 1000; sleep 1000"), 0);
	expect_words(&fixture, "up");
	fixture.process.end_ms = 1;
	words = dup(fixture.process.words);
	end(&fixture);
	assert_true(is_closed(words));
	close(words);
}

static void *start_in_thread(void *opaque)
{
	struct fixture *fixture = opaque;

	assert_int_equal(start(fixture, UNTIL_TERM), 0);
	expect_words(fixture, "up");
	return NULL;
}

/* As with a vhart that is killed. */
static void it_ends_with_who_started_it(void **state)
{
	struct fixture fixture = {.rules = -1, .process.end_signal = SIGTERM};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, start_in_thread, &fixture), 0);
	pthread_join(thread, NULL);
	expect_words(&fixture, "ended");
	assert_true(backend_process_await_end(&fixture.process));
	end(&fixture);
}

/* ---- with rules ---- */

static void make_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* What the rules name can be reached as they say, and nothing else. */
static void it_reaches_what_the_rules_allow(void **state)
{
	char folder[] = "/tmp/vhart-rules-XXXXXX";
	struct fixture fixture = {.rules = -1};

	(void)state;
	if (!confine_can()) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	make_file("read", "r");
	make_file("write", "w");
	make_file("neither", "n");
	fixture.rules = confine_new(false);
	assert_true(fixture.rules >= 0);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		assert_int_equal(confine_allow(fixture.rules, programs[i], CONFINE_RUN), 0);
	assert_int_equal(confine_allow(fixture.rules, "read", CONFINE_READ), 0);
	assert_int_equal(confine_allow(fixture.rules, "write", CONFINE_WRITE), 0);
	assert_int_equal(confine_allow(fixture.rules, "nothing", CONFINE_WRITE), 0);
	assert_int_equal(start(&fixture, "said=; try() { (\"$@\") 2>&1 && said=$said$2.; }\n"
					 "reads() { : <\"$1\"; }\n"
					 "writes() { : >>\"$1\"; }\n"
					 "try reads read; try reads write; try reads neither\n"
					 "try reads /etc/passwd; try reads .\n"
					 "try writes read; try writes write; try writes new\n"
					 "echo \"$said\" >&2\n"),
			 0);
	expect_last_words(&fixture, "read.write.write.");
	end(&fixture);
	close(fixture.rules);
	assert_int_equal(unlink("read") | unlink("write") | unlink("neither"), 0);
	assert_int_equal(chdir("/") | rmdir(folder), 0);
}

static void what_cannot_start_leaves_nothing(void **state)
{
	static const char *const arguments[] = {"/nonexistent", NULL};
	struct backend_process process = {.end_signal = SIGTERM};
	const unsigned int before = open_files();
	int socket;

	(void)state;
	assert_int_equal(backend_process_start(&process, arguments, -1, &socket), ENOENT);
	assert_int_equal(process.pid, 0);
	backend_process_ask(&process);
	backend_process_end(&process);
	assert_int_equal(open_files(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_a_socket_and_no_other_file_of_ours),
		cmocka_unit_test(its_socket_may_be_connected),
		cmocka_unit_test(it_has_a_session_and_signals_of_its_own),
		cmocka_unit_test(it_ends_when_it_is_asked),
		cmocka_unit_test(it_is_ended_when_it_does_not),
		cmocka_unit_test(it_ends_with_who_started_it),
		cmocka_unit_test(it_reaches_what_the_rules_allow),
		cmocka_unit_test(what_cannot_start_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
