/* SPDX-License-Identifier: Apache-2.0 */
/* Every scenario, all profiles, two sizes of a PMU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pmu/quirks.h"
#include "tests/pmu/simulated.h"

static void print_difference(const struct scenario *scenario, const struct report *report,
			     enum pmu_profile profile)
{
	enum op op = scenario->steps[report->step].op;

	print_message("# %u %s, %s: %s %s differs at step %u (%u): got %ld/0x%lx%s, "
		      "expected relation %d %d/0x%lx\n",
		      scenario->number, scenario->name, pmu_profile_name(profile), op_names[op],
		      report->why, report->step, report->repetition, (long)report->got.error,
		      (unsigned long)report->got.value, report->trapped ? " and a trap" : "",
		      report->expected.relation, report->expected.error,
		      (unsigned long)report->expected.value);
}

static unsigned int differences(enum pmu_profile profile, unsigned int hw_counters)
{
	struct simulated simulated;
	struct machine_under_test machine = simulated_machine(&simulated, profile);
	unsigned int count = 0;

	simulated_init(&simulated, pmu_profile_quirks(profile), hw_counters,
		       hw_counters == 8 ? 47 : 63);
	for (unsigned int i = 0; i < scenario_count; i++) {
		struct report report = scenario_run(&machine, &scenarios[i]);

		if (report.verdict == PASSED)
			continue;
		count++;
		if (report.verdict == DIFFERED)
			print_difference(&scenarios[i], &report, profile);
		else
			print_message("# %u skipped: %s\n", scenarios[i].number, report.why);
	}
	return count;
}

static void every_scenario_comes_out_as_on_linux_6_12(void **state)
{
	(void)state;
	assert_int_equal(differences(PMU_LINUX_6_12, 19), 0);
	assert_int_equal(differences(PMU_LINUX_6_12, 8), 0);
}

static void every_scenario_comes_out_as_on_linux_6_12_107(void **state)
{
	(void)state;
	assert_int_equal(differences(PMU_LINUX_6_12_107, 19), 0);
	assert_int_equal(differences(PMU_LINUX_6_12_107, 8), 0);
}

static void every_scenario_comes_out_as_on_linux_7_2(void **state)
{
	(void)state;
	assert_int_equal(differences(PMU_LINUX_7_2, 19), 0);
	assert_int_equal(differences(PMU_LINUX_7_2, 8), 0);
}

static void every_scenario_comes_out_as_the_text_says(void **state)
{
	(void)state;
	assert_int_equal(differences(PMU_SPEC, 19), 0);
	assert_int_equal(differences(PMU_SPEC, 8), 0);
}

static void every_scenario_comes_out_as_is_best_for_guests(void **state)
{
	(void)state;
	assert_int_equal(differences(PMU_BEST, 19), 0);
	assert_int_equal(differences(PMU_BEST, 8), 0);
}

/* Without this a quirk may do nothing, or nothing that anyone would notice. */
static void every_quirk_shows_in_a_scenario(void **state)
{
	unsigned int unseen = 0;

	(void)state;
	for (unsigned int quirk = 0; quirk < PMU_QUIRKS; quirk++) {
		bool seen = false;

		for (unsigned int profile = 0; profile < PMU_PROFILES; profile++) {
			struct simulated simulated;
			struct machine_under_test machine = simulated_machine(&simulated, profile);

			simulated_init(&simulated, pmu_profile_quirks(profile) ^ 1ull << quirk, 19,
				       47);
			for (unsigned int i = 0; i < scenario_count && !seen; i++)
				seen = scenario_run(&machine, &scenarios[i]).verdict == DIFFERED;
		}
		if (!seen) {
			print_message("# no scenario shows %s\n", pmu_quirks[quirk].name);
			unseen++;
		}
	}
	assert_int_equal(unseen, 0);
}

static void scenarios_that_may_hurt_a_kernel_are_not_run_there(void **state)
{
	struct simulated simulated;
	struct machine_under_test machine = simulated_machine(&simulated, PMU_LINUX_6_12);
	unsigned int skipped = 0;

	(void)state;
	machine.kernel = true;
	simulated_init(&simulated, pmu_profile_quirks(PMU_LINUX_6_12), 19, 63);
	for (unsigned int i = 0; i < scenario_count; i++)
		skipped += scenario_run(&machine, &scenarios[i]).verdict == SKIPPED;
	assert_int_equal(skipped, 5);
	/* What one kernel has mended, one that nobody has read may have broken. */
	machine.unknown = true;
	for (unsigned int i = 0; i < scenario_count; i++) {
		bool is_skipped = scenario_run(&machine, &scenarios[i]).verdict == SKIPPED;

		assert_int_equal(is_skipped, scenarios[i].deadly != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scenario_comes_out_as_on_linux_6_12),
		cmocka_unit_test(every_scenario_comes_out_as_on_linux_6_12_107),
		cmocka_unit_test(every_scenario_comes_out_as_on_linux_7_2),
		cmocka_unit_test(every_scenario_comes_out_as_the_text_says),
		cmocka_unit_test(every_scenario_comes_out_as_is_best_for_guests),
		cmocka_unit_test(every_quirk_shows_in_a_scenario),
		cmocka_unit_test(scenarios_that_may_hurt_a_kernel_are_not_run_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
