/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm/privileges.h"

#define BIT(number) (1ull << (number))

/* CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SETUID: each opens a
 * file for whoever has it. */
static void nothing_that_opens_files_is_kept(void **state)
{
	static const unsigned int openers[] = {1, 2, 19, 21, 7};

	(void)state;
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
		assert_true(privileges_kept(BIT(openers[i])) == 0);
}

static void what_is_kept_is_bpf_and_perfmon(void **state)
{
	(void)state;
	assert_true(privileges_kept(UINT64_MAX) == (BIT(38) | BIT(39)));
	assert_true(privileges_kept(BIT(39) | BIT(21)) == BIT(39));
	assert_true(privileges_kept(0) == 0);
}

/* Root, or nobody in particular: the test's own file gives no rights. */
static void a_user_keeps_his_own_rights(void **state)
{
	(void)state;
	assert_true(privileges_settle());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_opens_files_is_kept),
		cmocka_unit_test(what_is_kept_is_bpf_and_perfmon),
		cmocka_unit_test(a_user_keeps_his_own_rights),
	};

	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
