/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of threads: which of them is a vCPU's, and where it sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/sources/asleep.h"
#include "trace/sources/perf_fold.h"

/* What /proc says of a thread that sleeps: proc_pid_syscall(5), proc_pid_stat(5), of Linux 6.12. */
static void what_proc_says(void **state)
{
	(void)state;
	assert_int_equal(asleep_kvm_run("29 0x17 0xae80 0x0 0x2 0x0 0x3 0x3fff 0x3ffe\n"), 0x17);
	assert_int_equal(asleep_kvm_run("29 0x17 0xae81 0x0 0x2 0x0 0x3 0x3fff 0x3ffe\n"), -1);
	assert_int_equal(asleep_kvm_run("98 0x17 0xae80 0x0 0x2 0x0 0x3 0x3fff 0x3ffe\n"), -1);
	assert_int_equal(asleep_kvm_run("running\n"), -1);
	assert_int_equal(asleep_kvm_run("-1 0x3fff 0x3ffe\n"), -1);
	assert_int_equal(asleep_kvm_run(""), -1);
	assert_int_equal(asleep_vcpu_of_link("anon_inode:kvm-vcpu:12"), 12);
	assert_int_equal(asleep_vcpu_of_link("anon_inode:kvm-vcpu:12x"), -1);
	assert_int_equal(asleep_vcpu_of_link("anon_inode:kvm-vm"), -1);
	assert_int_equal(asleep_letter("77 (vcpu0) S 1 77 77"), 'S');
	assert_int_equal(asleep_letter("77 (a ) R ) T 1 77 77"), 'T');
	assert_int_equal(asleep_letter("77 (vcpu0)"), '\0');
	assert_int_equal(asleep_letter(""), '\0');
	assert_int_equal(asleep_in("kvm_vcpu_block"), VCPU_HALTED);
	assert_int_equal(asleep_in("kvm_vcpu_halt"), VCPU_HALTED);
	assert_int_equal(asleep_in("kvm_arch_vcpu_ioctl_run"), VCPU_BLOCKED);
	assert_int_equal(asleep_in("0"), VCPU_BLOCKED);
	assert_int_equal(asleep_ran("vcpu0 (77, #threads: 3)\n-----\nse.exec_start"
				    "                                :         12345.678901\n"),
			 12345678901ull);
	assert_int_equal(asleep_ran("nothing"), 0);
}

static void names_of_threads(void **state)
{
	(void)state;
	assert_int_equal(vcpu_number("vcpu3"), 3);
	assert_int_equal(vcpu_number("CPU 12/KVM"), 12);
	assert_int_equal(vcpu_number("kvm-vcpu-0"), 0);
	assert_int_equal(vcpu_number("vcpu3a"), VCPU_UNNAMED);
	assert_int_equal(vcpu_number("CPU 12/TCG"), VCPU_UNNAMED);
	assert_int_equal(vcpu_number("vhart"), VCPU_UNNAMED);
	assert_int_equal(vcpu_number(""), VCPU_UNNAMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_proc_says),
		cmocka_unit_test(names_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
