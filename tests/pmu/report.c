/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the scenarios as a table: where each profile leaves the text of SBI 3.0, and the named
 * quirks that make it so. Fails on a difference that no quirk explains.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pmu/quirks.h"
#include "tests/pmu/simulated.h"

enum { COUNTERS = 19, WIDTH = 47 };

/* SCENARIO with these quirks, judged by the column of JUDGE. */
static bool differs(const struct scenario *scenario, uint64_t quirks, enum pmu_profile judge)
{
	static struct simulated simulated;
	struct machine_under_test machine = simulated_machine(&simulated, judge);

	simulated_init(&simulated, quirks, COUNTERS, WIDTH);
	return scenario_run(&machine, scenario).verdict != PASSED;
}

/* Without this one PROFILE would not be as its column. */
static bool is_needed(const struct scenario *scenario, enum pmu_profile profile, unsigned int bit)
{
	return differs(scenario, pmu_profile_quirks(profile) & ~(1ull << bit), profile);
}

/* This one alone leaves the text. */
static bool is_enough(const struct scenario *scenario, enum pmu_profile profile, unsigned int bit)
{
	(void)profile;
	return differs(scenario, pmu_profile_quirks(PMU_SPEC) | 1ull << bit, PMU_SPEC);
}

/* Prints PROFILE's quirks for which IS says so; returns how many. */
static unsigned int print_those(const struct scenario *scenario, enum pmu_profile profile,
				bool (*is)(const struct scenario *, enum pmu_profile, unsigned int),
				const char *between)
{
	uint64_t quirks = pmu_profile_quirks(profile);
	unsigned int count = 0;

	for (unsigned int bit = 0; bit < PMU_QUIRKS; bit++) {
		if (!(quirks >> bit & 1) || !is(scenario, profile, bit))
			continue;
		printf("%s%s", count ? between : "", pmu_quirks[bit].name);
		count++;
	}
	return count;
}

/* Where each of several does it, none is needed. */
static bool print_quirks(const struct scenario *scenario, enum pmu_profile profile)
{
	return print_those(scenario, profile, is_needed, ", ") ||
	       print_those(scenario, profile, is_enough, " or ");
}

/* How many differences are not explained. */
static unsigned int print_row(const struct scenario *scenario)
{
	static const enum pmu_profile profiles[] = {PMU_LINUX_6_12_107, PMU_LINUX_6_12,
						    PMU_LINUX_7_2, PMU_BEST};
	unsigned int unexplained = 0;

	printf("%3u  %s\n", scenario->number, scenario->name);
	if (differs(scenario, pmu_profile_quirks(PMU_SPEC), PMU_SPEC)) {
		printf("     spec: not as its column says\n");
		unexplained++;
	}
	for (unsigned int i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		uint64_t quirks = pmu_profile_quirks(profiles[i]);

		if (!differs(scenario, quirks, PMU_SPEC))
			continue;
		printf("     %s: ", pmu_profile_name(profiles[i]));
		if (differs(scenario, quirks, profiles[i])) {
			printf("not as its column says\n");
			unexplained++;
		} else if (print_quirks(scenario, profiles[i])) {
			printf("\n");
		} else {
			printf("no quirk explains it\n");
			unexplained++;
		}
	}
	return unexplained;
}

static void print_version(uint32_t version)
{
	printf("%u.%u.%u", version >> 24, version >> 12 & 0xFFF, version & 0xFFF);
}

static void print_quirk(const struct pmu_quirk_info *quirk)
{
	printf("%-26s %s", quirk->name, quirk->what);
	if (quirk->kernels.upto) {
		printf(" (");
		print_version(quirk->kernels.from);
		printf(" to ");
		print_version(quirk->kernels.upto);
		printf(")");
	}
	printf("\n");
}

int main(void)
{
	unsigned int unexplained = 0;

	printf("Scenarios, and the quirks by which a profile differs from the text:\n\n");
	for (unsigned int i = 0; i < scenario_count; i++)
		unexplained += print_row(&scenarios[i]);
	printf("\nThe quirks:\n\n");
	for (unsigned int bit = 0; bit < PMU_QUIRKS; bit++)
		print_quirk(&pmu_quirks[bit]);
	printf("\n%u scenarios, %u differences without a reason\n", scenario_count, unexplained);
	return unexplained ? EXIT_FAILURE : EXIT_SUCCESS;
}
