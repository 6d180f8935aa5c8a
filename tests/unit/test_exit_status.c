/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest says at its end, and the exit status that it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/exit_status.h"

/* No status of the guest's may be taken for one of vhart's, and none but 0 for success. */
static void a_guest_has_its_own(void **state)
{
	(void)state;
	assert_int_equal(exit_status_of_guest(0), 0);
	for (uint32_t status = 1; status < 123; status++)
		assert_int_equal(exit_status_of_guest(status),
				 status >= 3 && status <= 5 ? STATUS_GUEST_OTHER : status);
	for (uint32_t status = 123; status < 0x10000; status++)
		assert_int_equal(exit_status_of_guest(status), STATUS_GUEST_OTHER);
	assert_int_equal(exit_status_of_guest(256), STATUS_GUEST_OTHER);
	assert_int_equal(exit_status_of_guest(UINT32_MAX), STATUS_GUEST_OTHER);
}

static void a_reset_ends(void **state)
{
	(void)state;
	assert_int_equal(srst_end(SRST_SHUTDOWN, SRST_NO_REASON), END_POWEROFF);
	assert_int_equal(srst_end(SRST_COLD_REBOOT, SRST_NO_REASON), END_RESET);
	assert_int_equal(srst_end(SRST_WARM_REBOOT, SRST_NO_REASON), END_RESET);
	assert_int_equal(srst_end(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE), END_PANIC);
	assert_int_equal(srst_end(SRST_WARM_REBOOT, SRST_SYSTEM_FAILURE), END_PANIC);
	/* Reserved reasons are no success. */
	assert_int_equal(srst_end(SRST_SHUTDOWN, 2), END_PANIC);
	assert_int_equal(srst_end(SRST_SHUTDOWN, SRST_STATUS - 1), END_PANIC);
	assert_int_equal(srst_end(SRST_SHUTDOWN, SRST_STATUS + 7), END_POWEROFF);
	assert_int_equal(srst_end(SRST_COLD_REBOOT, UINT32_MAX), END_RESET);
}

static void a_vendor_reason_is_a_status(void **state)
{
	uint32_t status;

	(void)state;
	assert_false(srst_status(SRST_NO_REASON, &status));
	assert_false(srst_status(SRST_SYSTEM_FAILURE, &status));
	assert_false(srst_status(SRST_STATUS - 1, &status));
	assert_true(srst_status(SRST_STATUS, &status));
	assert_int_equal(status, 0);
	assert_true(srst_status(SRST_STATUS + 7, &status));
	assert_int_equal(status, 7);
	assert_true(srst_status(UINT32_MAX, &status));
	assert_int_equal(status, 0x1fffffff);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(srst_type_name(SRST_SHUTDOWN), "shutdown");
	assert_string_equal(srst_type_name(SRST_WARM_REBOOT), "warm-reboot");
	assert_string_equal(srst_type_name(3), "unknown");
	assert_string_equal(srst_reason_name(SRST_NO_REASON), "none");
	assert_string_equal(srst_reason_name(SRST_SYSTEM_FAILURE), "system-failure");
	assert_string_equal(srst_reason_name(2), "reserved");
	assert_string_equal(srst_reason_name(SRST_STATUS + 1), "vendor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_has_its_own),
		cmocka_unit_test(a_reset_ends),
		cmocka_unit_test(a_vendor_reason_is_a_status),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
