/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/fixtures/printable_text.h"
#include "trace/guest/command_line.h"

static struct command_line line;

static void split(const char *text, size_t length)
{
	assert_true(length <= sizeof(line.text));
	memcpy(line.text, text, length);
	command_line_split(&line, length);
}
#define SPLIT(text) split(text, sizeof(text) - 1)

static void words_end_where_zeros_are(void **state)
{
	(void)state;
	SPLIT("vhart\0run\0\0--kernel\0Image\0");
	assert_string_equal(line.words[1], "run");
	assert_string_equal(line.words[2], "");
	assert_string_equal(line.words[4], "Image");
	assert_null(line.words[5]);
	/* A word that is cut off is none. */
	SPLIT("vhart\0--kernel\0/boot/Ima");
	assert_string_equal(line.words[1], "--kernel");
	assert_null(line.words[2]);
	SPLIT("");
	assert_null(line.words[0]);
}

static void more_words_than_there_is_room_for_are_none(void **state)
{
	(void)state;
	memset(line.text, 0, sizeof(line.text));
	command_line_split(&line, sizeof(line.text) + 1000);
	assert_non_null(line.words[COMMAND_LINE_WORDS - 1]);
	assert_null(line.words[COMMAND_LINE_WORDS]);
}

static void kernels_are_found_as_each_vmm_names_them(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *kernel;
	} lines[] = {
#define LINE(text, kernel) {text, sizeof(text) - 1, kernel}
		LINE("vhart\0run\0--kernel\0a/Image\0--cpus\0002\0", "a/Image"),
		LINE("vhart\0run\0--kernel=/Image\0", "/Image"),
		LINE("qemu-system-riscv64\0-kernel\0Image\0-append\0x\0", "Image"),
		LINE("qemu-system-riscv64\0-k\0de\0-kernel\0Image\0", "Image"),
		LINE("lkvm\0run\0-k\0Image\0", "Image"),
		LINE("vhart\0run\0--kernel\0", NULL),
		LINE("vhart\0run\0--kernels=x\0", NULL),
		LINE("vhart\0run\0-k\0a\0--\0sh\0--kernel\0b\0", "a"),
		LINE("vhart\0run\0--\0sh\0-k\0b\0", NULL),
		LINE("sh\0-c\0true\0", NULL),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		split(lines[i].text, lines[i].length);
		if (lines[i].kernel)
			assert_string_equal(command_line_kernel(line.words), lines[i].kernel);
		else
			assert_null(command_line_kernel(line.words));
	}
}

static void names_are_printable(void **state)
{
	char name[48];

	(void)state;
	SPLIT("vhart\0run\0--name\0web1\0");
	assert_true(command_line_name(line.words, name, sizeof(name)));
	assert_string_equal(name, "web1");
	SPLIT("qemu\0-name\0guest=web2,debug-threads=on\0");
	assert_true(command_line_name(line.words, name, sizeof(name)));
	assert_string_equal(name, "web2");
	SPLIT("qemu\0-name\0" HOSTILE_NAME "\0");
	assert_true(command_line_name(line.words, name, sizeof(name)));
	assert_string_equal(name, HOSTILE_SHOWN);
	/* A network card is no name. */
	SPLIT("vhart\0run\0-n\0user\0");
	assert_false(command_line_name(line.words, name, sizeof(name)));
	SPLIT("vhart\0--name=\0");
	assert_false(command_line_name(line.words, name, sizeof(name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_end_where_zeros_are),
		cmocka_unit_test(more_words_than_there_is_room_for_are_none),
		cmocka_unit_test(kernels_are_found_as_each_vmm_names_them),
		cmocka_unit_test(names_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
