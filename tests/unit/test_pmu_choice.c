/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/counters/pmu_choice.h"
#include "vmm/kvm/kernel_holes.h"

static const struct pmu_host everything = {.kvm_pmu = true, .kvm_sscofpmf = true};

static struct pmu_choice choose(enum config_pmu pmu, enum pmu_profile profile,
				const struct pmu_host *host, bool good)
{
	const struct config config = {.pmu = pmu, .pmu_profile = profile};
	struct pmu_choice choice;

	assert_int_equal(pmu_choose(&config, host, &choice), good);
	assert_true(*choice.line && strlen(choice.line) < sizeof(choice.line) - 1);
	return choice;
}

static void auto_is_ours_wherever_calls_get_here(void **state)
{
	struct pmu_host host = everything;
	struct pmu_choice choice = choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true);

	(void)state;
	assert_int_equal(choice.answers, CONFIG_PMU_VMM);
	assert_true(choice.forward && choice.sscofpmf);
	host.kvm_pmu = host.kvm_sscofpmf = false;
	host.no_lcofi = "no AIA";
	choice = choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true);
	assert_int_equal(choice.answers, CONFIG_PMU_VMM);
	assert_true(choice.forward);
	assert_false(choice.sscofpmf);
	assert_non_null(strstr(choice.line, "no AIA"));
	host.no_perf = "no perf";
	assert_int_equal(choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true).answers, CONFIG_PMU_VMM);
}

static void without_lcofi_the_line_says_how_overflows_come(void **state)
{
	const struct pmu_host host = {.no_lcofi = "no AIA", .other_irq = "wired"};
	struct pmu_choice choice = choose(CONFIG_PMU_VMM, PMU_BEST, &host, true);

	(void)state;
	assert_false(choice.sscofpmf);
	assert_non_null(strstr(choice.line, "sampling for guests that know how"));
	assert_non_null(strstr(choice.line, "'wired' (no LCOFI: no AIA)"));
}

static void auto_is_kvm_only_where_the_kernel_is_mended(void **state)
{
	struct pmu_host host = {.kvm_pmu = true, .kvm_sscofpmf = true, .no_forward = "no BPF"};

	(void)state;
	assert_int_equal(choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true).answers, CONFIG_PMU_KVM);
	host.kvm_exposes = "crash the host";
	assert_int_equal(choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true).answers, CONFIG_PMU_OFF);
	host.kvm_sscofpmf = false;
	assert_int_equal(choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true).answers, CONFIG_PMU_OFF);
}

static void kvm_on_an_exposed_kernel_says_what_a_guest_can_do(void **state)
{
	struct pmu_host host = everything;
	struct pmu_choice choice;

	(void)state;
	assert_string_equal(choose(CONFIG_PMU_KVM, PMU_BEST, &host, true).danger, "");
	host.kvm_exposes = "crash the host";
	choice = choose(CONFIG_PMU_KVM, PMU_LINUX_7_2, &host, true);
	assert_int_equal(choice.answers, CONFIG_PMU_KVM);
	assert_non_null(strstr(choice.danger, "a guest can crash the host"));
	assert_string_equal(choose(CONFIG_PMU_VMM, PMU_BEST, &host, true).danger, "");
	for (unsigned int i = 0; i < KERNEL_HOLES; i++) {
		host.kvm_exposes = kernel_holes[i].what;
		choice = choose(CONFIG_PMU_KVM, PMU_BEST, &host, true);
		assert_non_null(strstr(choice.danger, "lists all)"));
	}
}

static enum hole_state state_of(enum kernel_hole_id id, unsigned int minor, unsigned int patch)
{
	return kernel_hole_state(&kernel_holes[id],
				 LINUX_VERSION(minor == 12 ? 6 : 7, minor, patch));
}

static void a_hole_is_of_versions(void **state)
{
	(void)state;
	assert_int_equal(state_of(HOLE_PMU_BASE, 12, 107), HOLE_OPEN);
	assert_int_equal(state_of(HOLE_PMU_BASE, 12, 117), HOLE_OPEN);
	assert_int_equal(state_of(HOLE_PMU_BASE, 12, 118), HOLE_UNKNOWN);
	assert_int_equal(state_of(HOLE_PMU_BASE, 2, 12), HOLE_MENDED);
	assert_int_equal(state_of(HOLE_PMU_PAGE_END, 12, 115), HOLE_OPEN);
	assert_int_equal(state_of(HOLE_PMU_PAGE_END, 12, 117), HOLE_MENDED);
	assert_int_equal(state_of(HOLE_PMU_PAGE_AFTER, 12, 117), HOLE_MENDED);
	assert_int_equal(state_of(HOLE_PMU_PAGE_AFTER, 2, 12), HOLE_OPEN);
	for (unsigned int i = 0; i < KERNEL_HOLES; i++)
		assert_non_null(kernel_holes[i].what);
}

/* A kernel that nobody has read is not called mended. */
static void no_kernel_that_is_known_may_answer_unasked(void **state)
{
	static const char *const releases[] = {
		"6.12.107+deb13-riscv64",
		"6.12.117+deb13-riscv64",
		"6.12.118+deb13-riscv64",
		"7.2.12+deb14-riscv64",
		"7.3.0",
		"5.10",
		"strange",
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		assert_non_null(kernel_pmu_exposes(releases[i]));
}

static void auto_is_off_where_nothing_goes(void **state)
{
	const struct pmu_host host = {.no_forward = "no BPF", .no_perf = "no perf"};
	struct pmu_choice choice = choose(CONFIG_PMU_AUTO, PMU_BEST, &host, true);

	(void)state;
	assert_int_equal(choice.answers, CONFIG_PMU_OFF);
	assert_false(choice.sscofpmf || choice.forward);
}

static void kvm_where_there_is_none_is_an_error_with_a_way_out(void **state)
{
	const struct pmu_host host = {0};

	(void)state;
	assert_non_null(strstr(choose(CONFIG_PMU_KVM, PMU_BEST, &host, false).line, "--pmu auto"));
}

static void a_linux_profile_leaves_the_kernels_restart_as_it_is(void **state)
{
	(void)state;
	assert_false(choose(CONFIG_PMU_KVM, PMU_LINUX_7_2, &everything, true).mend_restart);
	assert_false(choose(CONFIG_PMU_KVM, PMU_LINUX_6_12, &everything, true).mend_restart);
	assert_true(choose(CONFIG_PMU_KVM, PMU_SPEC, &everything, true).mend_restart);
}

static void sscofpmf_is_shown_only_where_an_overflow_arrives(void **state)
{
	struct pmu_host host = everything;

	(void)state;
	assert_true(choose(CONFIG_PMU_VMM, PMU_BEST, &host, true).sscofpmf);
	host.no_lcofi = "sip";
	assert_false(choose(CONFIG_PMU_VMM, PMU_BEST, &host, true).sscofpmf);
	assert_true(choose(CONFIG_PMU_KVM, PMU_BEST, &host, true).sscofpmf);
	host.kvm_sscofpmf = false;
	assert_false(choose(CONFIG_PMU_KVM, PMU_BEST, &host, true).sscofpmf);
	assert_false(choose(CONFIG_PMU_OFF, PMU_BEST, &everything, true).sscofpmf);
}

static void each_missing_thing_is_named(void **state)
{
	struct pmu_host host = everything;

	(void)state;
	host.no_lcofi = "LCOFI-REASON";
	assert_non_null(strstr(choose(CONFIG_PMU_VMM, PMU_SPEC, &host, true).line, "LCOFI-REASON"));
	host.no_perf = "PERF-REASON";
	assert_non_null(strstr(choose(CONFIG_PMU_VMM, PMU_SPEC, &host, true).line, "PERF-REASON"));
	host.no_forward = "BPF-REASON";
	assert_non_null(strstr(choose(CONFIG_PMU_VMM, PMU_SPEC, &host, false).line, "BPF-REASON"));
	assert_non_null(strstr(choose(CONFIG_PMU_KVM, PMU_SPEC, &host, true).line, "BPF-REASON"));
	assert_non_null(strstr(choose(CONFIG_PMU_OFF, PMU_SPEC, &host, true).line, "BPF-REASON"));
}

static void ours_where_linux_does_not_find_it_is_refused_with_the_ways_out(void **state)
{
	struct pmu_host host = everything;
	struct pmu_choice choice;

	(void)state;
	host.no_forward = "no right";
	choice = choose(CONFIG_PMU_VMM, PMU_BEST, &host, false);
	assert_non_null(strstr(choice.line, "--pmu auto"));
	assert_non_null(strstr(choice.line, "--pmu exit"));
	assert_non_null(strstr(choice.line, "0x08504D55"));
}

/* For guests that know it: BPF is not asked for, nor used where it is. */
static void by_exits_it_needs_no_forward(void **state)
{
	struct pmu_host host = everything;
	struct pmu_choice choice;

	(void)state;
	for (int i = 0; i < 2; i++) {
		choice = choose(CONFIG_PMU_EXIT, PMU_BEST, &host, true);
		assert_int_equal(choice.answers, CONFIG_PMU_VMM);
		assert_false(choice.forward || choice.mend_restart);
		assert_true(choice.sscofpmf);
		host.no_forward = "no right";
	}
	host.no_perf = "PERF-REASON";
	choice = choose(CONFIG_PMU_EXIT, PMU_BEST, &host, true);
	assert_non_null(strstr(choice.line, "PERF-REASON"));
	assert_false(choice.sscofpmf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_lcofi_the_line_says_how_overflows_come),
		cmocka_unit_test(auto_is_ours_wherever_calls_get_here),
		cmocka_unit_test(auto_is_kvm_only_where_the_kernel_is_mended),
		cmocka_unit_test(kvm_on_an_exposed_kernel_says_what_a_guest_can_do),
		cmocka_unit_test(a_hole_is_of_versions),
		cmocka_unit_test(no_kernel_that_is_known_may_answer_unasked),
		cmocka_unit_test(auto_is_off_where_nothing_goes),
		cmocka_unit_test(kvm_where_there_is_none_is_an_error_with_a_way_out),
		cmocka_unit_test(a_linux_profile_leaves_the_kernels_restart_as_it_is),
		cmocka_unit_test(sscofpmf_is_shown_only_where_an_overflow_arrives),
		cmocka_unit_test(each_missing_thing_is_named),
		cmocka_unit_test(ours_where_linux_does_not_find_it_is_refused_with_the_ways_out),
		cmocka_unit_test(by_exits_it_needs_no_forward),
	};

	return cmocka_run_group_tests_name("pmu_choice", tests, NULL, NULL);
}
