/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/way_out.h"

static void expect(enum way_out_subject subject, int error, const char *part)
{
	assert_non_null(strstr(way_out(subject, error), part));
}

static void the_way_out_fits_the_error(void **state)
{
	(void)state;
	for (unsigned int subject = 0; subject < WAY_OUT_SUBJECTS; subject++) {
		expect(subject, EMFILE, "ulimit -n");
		expect(subject, ENFILE, "fs.file-max");
		expect(subject, EPERM, "sudo");
		expect(subject, EACCES, "sudo");
	}
	expect(WAY_OUT_BPF, ENOMEM, "ulimit -l");
	expect(WAY_OUT_BPF, ENOSYS, "CONFIG_BPF_SYSCALL");
	expect(WAY_OUT_BPF, ESRCH, "CONFIG_DEBUG_INFO_BTF_MODULES");
	expect(WAY_OUT_SAMPLING, EOPNOTSUPP, "cpu-clock");
	expect(WAY_OUT_SAMPLING, EINVAL, "-F");
	expect(WAY_OUT_SAMPLING, EIO, "-e exits");
	expect(WAY_OUT_TRACEPOINT, EIO, "CONFIG_PERF_EVENTS");
	expect(WAY_OUT_TRACEFS, ENOENT, "modprobe kvm");
}

/* A program that opens its users' files must not have more rights than they. */
static void no_way_out_gives_capabilities_away(void **state)
{
	(void)state;
	for (unsigned int subject = 0; subject < WAY_OUT_SUBJECTS; subject++) {
		for (int error = 0; error < 200; error++) {
			assert_true(*way_out(subject, error));
			assert_null(strstr(way_out(subject, error), "setcap"));
			assert_null(strstr(way_out(subject, error), "cap_"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_out_fits_the_error),
		cmocka_unit_test(no_way_out_gives_capabilities_away),
	};

	return cmocka_run_group_tests_name("way_out", tests, NULL, NULL);
}
