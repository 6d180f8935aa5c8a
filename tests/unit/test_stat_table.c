/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart stat` makes of counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/riscv.h"
#include "tests/unit/fixtures/printable_text.h"
#include "trace/exits/exit_fold.h"
#include "trace/stat/stat_table.h"

#define VCPUS 5

static struct exit_vcpu vcpus[2][VCPUS];
static struct exit_times times[2][VCPUS * EXIT_TIMES];
static char *printed;
static size_t printed_size;
static const char *name = "web1";

static int setup(void **state)
{
	(void)state;
	memset(vcpus, 0, sizeof(vcpus));
	memset(times, 0, sizeof(times));
	name = "web1";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

static void add(struct exit_times *to, uint64_t ns)
{
	if (!to->count || ns < to->min)
		to->min = ns;
	if (!to->count || ns > to->max)
		to->max = ns;
	to->count++;
	to->ns += ns;
	to->buckets[exit_bucket(ns)]++;
}

/* ---- percentiles ---- */

static void of_equal_durations_all_percentiles_are_it(void **state)
{
	static const uint64_t durations[] = {0, 1, 3, 4, 5, 999, 1000000, 1ull << 40, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		struct exit_times all = {0};

		for (int n = 0; n < 7; n++)
			add(&all, durations[i]);
		for (double share = 0; share <= 1; share += 0.05)
			assert_true(stat_percentile(&all, share) == durations[i]);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Beside the sorted durations: at most a bucket's quarter off, and between min and max. */
static void percentiles_are_near_the_true_ones(void **state)
{
	enum { COUNT = 2000 };
	static uint64_t sorted[COUNT];
	uint64_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		struct exit_times all = {0};

		for (unsigned int i = 0; i < COUNT; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			sorted[i] = (seed >> 33) >> (seed >> 20 & 15);
			add(&all, sorted[i]);
		}
		qsort(sorted, COUNT, sizeof(sorted[0]), compare);
		for (double share = 0.1; share < 1; share += 0.1) {
			double rank = share * COUNT;
			uint64_t truth = sorted[(size_t)(rank + 0.5) - 1];
			uint64_t got = stat_percentile(&all, share);
			uint64_t off = got > truth ? got - truth : truth - got;

			assert_true(off <= truth / 4 + 1);
			assert_true(got >= all.min && got <= all.max);
		}
		assert_true(stat_percentile(&all, 1) == all.max);
	}
}

static void no_exit_has_no_percentile(void **state)
{
	struct exit_times none = {0};

	(void)state;
	assert_true(stat_percentile(&none, 0.5) == 0);
}

/* ---- differences ---- */

static struct stat_sample sample(unsigned int which, uint32_t count)
{
	return (struct stat_sample){.when = 1000000000ull * (which + 1),
				    .vcpu_count = count,
				    .vcpus = vcpus[which],
				    .times = times[which]};
}

static void a_difference_is_what_came_in_between(void **state)
{
	uint32_t row = exit_row(CAUSE_VIRTUAL_SUPERVISOR_ECALL, 0, 0, SBI_EID_TIME, 0);
	struct stat_sample before = sample(0, 1), after = sample(1, 2);

	(void)state;
	for (int i = 0; i < 5; i++)
		add(&times[0][row], 100);
	vcpus[0][0] = (struct exit_vcpu){.first = 1, .exits = 5, .timed = 2, .own_ns = 60};
	vcpus[0][0].ns[VCPU_GUEST] = 700;
	times[1][row] = times[0][row];
	vcpus[1][0] = vcpus[0][0];
	vcpus[1][0].exits = 8;
	vcpus[1][0].timed = 3;
	vcpus[1][0].own_ns = 100;
	vcpus[1][0].ns[VCPU_GUEST] = 1000;
	for (int i = 0; i < 3; i++)
		add(&times[1][row], 5000);
	/* Seen only since. */
	vcpus[1][1] = (struct exit_vcpu){.first = 1, .exits = 4};
	for (int i = 0; i < 4; i++)
		add(&times[1][EXIT_TIMES + row], 9);
	stat_difference(&after, &before);
	assert_int_equal(after.vcpus[0].exits, 3);
	assert_int_equal(after.vcpus[0].timed, 1);
	assert_int_equal(after.vcpus[0].own_ns, 40);
	assert_int_equal(after.vcpus[0].ns[VCPU_GUEST], 300);
	assert_int_equal(after.times[row].count, 3);
	assert_int_equal(after.times[row].ns, 15000);
	assert_int_equal(after.times[row].buckets[exit_bucket(100)], 0);
	assert_int_equal(after.times[row].buckets[exit_bucket(5000)], 3);
	assert_int_equal(after.vcpus[1].exits, 4);
	assert_int_equal(after.times[EXIT_TIMES + row].count, 4);
}

/* Before it was known that the vCPU halts, KVM looked for 300 ns whether that ends soon. */
static void a_halt_that_is_known_late_makes_no_other_state_negative(void **state)
{
	struct stat_sample before = sample(0, 1), after = sample(1, 1);

	(void)state;
	vcpus[0][0] = (struct exit_vcpu){.first = 1};
	vcpus[0][0].ns[VCPU_GUEST] = 500;
	vcpus[0][0].ns[VCPU_KERNEL] = 400;
	vcpus[0][0].ns[VCPU_HALTED] = 100;
	vcpus[1][0] = vcpus[0][0];
	vcpus[1][0].ns[VCPU_GUEST] += 200;
	vcpus[1][0].ns[VCPU_KERNEL] += 50 - 300;
	vcpus[1][0].ns[VCPU_HALTED] += 750 + 300;
	stat_difference(&after, &before);
	assert_int_equal(after.vcpus[0].ns[VCPU_GUEST], 200);
	assert_int_equal(after.vcpus[0].ns[VCPU_KERNEL], 0);
	assert_int_equal(after.vcpus[0].ns[VCPU_HALTED], 800);
	/* The other way round, and more than there is. */
	after = sample(1, 1);
	vcpus[1][0] = vcpus[0][0];
	vcpus[1][0].ns[VCPU_HALTED] -= 40;
	vcpus[1][0].ns[VCPU_BLOCKED] += 90;
	stat_difference(&after, &before);
	assert_int_equal(after.vcpus[0].ns[VCPU_HALTED], 0);
	assert_int_equal(after.vcpus[0].ns[VCPU_BLOCKED], 50);
	vcpus[1][0] = vcpus[0][0];
	vcpus[1][0].ns[VCPU_GUEST] -= 100;
	stat_difference(&after, &before);
	for (uint32_t i = 0; i < VCPU_STATES; i++)
		assert_int_equal(after.vcpus[0].ns[i], 0);
}

/* A hash gives its keys in any order. */
static void keys_are_found_wherever_they_are(void **state)
{
	struct stat_keyed before_keys[] = {{.name = {.value = 1}}, {.name = {.value = 2}}};
	struct stat_keyed after_keys[] = {
		{.name = {.value = 2}}, {.name = {.value = 3}}, {.name = {.value = 1}}};
	struct stat_sample before = {.keyed_count = 2, .keyed = before_keys};
	struct stat_sample after = {.keyed_count = 3, .keyed = after_keys};

	(void)state;
	before_keys[0].times.count = 10;
	before_keys[1].times.count = 20;
	after_keys[0].times.count = 25;
	after_keys[1].times.count = 7;
	after_keys[2].times.count = 10;
	stat_difference(&after, &before);
	assert_int_equal(after_keys[0].times.count, 5);
	assert_int_equal(after_keys[1].times.count, 7);
	assert_int_equal(after_keys[2].times.count, 0);
}

/* ---- what is printed ---- */

static const char *vm_name(void *opaque, uint32_t tgid)
{
	(void)opaque;
	(void)tgid;
	return name;
}

static void place(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size)
{
	(void)opaque;
	(void)tgid;
	(void)value;
	snprintf(out, size, "%s", name);
}

static void print_with(struct stat_view view)
{
	uint32_t timer = exit_row(CAUSE_VIRTUAL_SUPERVISOR_ECALL, 0, 0, SBI_EID_TIME, 0);
	struct stat_keyed keys[] = {{.name = {.value = 0x80200000, .row = timer}},
				    {.name = {.value = 0x80200004, .row = EXIT_WFI}}};
	struct stat_sample now = sample(0, 2);
	FILE *out = open_memstream(&printed, &printed_size);

	assert_non_null(out);
	for (uint32_t i = 0; i < 2; i++) {
		vcpus[0][i] = (struct exit_vcpu){.first = 1,
						 .tgid = 42,
						 .vcpu_id = i,
						 .exits = 100,
						 .timed = 2,
						 .own_ns = 900};
		vcpus[0][i].ns[VCPU_GUEST] = 900000;
		vcpus[0][i].ns[VCPU_KERNEL] = 100000;
		for (int n = 1; n <= 50; n++) {
			add(&times[0][i * EXIT_TIMES + timer], 1000);
			add(&times[0][i * EXIT_TIMES + EXIT_WFI], (uint64_t)n * 100);
		}
	}
	add(&keys[0].times, 1000);
	add(&keys[1].times, 2000);
	now.keyed = keys;
	now.keyed_count = 2;
	view.way = "BPF at tracepoints";
	view.vm_name = vm_name;
	view.place = place;
	assert_true(stat_print(out, &view, &now, 1000000));
	assert_int_equal(fclose(out), 0);
}

static const char *const hostile_names[] = {
	"web1",
	"",
	"\"",
	"\\",
	"a,b",
	"a\nb",
	"\r\n,\"",
	"\x01\x7F\x1B[2J",
	"\xFF\xC0\x80",
	"{\"type\":\"exit\"}",
	"%s%n",
	HOSTILE_NAME,
	("name that is quite a bit longer than any column is wide, "
	 "so that something must be done about it, and longer still"),
};
#define NAMES (sizeof(hostile_names) / sizeof(hostile_names[0]))

/* Every line is an object, of a type that is known, whatever VMs and functions are called. */
static void json_is_valid_with_any_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6 * NAMES; i++) {
		setup(NULL);
		name = hostile_names[i / 6];
		print_with((struct stat_view){.format = STAT_JSON, .by = (enum stat_by)(i % 6)});
		size_t lines = 0;
		for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
			struct json_tokener *parser = json_tokener_new_ex(8);
			json_object *object, *type;

			/* json-c 0.18 compares signed bytes there: it takes ü for a control
			 * character. */
			if (!strstr(line, "\xc3\xbc"))
				json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
			object = json_tokener_parse_ex(parser, line, (int)strlen(line) + 1);
			if (!object)
				fail_msg("%s: %s",
					 json_tokener_error_desc(json_tokener_get_error(parser)),
					 line);
			assert_true(json_object_object_get_ex(object, "type", &type));
			const char *word = json_object_get_string(type);
			assert_true(!strcmp(word, "stat") || !strcmp(word, "vcpu") ||
				    !strcmp(word, "exit"));
			json_object_put(object);
			json_tokener_free(parser);
			lines++;
		}
		assert_true(lines > 3);
		teardown(NULL);
	}
}

/* RFC 4180; how many fields the record at *TEXT has. */
static unsigned int csv_record(const char **text)
{
	const char *at = *text;
	unsigned int fields = 1;
	bool quoted = false;

	for (; *at && (quoted || *at != '\n'); at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == ',' && !quoted)
			fields++;
	}
	assert_false(quoted);
	*text = at + (*at == '\n');
	return fields;
}

static void print_asleep(enum stat_format format)
{
	const struct stat_view view = {
		.format = format, .way = "BPF at tracepoints", .vm_name = vm_name};
	struct stat_sample now = sample(0, 5);
	FILE *out = open_memstream(&printed, &printed_size);

	assert_non_null(out);
	now.when = 100000000000;
	for (uint32_t i = 0; i < 5; i++)
		vcpus[0][i] = (struct exit_vcpu){.first = 1, .tgid = 42, .vcpu_id = i};
	fold_vcpu_asleep(&vcpus[0][0], 0, 50, VCPU_HALTED, now.when - 8000000000ull, now.when);
	vcpus[0][0].pc = 0xffffffff80a1b2c4;
	fold_vcpu_asleep(&vcpus[0][1], 1, 51, VCPU_WAITING, now.when - 1000, now.when);
	vcpus[0][2].open = EXIT_ENDED;
	vcpus[0][2].state = VCPU_GONE;
	vcpus[0][2].row = exit_row(CAUSE_VIRTUAL_SUPERVISOR_ECALL, 0, 0, SBI_EID_SRST, 0);
	/* Since when is not known: since watching began. */
	fold_vcpu_asleep(&vcpus[0][3], 3, 53, VCPU_BLOCKED, 0, now.when - 2000);
	fold_vcpu_asleep(&vcpus[0][4], 4, 54, VCPU_BLOCKED, 0, now.when + 2000);
	assert_true(stat_print(out, &view, &now, 1000000));
	assert_int_equal(fclose(out), 0);
}

/* What slept when watching began: for how long, and where; and the exit that was the last. */
static void sleepers_are_shown(void **state)
{
	(void)state;
	print_asleep(STAT_TEXT);
	assert_non_null(strstr(printed, "0  halted 8.00s at 0xffffffff80a1b2c4\n"));
	assert_non_null(strstr(printed, "0  stopped by a signal 1.00us\n"));
	assert_non_null(strstr(printed, "0  sbi srst.system_reset (ended in it)\n"));
	assert_non_null(strstr(printed, "0  stopped 2.00us\n"));
	teardown(NULL);
	print_asleep(STAT_JSON);
	assert_non_null(strstr(printed, "\"state\":\"halted\",\"in\":\"halted\","
					"\"in_ns\":8000000000,\"pc\":\"0xffffffff80a1b2c4\"}\n"));
	/* Read after the moment that the others are of. */
	assert_non_null(strstr(printed, "\"in\":\"stopped\",\"in_ns\":0"));
	assert_non_null(strstr(printed, "\"state\":\"ended\",\"in\":\"sbi srst.system_reset\"}\n"));
	teardown(NULL);
	print_asleep(STAT_CSV);
	assert_non_null(strstr(printed, ",state,halted,,42,0,,,0,,,,,,,"));
}

static void csv_is_valid_with_any_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6 * NAMES; i++) {
		setup(NULL);
		name = hostile_names[i / 6];
		print_with((struct stat_view){.format = STAT_CSV, .by = (enum stat_by)(i % 6)});
		const char *at = printed;
		unsigned int fields = csv_record(&at), records = 0;
		while (*at) {
			assert_int_equal(csv_record(&at), fields);
			records++;
		}
		assert_true(records >= 1);
		teardown(NULL);
	}
}

/* No name orders the terminal about, in whatever form and view. */
static void what_is_printed_is_printable_with_any_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < 18 * NAMES; i++) {
		setup(NULL);
		name = hostile_names[i / 18];
		print_with((struct stat_view){.format = (enum stat_format)(i / 6 % 3),
					      .by = (enum stat_by)(i % 6)});
		assert_printable(printed);
		teardown(NULL);
	}
	setup(NULL);
	name = HOSTILE_NAME;
	print_with((struct stat_view){.by = BY_PC});
	assert_non_null(strstr(printed, "0x80200000 " HOSTILE_SHOWN));
}

/* Of all vCPUs in a table, of each for programs; where no run is seen there is nothing of them. */
static void how_long_the_guest_ran_is_told(void **state)
{
	(void)state;
	print_with((struct stat_view){.by = BY_REASON});
	assert_null(strstr(printed, "guest runs"));
	teardown(NULL);
	setup(NULL);
	for (int i = 0; i < 3; i++)
		add(&times[0][EXIT_RUNS], 1000);
	add(&times[0][EXIT_TIMES + EXIT_RUNS], 5000);
	print_with((struct stat_view){.by = BY_REASON});
	assert_non_null(strstr(printed,
			       "\nguest runs                               4       -       -"
			       "   8.00us   1.00us   2.00us   1.00us   5.00us   5.00us\n"));
	teardown(NULL);
	print_with((struct stat_view){.format = STAT_JSON});
	assert_non_null(strstr(printed, "\"runs\":3,\"run_min_ns\":1000,\"run_max_ns\":1000,"
					"\"run_p50_ns\":1000,\"run_p99_ns\":1000,"));
	assert_non_null(strstr(printed, "\"runs\":1,\"run_min_ns\":5000,"));
	teardown(NULL);
	print_with((struct stat_view){.format = STAT_CSV});
	assert_non_null(
		strstr(printed, ",state,guest,,42,0,3,,900000,,,1000,1000,1000,1000,web1\n"));
	assert_non_null(strstr(printed, ",state,kernel,,42,0,,,100000,,,,,,,web1\n"));
}

static void the_header_says_what_watching_costs(void **state)
{
	(void)state;
	print_with((struct stat_view){.lost = 3});
	/* 450 ns an exit; of 200 exits in 2 ms. */
	assert_non_null(strstr(printed, "lost 3  tracer 450ns/exit (4.5%)"));
}

static void lines_are_in_the_order_that_is_asked_for(void **state)
{
	(void)state;
	print_with((struct stat_view){.order = ORDER_MAX});
	assert_true(strstr(printed, "virtual_inst wfi") < strstr(printed, "sbi time.set_timer"));
	teardown(NULL);
	setup(NULL);
	name = "web1";
	print_with((struct stat_view){.by = BY_SBI});
	assert_null(strstr(printed, "wfi"));
	assert_non_null(strstr(printed, "sbi time.set_timer"));
}

static void durations_have_three_digits(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} all[] = {{0, "0ns"},
		   {7, "7ns"},
		   {999, "999ns"},
		   {1000, "1.00us"},
		   {12345, "12.3us"},
		   {123456, "123us"},
		   {1000000, "1.00ms"},
		   {50000000, "50.0ms"},
		   {1000000000, "1.00s"},
		   {3600000000000, "3600s"}};
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_string_equal(stat_duration(all[i].ns, text), all[i].text);
	stat_duration(UINT64_MAX, text);
	assert_true(strlen(text) < sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_equal_durations_all_percentiles_are_it),
		cmocka_unit_test(percentiles_are_near_the_true_ones),
		cmocka_unit_test(no_exit_has_no_percentile),
		cmocka_unit_test_setup_teardown(a_difference_is_what_came_in_between, setup,
						teardown),
		cmocka_unit_test(a_halt_that_is_known_late_makes_no_other_state_negative),
		cmocka_unit_test(keys_are_found_wherever_they_are),
		cmocka_unit_test_setup_teardown(json_is_valid_with_any_name, setup, teardown),
		cmocka_unit_test_setup_teardown(sleepers_are_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(csv_is_valid_with_any_name, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_printed_is_printable_with_any_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(how_long_the_guest_ran_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_header_says_what_watching_costs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lines_are_in_the_order_that_is_asked_for, setup,
						teardown),
		cmocka_unit_test(durations_have_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
