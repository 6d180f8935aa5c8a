/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "vmm/boot/bootargs.h"

static void assert_line(const char *append, enum config_console console, const char *expected)
{
	char *line = bootargs_make(append, console, false);

	assert_non_null(line);
	assert_string_equal(line, expected);
	free(line);
}

static void a_console_is_put_in_front(void **state)
{
	(void)state;
	assert_line("", CONSOLE_SERIAL, "console=ttyS0");
	assert_line("", CONSOLE_VIRTIO, "console=hvc0");
	assert_line("", CONSOLE_NONE, "");
	assert_line("quiet", CONSOLE_SERIAL, "console=ttyS0 quiet");
	assert_line("quiet", CONSOLE_NONE, "quiet");
	assert_line("root=/dev/vda -- single", CONSOLE_SERIAL,
		    "console=ttyS0 root=/dev/vda -- single");
	assert_line("dyndbg=\"file a.c", CONSOLE_VIRTIO, "console=hvc0 dyndbg=\"file a.c");
}

static void a_commands_init_comes_first(void **state)
{
	char *line = bootargs_make("loglevel=7 -- x", CONSOLE_SERIAL, true);

	(void)state;
	assert_string_equal(line, BOOTARGS_COMMAND " console=ttyS0 loglevel=7 -- x");
	free(line);
	line = bootargs_make("", CONSOLE_NONE, true);
	assert_string_equal(line, BOOTARGS_COMMAND);
	free(line);
}

static void a_console_of_the_users_own_is_enough(void **state)
{
	static const char *const lines[] = {
		"console=ttyS0",	  "quiet console=tty0", "\tconsole=\nquiet",
		"a=\"b c\" console=hvc0", "\"console=ttyS0\"",	"\"console=ttyS0 x\" y",
		"console=\"ttyS0\" -- x", "a\240console=hvc0", /* Latin-1's no-break space */
		"--x console=null"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_line(lines[i], CONSOLE_SERIAL, lines[i]);
}

static void what_only_looks_like_a_console_is_none(void **state)
{
	static const char *const texts[] = {"netconsole=@/eth0",   "console",
					    "consoleblank=0",	   "earlycon=console=x",
					    "x=\"console=ttyS0\"", "x=\"a console=ttyS0 b\"",
					    "\"a console=ttyS0\"", "x\"y console=ttyS0",
					    "-- console=ttyS0",	   "a=b \"--\" console=ttyS0",
					    "=console=ttyS0",	   "CONSOLE=ttyS0",
					    "con\"sole=ttyS0\""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (bootargs_give(texts[i], "console"))
			fail_msg("a console was seen in: %s", texts[i]);
		assert_string_equal(bootargs_console(texts[i], CONSOLE_SERIAL), "console=ttyS0");
	}
}

static void a_name_may_be_anything(void **state)
{
	(void)state;
	assert_true(bootargs_give("root=/dev/vda ro init=/bin/sh", "init"));
	assert_false(bootargs_give("root=/dev/vda rdinit=/bin/sh", "init"));
	assert_false(bootargs_give("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_console_is_put_in_front),
		cmocka_unit_test(a_commands_init_comes_first),
		cmocka_unit_test(a_console_of_the_users_own_is_enough),
		cmocka_unit_test(what_only_looks_like_a_console_is_none),
		cmocka_unit_test(a_name_may_be_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
