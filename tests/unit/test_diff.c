/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart diff` makes of runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/diff/diff_flames.h"
#include "trace/diff/diff_table.h"

static const struct diff_rules usual = {.threshold = 10, .noise = 3, .hold = DIFF_HOLD_COUNT};

/* ---- a quantity ---- */

#define RUNS 5

/* Both sides have the same number of runs, and no scatter but what they show. */
static struct diff_values judge(const struct diff_rules *rules, const double before[],
				const double after[], size_t count)
{
	double numbers[2][RUNS];
	double *runs[2] = {numbers[0], numbers[1]};
	const size_t counts[2] = {count, count};
	const double floor[2] = {0, 0};

	memcpy(numbers[0], before, count * sizeof(double));
	memcpy(numbers[1], after, count * sizeof(double));
	return diff_judge(rules, runs, counts, floor);
}

static void a_change_of_the_threshold_is_none_and_one_above_is(void **state)
{
	(void)state;
	assert_int_equal(judge(&usual, (double[]){1000}, (double[]){1100}, 1).change, DIFF_SAME);
	assert_int_equal(judge(&usual, (double[]){1000}, (double[]){1101}, 1).change, DIFF_MORE);
	assert_int_equal(judge(&usual, (double[]){1000}, (double[]){900}, 1).change, DIFF_SAME);
	assert_int_equal(judge(&usual, (double[]){1000}, (double[]){899}, 1).change, DIFF_FEWER);
}

static void a_threshold_of_nothing_takes_any_change(void **state)
{
	const struct diff_rules any = {.threshold = 0, .noise = 3};

	(void)state;
	assert_int_equal(judge(&any, (double[]){1000}, (double[]){1001}, 1).change, DIFF_MORE);
	assert_int_equal(judge(&any, (double[]){1000}, (double[]){1000}, 1).change, DIFF_SAME);
}

static void what_runs_differ_by_themselves_is_no_change(void **state)
{
	const double before[] = {800, 900, 1000, 1100, 1200},
		     after[] = {950, 1050, 1150, 1250, 1350};
	const struct diff_rules none = {.threshold = 10, .noise = 0};

	(void)state;
	assert_int_equal(judge(&usual, before, after, 5).change, DIFF_SAME);
	assert_int_equal(judge(&none, before, after, 5).change, DIFF_MORE);
}

/* Median 1000, deviations 0 100 100 200 200: 100 * 1.4826 * 1.2533 / sqrt(5) a side. */
static void noise_is_so_many_standard_errors_of_the_medians(void **state)
{
	const double runs[] = {800, 900, 1000, 1100, 1200};
	const struct diff_values values = judge(&usual, runs, runs, 5);

	(void)state;
	assert_float_equal(values.noise, 3 * 83.0989 * 1.414214, 0.05);
}

static void one_odd_run_moves_nothing(void **state)
{
	const double before[] = {1000, 1001, 999}, after[] = {1000, 1001, 90000};
	const struct diff_values values = judge(&usual, before, after, 3);

	(void)state;
	assert_float_equal(values.middle[1], 1001, 0);
	assert_int_equal(values.change, DIFF_SAME);
}

static void what_no_run_had_is_new_and_what_none_has_is_gone(void **state)
{
	const double none[] = {0, 0, 0}, some[] = {50, 50, 50}, once[] = {0, 0, 7};

	(void)state;
	assert_int_equal(judge(&usual, none, some, 3).change, DIFF_NEW);
	assert_int_equal(judge(&usual, some, none, 3).change, DIFF_GONE);
	assert_int_equal(judge(&usual, once, some, 3).change, DIFF_MORE);
	assert_int_equal(judge(&usual, some, once, 3).change, DIFF_FEWER);
	assert_int_equal(judge(&usual, none, none, 3).change, DIFF_SAME);
}

static enum diff_change judge_with_floor(double before, double after, double floor)
{
	double *runs[2] = {&before, &after};

	return diff_judge(&usual, runs, (size_t[]){1, 1}, (double[]){floor, floor}).change;
}

static void runs_that_agree_by_chance_still_have_the_noise_of_the_floor(void **state)
{
	(void)state;
	assert_int_equal(judge_with_floor(100, 130, 10), DIFF_SAME);
	assert_int_equal(judge_with_floor(100, 130, 5), DIFF_MORE);
}

/* ---- rows ---- */

#define ROWS 4

static struct stat_row rows[2][RUNS][ROWS];
static struct stat_key keys[2][RUNS][ROWS];
static struct stat_file files[2][RUNS];
static struct diff_run runs_of[2][RUNS];
static struct diff diff;

static int setup(void **state)
{
	(void)state;
	memset(rows, 0, sizeof(rows));
	memset(keys, 0, sizeof(keys));
	memset(files, 0, sizeof(files));
	for (int side = 0; side < 2; side++)
		for (int run = 0; run < RUNS; run++) {
			files[side][run].rows = rows[side][run];
			files[side][run].keys = keys[side][run];
			files[side][run].facts.wall = 1000000000;
		}
	return 0;
}

static void diff_free_items(struct diff_run *run)
{
	free(run->all.items);
	free(run->keys.items);
}

/* What was made of FILES, whose rows are the fixture's. */
static void free_runs(void)
{
	for (int side = 0; side < 2; side++)
		for (int run = 0; run < RUNS; run++)
			diff_free_items(&runs_of[side][run]);
	memset(runs_of, 0, sizeof(runs_of));
}

static int teardown(void **state)
{
	(void)state;
	diff_free(&diff);
	free_runs();
	return 0;
}

/* COUNT exits of NS each. */
static void add(int side, int run, const char *reason, const char *sub, uint64_t count, uint64_t ns)
{
	struct stat_row *row = &rows[side][run][files[side][run].count++];

	snprintf(row->reason, sizeof(row->reason), "%s", reason);
	snprintf(row->sub, sizeof(row->sub), "%s", sub);
	row->vcpu = files[side][run].count;
	row->times.count = count;
	row->times.ns = count * ns;
	row->times.buckets[exit_bucket(ns)] = (uint32_t)count;
}

static void add_to_all(int runs, const char *sub, uint64_t before, uint64_t ns_before,
		       uint64_t after, uint64_t ns_after)
{
	for (int run = 0; run < runs; run++) {
		if (before)
			add(0, run, "sbi", sub, before, ns_before);
		if (after)
			add(1, run, "sbi", sub, after, ns_after);
	}
}

static void compare_of(const struct diff_rules *rules, size_t runs, enum diff_of of)
{
	free_runs();
	for (int side = 0; side < 2; side++)
		for (size_t run = 0; run < runs; run++) {
			runs_of[side][run].counts = files[side][run];
			assert_true(diff_run_of_counts(&runs_of[side][run]));
		}
	assert_true(diff_compare(&diff, rules,
				 (struct diff_side[]){{runs_of[0], runs}, {runs_of[1], runs}}, of));
}

static void compare(const struct diff_rules *rules, size_t runs)
{
	compare_of(rules, runs, DIFF_OF_ALL);
}

static void vcpus_are_one_row_unless_they_are_asked_for(void **state)
{
	struct diff_rules rules = usual;

	(void)state;
	add_to_all(1, "a", 100, 10, 100, 10);
	add_to_all(1, "a", 100, 10, 300, 10);
	compare(&rules, 1);
	assert_int_equal(diff.count, 1);
	assert_float_equal(diff.rows[0].count.middle[0], 200, 0);
	assert_float_equal(diff.rows[0].count.middle[1], 400, 0);
	assert_int_equal(diff.rows[0].vcpu, -1);
	diff_free(&diff);
	rules.by = DIFF_BY_VCPU;
	compare(&rules, 1);
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.rows[0].vcpu, 2);
	assert_true(diff.rows[0].regressed && !diff.rows[1].regressed);
}

static void rows_are_in_the_order_of_what_they_cost(void **state)
{
	(void)state;
	add_to_all(1, "many", 1000, 1, 2000, 1);
	add_to_all(1, "dear", 100, 1000, 150, 1000);
	add_to_all(1, "saved", 100, 5000, 50, 5000);
	compare(&usual, 1);
	assert_string_equal(diff.rows[0].sub, "saved");
	assert_float_equal(diff.rows[0].cost, -250000, 0);
	assert_string_equal(diff.rows[1].sub, "dear");
	assert_string_equal(diff.rows[2].sub, "many");
	assert_float_equal(diff.rows[2].cost, 1000, 0);
}

static void more_and_new_are_regressions_fewer_and_gone_are_none(void **state)
{
	(void)state;
	add_to_all(1, "more", 100, 10, 300, 10);
	add_to_all(1, "new", 0, 0, 300, 10);
	add_to_all(1, "fewer", 900, 10, 300, 10);
	add_to_all(1, "gone", 300, 10, 0, 0);
	compare(&usual, 1);
	assert_int_equal(diff.regressed, 2);
	for (size_t i = 0; i < diff.count; i++)
		assert_int_equal(diff.rows[i].regressed, !strcmp(diff.rows[i].sub, "more") ||
								 !strcmp(diff.rows[i].sub, "new"));
	assert_false(diff.total.regressed);
}

static void many_rows_that_grow_a_little_make_the_total_grow(void **state)
{
	const struct diff_rules rules = {.threshold = 5, .noise = 3, .hold = DIFF_HOLD_COUNT};

	(void)state;
	add_to_all(1, "a", 1000, 10, 1070, 10);
	add_to_all(1, "b", 1000, 10, 1070, 10);
	add_to_all(1, "c", 1000, 10, 1070, 10);
	add_to_all(1, "d", 9000, 10, 9900, 10);
	compare(&rules, 1);
	assert_int_equal(diff.total.count.change, DIFF_MORE);
	assert_true(diff.total.regressed);
	assert_int_equal(diff.regressed, 2);
}

static void the_hosts_interrupts_are_shown_and_no_regression(void **state)
{
	(void)state;
	add(0, 0, "irq", "s_timer", 1000, 10);
	add(1, 0, "irq", "s_timer", 9000, 10);
	compare(&usual, 1);
	assert_int_equal(diff.rows[0].count.change, DIFF_MORE);
	assert_false(diff.rows[0].regressed);
	assert_float_equal(diff.total.count.middle[1], 0, 0);
	assert_int_equal(diff.regressed, 0);
}

static void the_time_of_an_exit_is_judged_from_three_runs_on_and_held_where_asked(void **state)
{
	struct diff_rules rules = usual;

	(void)state;
	add_to_all(3, "a", 100, 1000, 100, 2000);
	compare(&rules, 2);
	assert_int_equal(diff.rows[0].each.change, DIFF_UNKNOWN);
	diff_free(&diff);
	compare(&rules, 3);
	assert_int_equal(diff.rows[0].each.change, DIFF_MORE);
	assert_int_equal(diff.regressed, 0);
	diff_free(&diff);
	rules.hold = DIFF_HOLD_TIME;
	compare(&rules, 3);
	assert_true(diff.rows[0].regressed);
}

static void a_run_of_twice_the_time_has_the_same_exits_a_second(void **state)
{
	struct diff_rules rules = usual;

	(void)state;
	files[1][0].facts.wall = 2000000000;
	add_to_all(1, "a", 1000, 10, 2000, 10);
	compare(&rules, 1);
	assert_int_equal(diff.rows[0].count.change, DIFF_MORE);
	diff_free(&diff);
	rules.per = DIFF_PER_SECOND;
	compare(&rules, 1);
	assert_int_equal(diff.rows[0].count.change, DIFF_SAME);
	assert_float_equal(diff.rows[0].count.middle[1], 1000, 0);
	assert_float_equal(diff.rows[0].cost, 0, 0);
}

static void runs_of_nothing_can_be_compared(void **state)
{
	struct diff_rules rules = {.threshold = 0, .noise = 0, .per = DIFF_PER_SECOND};

	(void)state;
	files[0][0].facts.wall = 0;
	compare(&rules, 1);
	assert_int_equal(diff.count, 0);
	assert_int_equal(diff.total.count.change, DIFF_SAME);
}

/* ---- what exits are told apart by ---- */

/* COUNT exits of 10 ns each at VALUE. */
static void add_key(int side, int run, const char *reason, uint64_t value, const char *name,
		    uint64_t count)
{
	struct stat_key *key = &keys[side][run][files[side][run].keys_count++];

	snprintf(key->row.reason, sizeof(key->row.reason), "%s", reason);
	snprintf(key->name, sizeof(key->name), "%s", name);
	key->value = value;
	key->row.vcpu = value % 2;
	key->row.times.count = count;
	key->row.times.ns = count * 10;
	key->row.times.buckets[exit_bucket(10)] = (uint32_t)count;
}

static void told_apart_by(const char *what)
{
	for (int side = 0; side < 2; side++)
		for (int run = 0; run < RUNS; run++)
			snprintf(files[side][run].facts.keys, sizeof(files[side][run].facts.keys),
				 "%s", what);
}

static const struct diff_row *row_at(const char *reason, const char *at)
{
	for (size_t i = 0; i < diff.count; i++)
		if (!strcmp(diff.rows[i].reason, reason) && !strcmp(diff.rows[i].at, at))
			return &diff.rows[i];
	fail_msg("no row %s %s", reason, at);
	return NULL;
}

static void a_register_that_is_used_more_is_named_and_its_neighbour_is_not(void **state)
{
	(void)state;
	told_apart_by("mmio");
	for (int side = 0; side < 2; side++) {
		add_key(side, 0, "load", 0x10000005, "uart+0x5 (LSR)", side ? 900 : 300);
		add_key(side, 0, "store", 0x10000005, "uart+0x5 (LSR)", 300);
		add_key(side, 0, "store", 0x10000000, "uart+0x0 (RBR/THR)", 300);
	}
	add_key(1, 0, "store", 0xdead, "", 50);
	compare_of(&usual, 1, DIFF_OF_KEYS);
	assert_int_equal(diff.count, 4);
	assert_int_equal(row_at("load", "uart+0x5 (LSR)")->count.change, DIFF_MORE);
	assert_true(row_at("load", "uart+0x5 (LSR)")->regressed);
	assert_int_equal(row_at("store", "uart+0x5 (LSR)")->count.change, DIFF_SAME);
	assert_int_equal(row_at("store", "uart+0x0 (RBR/THR)")->count.change, DIFF_SAME);
	assert_int_equal(row_at("store", "0xdead")->count.change, DIFF_NEW);
	/* Their total is the other table's. */
	assert_int_equal(diff.regressed, 2);
}

/* Another kernel has its functions somewhere else, and processes are somewhere else each time. */
static void pcs_are_the_same_by_their_function(void **state)
{
	(void)state;
	told_apart_by("pc");
	add_key(0, 0, "sbi", 0xffffffff80000010, "memset+0x10", 100);
	add_key(0, 0, "sbi", 0xffffffff80000014, "memset+0x14", 100);
	add_key(0, 0, "sbi", 0x3f00000000, "", 100);
	add_key(1, 0, "sbi", 0xffffffff90000018, "memset+0x18", 200);
	add_key(1, 0, "sbi", 0x3fa0000000, "", 100);
	add_key(1, 0, "sbi", 0xffffffffa0000018, "", 100);
	compare_of(&usual, 1, DIFF_OF_KEYS);
	assert_int_equal(diff.count, 3);
	assert_int_equal(row_at("sbi", "memset")->count.change, DIFF_SAME);
	assert_float_equal(row_at("sbi", "memset")->count.middle[0], 200, 0);
	assert_int_equal(row_at("sbi", "[user]")->count.change, DIFF_SAME);
	assert_int_equal(row_at("sbi", "0xffffffffa0000018")->count.change, DIFF_NEW);
}

/* A bare-metal guest is where Linux has its processes. */
static void without_a_kernel_at_the_top_low_pcs_are_their_numbers(void **state)
{
	(void)state;
	told_apart_by("pc");
	add_key(0, 0, "sbi", 0x80000010, "", 100);
	add_key(1, 0, "sbi", 0x80000010, "", 100);
	compare_of(&usual, 1, DIFF_OF_KEYS);
	assert_int_equal(diff.count, 1);
	assert_int_equal(row_at("sbi", "0x80000010")->count.change, DIFF_SAME);
}

static void vcpus_of_keys_are_told_apart_where_that_is_asked_for(void **state)
{
	struct diff_rules rules = usual;

	(void)state;
	rules.by = DIFF_BY_VCPU;
	told_apart_by("pc");
	for (int side = 0; side < 2; side++) {
		add_key(side, 0, "sbi", 0xffffffff80000010, "memset+0x10", side ? 500 : 100);
		add_key(side, 0, "sbi", 0xffffffff80000011, "memset+0x11", 100);
	}
	compare_of(&rules, 1, DIFF_OF_KEYS);
	assert_int_equal(diff.count, 2);
	assert_int_equal(diff.rows[0].vcpu, 0);
	assert_true(diff.rows[0].regressed && !diff.rows[1].regressed);
}

static void the_hosts_interrupts_are_no_regression_wherever_they_come(void **state)
{
	(void)state;
	told_apart_by("pc");
	add_key(0, 0, "irq", 0xffffffff80000010, "memset+0x10", 100);
	add_key(1, 0, "irq", 0xffffffff80000010, "memset+0x10", 900);
	compare_of(&usual, 1, DIFF_OF_KEYS);
	assert_int_equal(diff.rows[0].count.change, DIFF_MORE);
	assert_int_equal(diff.regressed, 0);
}

/* One file with none, or others, and they are not compared. */
static void keys_are_compared_where_all_runs_have_the_same(void **state)
{
	const struct diff_side sides[2] = {{runs_of[0], 2}, {runs_of[1], 2}};

	(void)state;
	compare(&usual, 2);
	assert_false(diff_has_keys(sides));
	diff_free(&diff);
	told_apart_by("mmio");
	compare(&usual, 2);
	assert_true(diff_has_keys(sides));
	assert_string_equal(runs_of[0][0].facts[5].text, "mmio");
	diff_free(&diff);
	strcpy(files[1][1].facts.keys, "pc");
	compare(&usual, 2);
	assert_false(diff_has_keys(sides));
	diff_free(&diff);
	files[1][1].facts.keys[0] = 0;
	compare(&usual, 2);
	assert_false(diff_has_keys(sides));
	assert_string_equal(runs_of[1][1].facts[5].text, "their kind alone");
}

/* ---- recordings ---- */

/* COUNT samples, or exits of 10 ns each, in a function that another one calls. */
static void add_stack(struct report *report, const char *function, int32_t vcpu, uint64_t count)
{
	const struct profile_frame frames[] = {{"exit:irq s_timer", 0, PROFILE_EXIT},
					       {function, 0, PROFILE_GUEST_KERNEL},
					       {"caller", 0, PROFILE_GUEST_KERNEL}};
	const struct profile_labels labels = {.vm = "web1", .vcpu = vcpu};
	const size_t skipped = report->exits ? 0 : 1;

	assert_int_equal(profile_add(report->profile, frames + skipped, 3 - skipped, &labels,
				     (struct profile_values){count, count * 10}),
			 0);
}

static void begin_recording(struct diff_run *run, bool exits, const char *kernel)
{
	run->report = calloc(1, sizeof(*run->report));
	assert_non_null(run->report);
	run->report->exits = exits;
	run->report->profile = profile_new(1 << 20);
	run->report->header.start = 1;
	run->report->until = 2000000001;
	snprintf(run->report->header.kernel, sizeof(run->report->header.kernel), "%s", kernel);
}

/* What function has a samples before and b after, of both vCPUs. */
static void compare_recordings(struct diff_run runs[2], const struct diff_rules *rules, bool exits)
{
	static const uint64_t before[] = {1000, 900, 500, 0}, after[] = {1010, 300, 1500, 400};
	static const char *const functions[] = {"same", "fewer", "more", "irq"};

	for (int side = 0; side < 2; side++) {
		begin_recording(&runs[side], exits, side ? "new" : "old");
		for (size_t i = 0; i < 4; i++)
			for (int32_t vcpu = 0; vcpu < 2; vcpu++)
				add_stack(runs[side].report, functions[i], vcpu,
					  (side ? after[i] : before[i]) / 2);
		assert_true(diff_run_of_recording(&runs[side]));
	}
	assert_true(diff_compare(&diff, rules, (struct diff_side[]){{&runs[0], 1}, {&runs[1], 1}},
				 DIFF_OF_ALL));
}

static void functions_of_samples_are_more_and_fewer(void **state)
{
	struct diff_run runs[2] = {{.report = NULL}, {.report = NULL}};

	(void)state;
	compare_recordings(runs, &usual, false);
	assert_int_equal(runs[0].kind, DIFF_SAMPLES);
	assert_int_equal(diff.count, 4);
	assert_string_equal(diff.rows[0].reason, "more");
	assert_float_equal(diff.rows[0].cost, 1000, 0);
	assert_true(diff.rows[0].regressed);
	assert_string_equal(diff.rows[1].reason, "fewer");
	assert_int_equal(diff.rows[1].count.change, DIFF_FEWER);
	/* A function of that name is no interrupt of the host's. */
	assert_string_equal(diff.rows[2].reason, "irq");
	assert_int_equal(diff.rows[2].count.change, DIFF_NEW);
	assert_true(diff.rows[2].regressed);
	assert_int_equal(diff.rows[3].count.change, DIFF_SAME);
	assert_string_equal(diff.total.reason, "total");
	assert_float_equal(diff.total.count.middle[1], 3210, 0);
	/* What the exit of a sample took is nobody's time. */
	assert_float_equal(diff.rows[0].each.middle[1], 0, 0);
	diff_run_free(&runs[0]);
	diff_run_free(&runs[1]);
}

/* The leaf of such a stack is the exit. */
static void functions_of_exits_have_their_times(void **state)
{
	struct diff_run runs[2] = {{.report = NULL}, {.report = NULL}};
	struct diff_rules rules = usual;

	(void)state;
	rules.per = DIFF_PER_SECOND;
	rules.by = DIFF_BY_VCPU;
	compare_recordings(runs, &rules, true);
	assert_int_equal(runs[0].kind, DIFF_EXITS);
	assert_int_equal(diff.count, 8);
	assert_string_equal(diff.rows[0].reason, "more");
	assert_int_equal(diff.rows[0].vcpu, 0);
	assert_float_equal(diff.rows[0].count.middle[1], 375, 0);
	assert_float_equal(diff.rows[0].each.middle[0], 10, 0);
	assert_float_equal(diff.rows[0].cost, 2500, 0);
	assert_string_equal(runs[0].facts[0].text, "old");
	assert_string_equal(runs[1].facts[0].text, "new");
	diff_run_free(&runs[0]);
	diff_run_free(&runs[1]);
}

/* TEXT has the frame WORDS, with that beside it. */
static void expect_frame(const char *text, const char *words)
{
	char frame[256];

	snprintf(frame, sizeof(frame), "<title>%s)</title>", words);
	if (!strstr(text, frame))
		fail_msg("no %s in %s", frame, text);
}

static void a_flame_graph_of_both_says_what_changed(void **state)
{
	struct diff_run runs[2] = {{.report = NULL}, {.report = NULL}};
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	compare_recordings(runs, &usual, false);
	assert_int_equal(
		diff_flames(&usual, (struct diff_side[]){{&runs[0], 1}, {&runs[1], 1}}, to), 0);
	fclose(to);
	expect_frame(text, "same (before 1000 samples, after 1010");
	expect_frame(text, "-67% fewer (before 900 samples, after 300");
	expect_frame(text, "+200% more (before 500 samples, after 1500");
	expect_frame(text, "new irq (before 0 samples, after 400");
	/* As wide as both together: 300 and 900 of 2400 and 3210, each a thousand. */
	assert_non_null(strstr(text, "data-w=\"1200000\""));
	assert_non_null(
		strstr(text, "before: 2,400 samples in 1 run, after: 3,210 in 1 run; per run"));
	free(text);
	diff_run_free(&runs[0]);
	diff_run_free(&runs[1]);
}

/* ---- what is shown ---- */

static void names_of_a_file_are_made_printable(void **state)
{
	char *text = NULL;
	size_t size;
	const struct diff_side sides[2] = {{runs_of[0], 1}, {runs_of[1], 1}};

	(void)state;
	add_to_all(1, "\x1b[2J", 100, 1000, 300, 2000);
	compare(&usual, 1);
	for (int json = 0; json < 2; json++) {
		FILE *out = open_memstream(&text, &size);

		assert_true(diff_print(out, &diff, NULL, &usual, sides, json));
		fclose(out);
		assert_null(strchr(text, '\x1b'));
		assert_non_null(strstr(text, json ? "\\u001b[2J" : "\\x1b[2J"));
		assert_non_null(strstr(text, json ? "\"regressed\":true" : "more !\n"));
		free(text);
	}
}

static void a_limit_leaves_rows_out_and_says_so(void **state)
{
	struct diff_rules rules = usual;
	char *text = NULL;
	size_t size;
	const struct diff_side sides[2] = {{runs_of[0], 1}, {runs_of[1], 1}};

	(void)state;
	rules.limit = 1;
	add_to_all(1, "dear", 100, 1000, 300, 2000);
	add_to_all(1, "cheap", 100, 10, 300, 10);
	compare(&rules, 1);
	for (int json = 0; json < 2; json++) {
		FILE *out = open_memstream(&text, &size);

		assert_true(diff_print(out, &diff, NULL, &rules, sides, json));
		fclose(out);
		assert_non_null(strstr(text, "dear"));
		assert_null(strstr(text, "cheap"));
		assert_non_null(strstr(text, json ? "\"type\":\"total\""
						  : "\n1 more row\n\n! 3 regressed\n"));
		free(text);
	}
}

/* What is shown of KEYS beside exits of which nothing changed. */
static char *print_keys(const struct diff_rules *rules, bool json)
{
	struct diff all;
	char *text = NULL;
	size_t size;
	const struct diff_side sides[2] = {{runs_of[0], 1}, {runs_of[1], 1}};
	FILE *out = open_memstream(&text, &size);

	compare_of(rules, 1, DIFF_OF_KEYS);
	assert_true(diff_compare(&all, rules, sides, DIFF_OF_ALL));
	assert_true(diff_print(out, &all, &diff, rules, sides, json));
	fclose(out);
	diff_free(&all);
	diff_free(&diff);
	return text;
}

static void of_keys_the_table_has_what_changed_and_json_has_all(void **state)
{
	struct diff_rules rules = usual;
	char *text;

	(void)state;
	told_apart_by("csr");
	for (int side = 0; side < 2; side++) {
		add_key(side, 0, "csr", 0xc00, "cycle", side ? 900 : 300);
		add_key(side, 0, "csr", 0xc01, "time", side ? 30 : 300);
		add_key(side, 0, "csr", 0xc02, "instret", 300);
	}
	text = print_keys(&rules, false);
	assert_non_null(strstr(text, "\nEXITS BY CSR "));
	assert_non_null(strstr(text, "\ncsr cycle "));
	assert_non_null(strstr(text, "\ncsr time "));
	assert_null(strstr(text, "instret"));
	assert_non_null(strstr(text, "\n1 row did not change\n\n! 1 regressed\n"));
	free(text);
	text = print_keys(&rules, true);
	assert_non_null(strstr(text, "\"regressed\":1,\"keys\":\"csr\"}"));
	assert_non_null(strstr(text, "{\"type\":\"key\",\"reason\":\"csr\",\"sub\":\"\",\"at\":"
				     "\"instret\",\"count\":{\"before\":300.000,"));
	free(text);
	rules.limit = 1;
	text = print_keys(&rules, false);
	assert_non_null(strstr(text, "\ncsr cycle "));
	assert_null(strstr(text, "csr time"));
	assert_non_null(strstr(text, "\n1 more row\n1 row did not change\n"));
	free(text);
	rules.threshold = 1000;
	text = print_keys(&rules, false);
	assert_non_null(strstr(text, "\n\nEXITS BY CSR\n3 rows did not change\n"));
	free(text);
}

static void names_of_keys_are_made_printable(void **state)
{
	(void)state;
	told_apart_by("\x1b[2J");
	add_key(1, 0, "sbi", 1, "\x1b[2J", 100);
	for (int json = 0; json < 2; json++) {
		char *text = print_keys(&usual, json);

		assert_null(strchr(text, '\x1b'));
		assert_non_null(strstr(text, json ? "\"at\":\"\\u001b[2J\"" : "sbi \\x1b[2J"));
		free(text);
	}
}

static void an_output_that_is_full_is_said(void **state)
{
	FILE *full = fopen("/dev/full", "we");
	const struct diff_side sides[2] = {{runs_of[0], 1}, {runs_of[1], 1}};

	(void)state;
	assert_non_null(full);
	compare(&usual, 1);
	assert_false(diff_print(full, &diff, NULL, &usual, sides, false));
	fclose(full);
}

#define OF_ROWS(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_of_the_threshold_is_none_and_one_above_is),
		cmocka_unit_test(a_threshold_of_nothing_takes_any_change),
		cmocka_unit_test(what_runs_differ_by_themselves_is_no_change),
		cmocka_unit_test(noise_is_so_many_standard_errors_of_the_medians),
		cmocka_unit_test(one_odd_run_moves_nothing),
		cmocka_unit_test(what_no_run_had_is_new_and_what_none_has_is_gone),
		cmocka_unit_test(runs_that_agree_by_chance_still_have_the_noise_of_the_floor),
		OF_ROWS(vcpus_are_one_row_unless_they_are_asked_for),
		OF_ROWS(rows_are_in_the_order_of_what_they_cost),
		OF_ROWS(more_and_new_are_regressions_fewer_and_gone_are_none),
		OF_ROWS(many_rows_that_grow_a_little_make_the_total_grow),
		OF_ROWS(the_hosts_interrupts_are_shown_and_no_regression),
		OF_ROWS(the_time_of_an_exit_is_judged_from_three_runs_on_and_held_where_asked),
		OF_ROWS(a_run_of_twice_the_time_has_the_same_exits_a_second),
		OF_ROWS(runs_of_nothing_can_be_compared),
		OF_ROWS(a_register_that_is_used_more_is_named_and_its_neighbour_is_not),
		OF_ROWS(pcs_are_the_same_by_their_function),
		OF_ROWS(without_a_kernel_at_the_top_low_pcs_are_their_numbers),
		OF_ROWS(vcpus_of_keys_are_told_apart_where_that_is_asked_for),
		OF_ROWS(the_hosts_interrupts_are_no_regression_wherever_they_come),
		OF_ROWS(keys_are_compared_where_all_runs_have_the_same),
		OF_ROWS(functions_of_samples_are_more_and_fewer),
		OF_ROWS(functions_of_exits_have_their_times),
		OF_ROWS(a_flame_graph_of_both_says_what_changed),
		OF_ROWS(names_of_a_file_are_made_printable),
		OF_ROWS(a_limit_leaves_rows_out_and_says_so),
		OF_ROWS(of_keys_the_table_has_what_changed_and_json_has_all),
		OF_ROWS(names_of_keys_are_made_printable),
		OF_ROWS(an_output_that_is_full_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
