/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a kernel's types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/kvm/btf_names.h"

static char path[] = "/tmp/vhart-test-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* TEXT behind SPACE bytes. */
static void write_file(size_t space, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < space; i++)
		assert_int_equal(fputc('x', file), 'x');
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void a_name_is_whole(void **state)
{
	static const char text[] = "\0one\0another\0last";

	(void)state;
	write_file(0, text, sizeof(text));
	assert_true(btf_names(path, "one"));
	assert_true(btf_names(path, "another"));
	assert_true(btf_names(path, "last"));
	assert_false(btf_names(path, "other"));
	assert_false(btf_names(path, "anothe"));
	assert_false(btf_names(path, "on"));
}

static void it_is_found_wherever_it_lies(void **state)
{
	static const char text[] = "\0kvm_function";

	(void)state;
	for (size_t space = 65536 - 2 * sizeof(text); space < 65536 + sizeof(text); space++) {
		write_file(space, text, sizeof(text));
		assert_true(btf_names(path, "kvm_function"));
		assert_false(btf_names(path, "function"));
	}
}

static void what_is_not_there_names_nothing(void **state)
{
	(void)state;
	write_file(0, "", 0);
	assert_false(btf_names(path, "one"));
	assert_false(btf_names("/no/such/file", "one"));
	assert_false(btf_names("/tmp", "one"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_whole),
		cmocka_unit_test(it_is_found_wherever_it_lies),
		cmocka_unit_test(what_is_not_there_names_nothing),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
