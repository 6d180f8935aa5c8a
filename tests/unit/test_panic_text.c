/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/machine/panic_text.h"

static const char output[] =
	"[    2.1] Kernel Kernel panic - not syncing: sysrq triggered crash\r\n";

static void the_message_is_seen_wherever_the_pieces_are_cut(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= strlen(output); cut++) {
		struct panic_text text = {0};

		panic_text_look(&text, output, cut);
		panic_text_look(&text, output + cut, strlen(output) - cut);
		assert_true(text.seen);
	}
}

static void other_output_is_not_a_panic(void **state)
{
	static const char other[] =
		"Kernel panic - not synKernel panic\nKernel command line: panic=-1\n";
	struct panic_text text = {0};

	(void)state;
	panic_text_look(&text, other, strlen(other));
	assert_false(text.seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_message_is_seen_wherever_the_pieces_are_cut),
		cmocka_unit_test(other_output_is_not_a_panic),
	};

	return cmocka_run_group_tests_name("panic_text", tests, NULL, NULL);
}
