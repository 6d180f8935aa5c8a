/* SPDX-License-Identifier: Apache-2.0 */
/* The PMU's tables: quirks, profiles, kernels, names of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pmu/kernels.h"
#include "pmu/names.h"
#include "pmu/quirks.h"

static void every_quirk_has_its_row(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PMU_QUIRKS; i++) {
		assert_int_equal(pmu_quirks[i].bit, i);
		assert_non_null(pmu_quirks[i].name);
		assert_non_null(pmu_quirks[i].what);
		assert_true(pmu_quirks[i].profiles != 0 || pmu_quirks[i].kernels.upto != 0);
		assert_true(pmu_quirks[i].kernels.from <= pmu_quirks[i].kernels.upto);
		assert_int_equal(pmu_quirks[i].profiles >> PMU_SPEC & 1, 0);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(pmu_quirks[i].name, pmu_quirks[j].name);
	}
	assert_int_equal(pmu_profile_quirks(PMU_SPEC), 0);
}

static void profiles_are_found_by_name(void **state)
{
	enum pmu_profile profile;

	(void)state;
	for (unsigned int i = 0; i < PMU_PROFILES; i++) {
		assert_true(pmu_profile_find(pmu_profile_name(i), &profile));
		assert_int_equal(profile, i);
	}
	assert_null(pmu_profile_name(PMU_PROFILES));
	assert_false(pmu_profile_find("", &profile));
	assert_false(pmu_profile_find("linux", &profile));
}

static void a_kernel_that_is_known_is_named_by_its_version(void **state)
{
	static const struct {
		const char *name;
		enum pmu_profile profile;
	} known[] = {
		{"linux-6.12.107", PMU_LINUX_6_12_107}, {"linux-6.12.111", PMU_LINUX_6_12_107},
		{"linux-6.12.113", PMU_LINUX_6_12},	{"linux-6.12.117", PMU_LINUX_6_12},
		{"linux-7.2.12", PMU_LINUX_7_2},
	};
	static const char *const unknown[] = {
		"linux-6.12.106", "linux-6.12.112",  "linux-6.12.118",	 "linux-7.2.13",
		"linux-6.12.",	  "linux-6.12.107x", "linux-7",		 "linux-",
		"linux-6.18.3",	  "linux--6.12.107", "linux-6.12.107.1",
	};
	enum pmu_profile profile;

	(void)state;
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(pmu_profile_find(known[i].name, &profile));
		assert_int_equal(profile, known[i].profile);
	}
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(pmu_profile_find(unknown[i], &profile));
}

static struct pmu_kernel_match match_of(const char *release)
{
	uint32_t version = 0;

	assert_true(linux_version_parse(release, &version));
	return pmu_kernel_match(version);
}

static void a_running_kernel_is_known_or_like_an_older_one(void **state)
{
	uint32_t version;

	(void)state;
	assert_int_equal(match_of("6.12.117+deb13-riscv64").profile, PMU_LINUX_6_12);
	assert_true(match_of("6.12.117+deb13-riscv64").known);
	assert_int_equal(match_of("6.12.107+deb13-riscv64").profile, PMU_LINUX_6_12_107);
	assert_true(match_of("7.2.12+deb14-riscv64").known);
	assert_int_equal(match_of("6.12.118+deb13-riscv64").profile, PMU_LINUX_6_12);
	assert_false(match_of("6.12.118+deb13-riscv64").known);
	assert_int_equal(match_of("7.3.0-rc1").profile, PMU_LINUX_7_2);
	assert_false(match_of("7.3").known);
	assert_int_equal(match_of("5.15.0").profile, PMU_LINUX_6_12_107);
	assert_false(match_of("5.15.0").known);
	assert_false(linux_version_parse("", &version));
	assert_false(linux_version_parse("linux", &version));
	assert_false(linux_version_parse("6", &version));
}

static void quirks_of_a_kernel_are_those_of_its_version(void **state)
{
	uint64_t gone =
		pmu_profile_quirks(PMU_LINUX_6_12_107) & ~pmu_profile_quirks(PMU_LINUX_6_12);

	(void)state;
	assert_int_equal(gone, 1ull << PMU_COUNT_NOT_FOLDED | 1ull << PMU_FW_STOP_FORGETS |
				       1ull << PMU_PAGE_ERROR_IGNORED);
}

static const char *event_name(uint64_t event_idx, uint64_t data)
{
	static char name[40];

	pmu_event_name(name, sizeof(name), event_idx, data);
	return name;
}

static void events_have_names(void **state)
{
	char tiny[4];

	(void)state;
	assert_string_equal(event_name(1, 0), "cycles");
	assert_string_equal(event_name(10, 0), "ref-cycles");
	assert_string_equal(event_name(0, 0), "event:0x0");
	assert_string_equal(event_name(11, 0), "event:0xb");
	assert_string_equal(event_name(0x10000, 0), "L1-dcache-loads");
	assert_string_equal(event_name(0x1001B, 0), "dTLB-store-misses");
	assert_string_equal(event_name(0x10035, 0), "node-prefetch-misses");
	assert_string_equal(event_name(0x10006, 0), "event:0x10006");
	assert_string_equal(event_name(0x10038, 0), "event:0x10038");
	assert_string_equal(event_name(0x20000, 0x1234), "raw:0x1234");
	assert_string_equal(event_name(0xF0005, 0), "fw-set-timer");
	assert_string_equal(event_name(0xF0015, 0), "fw-hfence-vvma-asid-received");
	assert_string_equal(event_name(0xF0016, 0), "event:0xf0016");
	assert_string_equal(event_name(0xFFFFF, 3), "platform:0x3");
	assert_string_equal(event_name(UINT64_MAX, 0), "event:0xffffffffffffffff");
	pmu_event_name(tiny, sizeof(tiny), 1, 0);
	assert_string_equal(tiny, "cyc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quirk_has_its_row),
		cmocka_unit_test(profiles_are_found_by_name),
		cmocka_unit_test(a_kernel_that_is_known_is_named_by_its_version),
		cmocka_unit_test(a_running_kernel_is_known_or_like_an_older_one),
		cmocka_unit_test(quirks_of_a_kernel_are_those_of_its_version),
		cmocka_unit_test(events_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
