/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random sequences: the Linux profiles against a second writing-down of what Linux does, and
 * properties that hold in all profiles. PMU_RANDOM_STEPS=N makes about N steps rather than some
 * hundred thousand, PMU_RANDOM_SEED=N other ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "pmu/quirks.h"
#include "tests/pmu/model.h"
#include "tests/pmu/random.h"
#include "tests/pmu/simulated.h"

#define SEQUENCE 60u
#define SUFFIX	 30u
#define H	 8u
#define PARTS	 26u /* that share the steps: 4 with the model, 4 profiles of each property */

static unsigned long option(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* All parts together make this many steps. */
static unsigned int rounds(unsigned int steps_a_round)
{
	return (unsigned int)(option("PMU_RANDOM_STEPS", 400000) / PARTS / steps_a_round + 1);
}

static void print_step(const struct random_step *step)
{
	print_message("#   %s 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", op_names[step->op],
		      (unsigned long)step->args[0], (unsigned long)step->args[1],
		      (unsigned long)step->args[2], (unsigned long)step->args[3],
		      (unsigned long)step->args[4]);
}

static void print_difference(const struct random_difference *difference,
			     const struct random_step *steps, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		print_step(&steps[i]);
	print_message("# the %s at step %u: %ld/0x%lx, %ld/0x%lx\n", difference->what,
		      difference->at, (long)difference->left.error,
		      (unsigned long)difference->left.value, (long)difference->right.error,
		      (unsigned long)difference->right.value);
}

/* ---- the model ---- */

static void compare_with_model(enum pmu_profile profile, unsigned int width)
{
	struct random random = {option("PMU_RANDOM_SEED", 1) + profile};
	struct simulated simulated;
	struct model model;
	struct machine_under_test left, right;
	struct random_step steps[SEQUENCE];
	struct random_difference difference;
	struct symbols symbols;

	simulated_init(&simulated, pmu_profile_quirks(profile), H, width);
	model_init(&model, profile, H, width);
	left = simulated_machine(&simulated, profile);
	right = model_machine(&model);
	symbols = symbols_find(&left);
	for (unsigned int i = 0; i < rounds(SEQUENCE); i++) {
		unsigned int count = SEQUENCE;

		random_steps(&random, &symbols, 0, steps, SEQUENCE);
		difference = random_compare(&left, &right, steps, SEQUENCE);
		if (!difference.found) {
			/* The interrupt line says whether overflows came alike. */
			assert_int_equal(simulated.lcofi_pending, model.around.lcofi_pending);
			continue;
		}
		count = random_shrink(&left, &right, steps, SEQUENCE);
		difference = random_compare(&left, &right, steps, count);
		print_difference(&difference, steps, count);
		fail();
	}
	pmu_reset(&simulated.pmu);
}

static void linux_7_2_is_as_the_model(void **state)
{
	(void)state;
	compare_with_model(PMU_LINUX_7_2, 63);
	compare_with_model(PMU_LINUX_7_2, 47);
}

static void linux_6_12_is_as_the_model(void **state)
{
	(void)state;
	compare_with_model(PMU_LINUX_6_12, 63);
	compare_with_model(PMU_LINUX_6_12, 47);
}

static void linux_6_12_107_is_as_the_model(void **state)
{
	(void)state;
	compare_with_model(PMU_LINUX_6_12_107, 63);
	compare_with_model(PMU_LINUX_6_12_107, 47);
}

/* ---- properties ---- */

/*
 * Two machines come the same random way. Then one is treated one way and one another that should
 * make no difference, and what they answer from then on is compared.
 */
struct pair {
	struct random random;
	enum pmu_profile profile;
	struct simulated left, right;
	struct machine_under_test left_machine, right_machine;
	struct symbols symbols;
	struct random_step steps[SEQUENCE];
};

/* Does its thing to one or both; false: here it does not apply. */
typedef bool (*treatment)(struct pair *pair);

static void begin(struct pair *pair)
{
	pair->left_machine.fresh(&pair->left);
	pair->right_machine.fresh(&pair->right);
	pair->right.late = false;
	random_steps(&pair->random, &pair->symbols, 0, pair->steps, SEQUENCE);
}

static void check_property(enum pmu_profile profile, treatment treat)
{
	struct pair *pair = test_malloc(sizeof(*pair));
	unsigned int applied = 0;

	pair->random.state = option("PMU_RANDOM_SEED", 1) * 1000 + profile;
	pair->profile = profile;
	pair->left_machine = simulated_machine(&pair->left, profile);
	pair->right_machine = simulated_machine(&pair->right, profile);
	simulated_init(&pair->left, pmu_profile_quirks(profile), H, 63);
	simulated_init(&pair->right, pmu_profile_quirks(profile), H, 63);
	pair->symbols = symbols_find(&pair->left_machine);
	for (unsigned int i = 0; i < rounds(SEQUENCE); i++) {
		unsigned int prefix = random_below(&pair->random, SEQUENCE - SUFFIX);
		struct random_difference difference;

		begin(pair);
		difference = random_lockstep(&pair->left_machine, &pair->right_machine, pair->steps,
					     prefix);
		assert_false(difference.found);
		if (!treat(pair))
			continue;
		applied++;
		difference = random_lockstep(&pair->left_machine, &pair->right_machine,
					     pair->steps + prefix, SEQUENCE - prefix);
		if (!difference.found)
			continue;
		print_message("# %s, after %u steps:\n", pmu_profile_name(profile), prefix);
		print_difference(&difference, pair->steps, prefix + difference.at + 1);
		fail();
	}
	assert_true(applied > rounds(SEQUENCE) / 100);
	pmu_reset(&pair->left.pmu);
	pmu_reset(&pair->right.pmu);
	test_free(pair);
}

static void check_in_all_profiles(treatment treat)
{
	for (unsigned int profile = 0; profile < PMU_PROFILES; profile++)
		check_property(profile, treat);
}

static struct answer call(struct machine_under_test *machine, uint64_t fid, uint64_t a0,
			  uint64_t a1, uint64_t a2, uint64_t a3)
{
	const uint64_t args[STEP_ARGS] = {a0, a1, a2, a3};

	return machine->call(machine->opaque, fid, args);
}

/* A random valid set of firmware counters and hardware counters, with base 0. */
static uint64_t some_counters(struct pair *pair)
{
	uint64_t all = pair->symbols.values[SYMBOL_ALL];

	return random_next(&pair->random) & random_next(&pair->random) & all;
}

static bool split_stop(struct pair *pair)
{
	uint64_t mask = some_counters(pair);
	uint64_t flags = random_below(&pair->random, 4);

	if (mask == 0)
		return false;
	/* When a stop of all at once gives no error. */
	if (call(&pair->left_machine, PMU_COUNTER_STOP, 0, mask, flags, 0).error)
		return false;
	for (uint64_t rest = mask; rest; rest &= rest - 1)
		call(&pair->right_machine, PMU_COUNTER_STOP, 0, rest & -rest, flags, 0);
	return true;
}

static void a_stop_of_a_set_is_stops_of_its_counters(void **state)
{
	(void)state;
	check_in_all_profiles(split_stop);
}

static bool start_both_ways(struct pair *pair)
{
	uint64_t f0 = pair->symbols.values[SYMBOL_F0];
	static const uint64_t indices[] = {0, 2, 3, 4};
	uint64_t index = random_below(&pair->random, 2) ? indices[random_below(&pair->random, 4)]
							: f0 + random_below(&pair->random, 3);
	uint64_t value = random_next(&pair->random);

	if (!pair->left.pmu.state.has_snapshot ||
	    pair->left.pmu.state.snapshot_address != pair->left_machine.page)
		return false;
	/* The copy of the page in KVM is read anew by one of both only: of what it holds, nothing
	 * but overflow bits can show, and not when both have read it just now. */
	call(&pair->left_machine, PMU_COUNTER_START, 3, 1, 2, 0);
	call(&pair->right_machine, PMU_COUNTER_START, 3, 1, 2, 0);
	pair->left_machine.poke(&pair->left, 1, value);
	pair->right_machine.poke(&pair->right, 1, value);
	call(&pair->left_machine, PMU_COUNTER_START, index, 1, 2, 0);
	call(&pair->right_machine, PMU_COUNTER_START, index, 1, 1, value);
	/* And then both have read it. */
	call(&pair->left_machine, PMU_COUNTER_START, 3, 1, 2, 0);
	call(&pair->right_machine, PMU_COUNTER_START, 3, 1, 2, 0);
	return true;
}

static void a_start_from_the_page_is_a_start_with_that_value(void **state)
{
	(void)state;
	check_in_all_profiles(start_both_ways);
}

/* All profiles but 6.12.107: there, a read is part of how a counter counts. */
static bool read_much(struct pair *pair)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct random_step step = random_read(&pair->random, &pair->symbols);
		uint64_t value, args[STEP_ARGS];

		for (unsigned int arg = 0; arg < STEP_ARGS; arg++)
			args[arg] = symbol_value(&pair->symbols, step.args[arg]);
		if (step.op == OP_RD)
			pmu_read_csr(&pair->right.pmu, CSR_CYCLE + (unsigned int)args[0], &value);
		else
			call(&pair->right_machine,
			     step.op == OP_FR ? PMU_COUNTER_FW_READ : PMU_COUNTER_GET_INFO, args[0],
			     0, 0, 0);
	}
	return true;
}

static void reads_change_nothing(void **state)
{
	(void)state;
	check_property(PMU_BEST, read_much);
	check_property(PMU_SPEC, read_much);
}

/* Takes a counter that is free and whose value is known to be 0, and gives it back. */
static bool configure_and_reset(struct pair *pair)
{
	uint64_t index = pair->symbols.values[SYMBOL_F0] + random_below(&pair->random, 22);
	const uint64_t args[STEP_ARGS] = {index, 1, 0, 0xF0000 + random_below(&pair->random, 22)};

	if (pair->right_machine.call(&pair->right, PMU_COUNTER_CONFIG_MATCHING, args).error)
		return false;
	/* Under Linux another counter of this event would be stopped. */
	if (pmu_profile_is_linux(pair->profile) &&
	    pair->right.pmu.state.tallies[args[3] & 0xFFFF].started) {
		pmu_reset(&pair->right.pmu);
		return false;
	}
	call(&pair->right_machine, PMU_COUNTER_STOP, index, 1, 1, 0);
	return true;
}

static void config_and_reset_of_a_counter_leave_all_others_alone(void **state)
{
	(void)state;
	check_in_all_profiles(configure_and_reset);
}

static bool save_and_restore(struct pair *pair)
{
	struct pmu_state state;

	pmu_save(&pair->right.pmu, &state);
	if (random_below(&pair->random, 2)) {
		/* Another process, whose firmware counts are others. */
		for (unsigned int i = 0; i < PMU_FW_EVENTS; i++)
			pair->right.firmware[i] += 1000 + i;
		pmu_reset(&pair->right.pmu);
	}
	assert_true(pmu_restore(&pair->right.pmu, &state));
	assert_int_equal(simulated_open_sources(&pair->left), simulated_open_sources(&pair->right));
	return true;
}

static void what_is_saved_and_restored_goes_on_the_same(void **state)
{
	(void)state;
	check_in_all_profiles(save_and_restore);
}

static bool signals_come_late(struct pair *pair)
{
	pair->right.late = true;
	return true;
}

static void a_late_signal_changes_no_answer(void **state)
{
	(void)state;
	check_in_all_profiles(signals_come_late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_7_2_is_as_the_model),
		cmocka_unit_test(linux_6_12_is_as_the_model),
		cmocka_unit_test(linux_6_12_107_is_as_the_model),
		cmocka_unit_test(a_stop_of_a_set_is_stops_of_its_counters),
		cmocka_unit_test(a_start_from_the_page_is_a_start_with_that_value),
		cmocka_unit_test(reads_change_nothing),
		cmocka_unit_test(config_and_reset_of_a_counter_leave_all_others_alone),
		cmocka_unit_test(what_is_saved_and_restored_goes_on_the_same),
		cmocka_unit_test(a_late_signal_changes_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
