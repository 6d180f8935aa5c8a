/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>

#include "base/library.h"

struct functions {
	__typeof__(zlibVersion) *version;
	__typeof__(crc32) *crc32;
};

static const struct library_function names[] = {
	{"zlibVersion", offsetof(struct functions, version)},
	{"crc32", offsetof(struct functions, crc32)},
};

static void functions_of_a_library_can_be_called(void **state)
{
	static const struct library libz = {"libz.so.1", "zlib1g", names, 2};
	struct functions functions = {0};
	char why[LIBRARY_MESSAGE_MAX];

	(void)state;
	assert_true(library_load(&libz, &functions, why));
	assert_int_equal(functions.version()[0], ZLIB_VERSION[0]);
	assert_int_equal(functions.crc32(0, (const Bytef *)"123456789", 9), 0xcbf43926);
}

static void a_missing_library_names_its_package(void **state)
{
	static const struct library missing = {"libmissing.so.9", "libmissing9", names, 2};
	struct functions functions = {0};
	char why[LIBRARY_MESSAGE_MAX] = "";

	(void)state;
	assert_false(library_load(&missing, &functions, why));
	assert_non_null(strstr(why, "libmissing.so.9"));
	assert_non_null(strstr(why, "install the package libmissing9"));
}

static void a_library_without_a_function_is_refused(void **state)
{
	static const struct library_function other[] = {{"no_such_function", 0}};
	static const struct library libz = {"libz.so.1", "zlib1g", other, 1};
	struct functions functions = {0};
	char why[LIBRARY_MESSAGE_MAX] = "";

	(void)state;
	assert_false(library_load(&libz, &functions, why));
	assert_non_null(strstr(why, "no_such_function"));
	assert_non_null(strstr(why, "zlib1g"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_a_library_can_be_called),
		cmocka_unit_test(a_missing_library_names_its_package),
		cmocka_unit_test(a_library_without_a_function_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
