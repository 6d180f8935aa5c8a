/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "trace/guest/helper.h"

#define LONG 600000000000ull

static char words[] = "words";

static void write_words(void *opaque, int out)
{
	helper_write(out, opaque, strlen(opaque));
}

static void hang(void *opaque, int out)
{
	(void)opaque;
	(void)out;
	pause();
}

static void write_for_ever(void *opaque, int out)
{
	while (helper_write(out, opaque, strlen(opaque)))
		;
}

static void what_it_writes_is_read(void **state)
{
	struct helper helper;
	char text[8] = "";

	(void)state;
	assert_true(helper_start(&helper, write_words, words, LONG));
	assert_true(helper_read(&helper, text, 3));
	assert_true(helper_read(&helper, text + 3, 2));
	assert_string_equal(text, "words");
	errno = EIO;
	assert_false(helper_read(&helper, text, 1));
	assert_int_equal(errno, 0);
	helper_end(&helper);
}

static void one_that_hangs_is_given_up(void **state)
{
	struct helper helper;
	char byte;

	(void)state;
	assert_true(helper_start(&helper, hang, NULL, 0));
	assert_false(helper_read(&helper, &byte, 1));
	assert_int_equal(errno, ETIMEDOUT);
	helper_end(&helper);
	assert_int_equal(kill(helper.pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void one_that_nobody_reads_ends(void **state)
{
	struct helper helper;
	char byte;

	(void)state;
	assert_true(helper_start(&helper, write_for_ever, words, LONG));
	assert_true(helper_read(&helper, &byte, 1));
	helper_end(&helper);
	assert_int_equal(kill(helper.pid, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_writes_is_read),
		cmocka_unit_test(one_that_hangs_is_given_up),
		cmocka_unit_test(one_that_nobody_reads_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
