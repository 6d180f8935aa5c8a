/* SPDX-License-Identifier: Apache-2.0 */
/* Findings from their first interval to their end, and how they are told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/clock.h"
#include "base/memory_map.h"
#include "tests/unit/fixtures/counted_vm.h"
#include "trace/findings/findings_print.h"
#include "trace/names/sbi_names.h"

static const char *vm_name(void *opaque, uint32_t tgid)
{
	(void)opaque;
	(void)tgid;
	return "web\033[1";
}

static void function_at(void *opaque, uint32_t tgid, uint64_t pc, char *out, size_t size)
{
	(void)opaque;
	(void)tgid;
	(void)pc;
	snprintf(out, size, "spin\033+0x4");
}

static const struct findings_view view = {vm_name, function_at, NULL};

/* ---- the engine ---- */

static void looks_that_come_too_soon_are_passed_over(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 30; n++) {
		vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 90, 20);
		fixture->sample.when += NS_PER_S / 10;
		vm_fill(fixture, 0, VCPU_HALTED);
		vm_fill(fixture, 1, VCPU_HALTED);
		vm_look(fixture);
	}
	vm_has_only(fixture, "timer-storm");
	assert_true(vm_found(fixture, "timer-storm")->intervals == 3);
}

static void a_threshold_can_be_set(void **state)
{
	struct counted_vm *fixture = *state;

	fixture->options.thresholds[rule_find("timer-storm", strlen("timer-storm"))] = 51;
	vm_begin(fixture);
	for (int n = 0; n < 5; n++) {
		vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

/* It makes calls that nobody answers in its first piece of a second, and sets timers in two whole
 * ones. */
static void a_vcpu_that_comes_late_is_judged_by_numbers_first(void **state)
{
	struct counted_vm *fixture = *state;

	fixture->sample.vcpu_count = 1;
	fixture->vcpus[0].first = 0;
	vm_begin(fixture);
	fixture->sample.when += 5 * NS_PER_S;
	vm_look(fixture);
	fixture->vcpus[0].first = 1;
	vm_exits(fixture, EXIT_SBI + SBI_ROW_UNKNOWN, 100, 10);
	vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 400);
	fixture->sample.when += NS_PER_S;
	vm_look(fixture);
	for (int n = 0; n < 2; n++) {
		vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 900);
		fixture->vcpus[0].ns[VCPU_HALTED] += NS_PER_S / 10;
		fixture->sample.when += NS_PER_S;
		vm_look(fixture);
	}
	vm_has_only(fixture, "unanswered-calls");
}

static void what_is_left_at_the_end_is_judged_by_numbers(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 2; n++) {
		vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		vm_idle_second(fixture);
	}
	vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 150);
	vm_exits(fixture, EXIT_SBI + SBI_ROW_UNKNOWN, 100, 10);
	fixture->sample.when += NS_PER_S / 5;
	vm_fill(fixture, 0, VCPU_HALTED);
	vm_look(fixture);
	vm_has_only(fixture, NULL);
	assert_true(findings_end(fixture->findings, &fixture->sample));
	vm_has_only(fixture, "unanswered-calls");
}

static void an_interval_that_is_the_last_is_judged_once(void **state)
{
	struct counted_vm *fixture = *state;

	vm_exits(fixture, EXIT_SBI + SBI_ROW_UNKNOWN, 100, 10);
	vm_idle_second(fixture);
	assert_true(findings_end(fixture->findings, &fixture->sample));
	assert_int_equal(vm_found(fixture, "unanswered-calls")->intervals, 1);
}

static void the_same_again_is_one_finding(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 9; n++) {
		if (n != 4)
			vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		fixture->vcpus[0].pc = n % 3 ? 0x80001000 : 0x80002000;
		vm_idle_second(fixture);
	}
	const struct finding *finding = vm_found(fixture, "timer-storm");

	vm_has_only(fixture, "timer-storm");
	assert_int_equal(finding->intervals, 8);
	assert_int_equal(finding->count, 8 * 900);
	assert_true(finding->cost_ns == 4 * NS_PER_S && finding->whole == 8 * NS_PER_S);
	assert_true(finding->first == NS_PER_S && finding->last == 10 * NS_PER_S);
	assert_int_equal(finding->pc, 0x80001000);
}

/* ---- as they come ---- */

struct heard {
	int begun, over;
	struct finding last;
};

static void hear(void *opaque, const struct finding *finding, bool over)
{
	struct heard *heard = opaque;

	*(over ? &heard->over : &heard->begun) += 1;
	heard->last = *finding;
}

/* SECONDS in which timers take half of the time, or none. */
static void timers(struct counted_vm *fixture, struct heard *heard, int seconds, bool odd)
{
	for (int n = 0; n < seconds; n++) {
		if (odd)
			vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		vm_idle_second(fixture);
		findings_tell(fixture->findings, hear, heard, false);
	}
}

/* A vCPU with a past has a storm of exits, of which MS of each second are calls of TIME, and 700 in
 * all. */
static void storm_with_calls(struct counted_vm *fixture, uint64_t ms)
{
	for (int n = 0; n < 15; n++) {
		vm_exits(fixture, EXIT_OTHER, 20, 1);
		vm_idle_second(fixture);
	}
	for (int n = 0; n < 12; n++) {
		vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 800, ms);
		vm_exits(fixture, EXIT_OTHER, 800, 700 - ms);
		vm_idle_second(fixture);
	}
	assert_int_equal(findings_count(fixture->findings), 2);
}

static const char *name_at(struct counted_vm *fixture, size_t index)
{
	return rules[findings_at(fixture->findings, index)->rule].name;
}

static void a_cause_comes_before_what_names_none(void **state)
{
	struct counted_vm *fixture = *state;

	storm_with_calls(fixture, 500);
	assert_string_equal(name_at(fixture, 0), "timer-storm");
	assert_string_equal(name_at(fixture, 1), "exit-storm");
	assert_true(findings_at(fixture->findings, 0)->cost_ns <
		    findings_at(fixture->findings, 1)->cost_ns);
}

static void what_explains_little_of_it_comes_behind(void **state)
{
	struct counted_vm *fixture = *state;

	storm_with_calls(fixture, 200);
	assert_string_equal(name_at(fixture, 0), "exit-storm");
	assert_string_equal(name_at(fixture, 1), "timer-storm");
}

static void each_begins_once_and_is_over_once(void **state)
{
	struct counted_vm *fixture = *state;
	struct heard heard = {0};

	timers(fixture, &heard, 2, true);
	assert_true(heard.begun == 0 && heard.over == 0);
	timers(fixture, &heard, 30, true);
	assert_true(heard.begun == 1 && heard.over == 0);
	assert_int_equal(heard.last.intervals, 3);
	timers(fixture, &heard, 10, false);
	assert_true(heard.begun == 1 && heard.over == 1);
	assert_int_equal(heard.last.intervals, 32);
	assert_int_equal(findings_count(fixture->findings), 0);
	timers(fixture, &heard, 3, true);
	assert_true(heard.begun == 2 && heard.over == 1);
	assert_int_equal(heard.last.intervals, 3);
}

static void a_pause_of_seconds_is_no_end(void **state)
{
	struct counted_vm *fixture = *state;
	struct heard heard = {0};

	for (int n = 0; n < 5; n++) {
		timers(fixture, &heard, 4, true);
		timers(fixture, &heard, 4, false);
	}
	assert_true(heard.begun == 1 && heard.over == 0);
}

static void of_a_vcpu_that_is_gone_it_is_over(void **state)
{
	struct counted_vm *fixture = *state;
	struct heard heard = {0};

	timers(fixture, &heard, 5, true);
	fixture->vcpus[0].state = VCPU_GONE;
	for (int n = 0; n < 10; n++) {
		fixture->sample.when += NS_PER_S;
		vm_look(fixture);
		findings_tell(fixture->findings, hear, &heard, false);
	}
	assert_true(heard.begun == 1 && heard.over == 1);
}

/* Counts and numbers of vCPUs begin anew: what was vCPU 1 of the sample is 0 now. */
static void renew(struct counted_vm *fixture)
{
	memset(fixture->times, 0, sizeof(fixture->times));
	for (uint32_t i = 0; i < VM_VCPUS; i++)
		fixture->vcpus[i] = (struct exit_vcpu){.first = 1,
						       .tgid = VM_PID,
						       .vcpu_id = VM_VCPUS - 1 - i,
						       .state = VCPU_HALTED};
	assert_true(findings_renew(fixture->findings));
	vm_look(fixture);
}

static void what_is_so_goes_on_with_another_collector(void **state)
{
	struct counted_vm *fixture = *state;
	struct heard heard = {0};
	const uint64_t start = fixture->sample.when;

	fixture->sample.vcpu_count = VM_VCPUS;
	timers(fixture, &heard, 5, true);
	renew(fixture);
	for (int n = 0; n < 15; n++) {
		fixture->times[EXIT_TIMES + EXIT_SBI + SBI_ROW_TIME].count += 900;
		fixture->times[EXIT_TIMES + EXIT_SBI + SBI_ROW_TIME].ns += 500 * MS;
		fixture->vcpus[1].exits += 900;
		fixture->vcpus[1].ns[VCPU_KERNEL] += 500 * MS;
		fixture->vcpus[1].ns[VCPU_HALTED] += 500 * MS;
		fixture->vcpus[0].ns[VCPU_HALTED] += NS_PER_S;
		fixture->sample.when += NS_PER_S;
		vm_look(fixture);
		findings_tell(fixture->findings, hear, &heard, false);
	}
	assert_true(heard.begun == 1 && heard.over == 0);
	assert_int_equal(vm_found(fixture, "timer-storm")->vcpu_id, 0);
	assert_int_equal(vm_found(fixture, "timer-storm")->intervals, 20);
	assert_true(vm_found(fixture, "timer-storm")->first == start);
}

static void at_the_end_all_is_over(void **state)
{
	struct counted_vm *fixture = *state;
	struct heard heard = {0};

	timers(fixture, &heard, 5, true);
	findings_tell(fixture->findings, hear, &heard, true);
	assert_true(heard.begun == 1 && heard.over == 1);
}

/* ---- as text ---- */

static const char *printed(struct counted_vm *fixture,
			   void (*print)(FILE *, const struct findings_view *, struct findings *))
{
	FILE *out;

	free(fixture->text);
	fixture->text = NULL;
	out = open_memstream(&fixture->text, &fixture->len);
	assert_non_null(out);
	print(out, &view, fixture->findings);
	assert_int_equal(fclose(out), 0);
	return fixture->text;
}

static void all_at_once(struct counted_vm *fixture)
{
	for (int n = 0; n < 3; n++) {
		for (size_t i = 0; i < row_case_count; i++)
			vm_exits(fixture, row_cases[i].row, row_cases[i].count, 100);
		for (size_t i = 0; i < count_case_count; i++)
			vm_exits(fixture, count_cases[i].row, 2 * count_cases[i].count, 0);
		fixture->vcpus[0].pc = 0x80200000;
		fixture->sample.when += NS_PER_S;
		vm_idle_second(fixture);
	}
}

static void findings_are_told_with_the_way_out(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 3; n++) {
		vm_accesses(fixture, MAP_RTC + 0x10, 1000, 200);
		fixture->vcpus[0].pc = 0x80200000;
		vm_idle_second(fixture);
	}
	const char *text = printed(fixture, findings_print);

	assert_non_null(strstr(text,
			       "findings: 1\ndevice-register: web\\x1b[1 vCPU 0, 0.0 to 3.0 s, "
			       "20.0% of its time, 1000/s, 0x101010 rtc+0x10 (IRQ_ENABLED), "
			       "at 0x80200000 spin\\x1b+0x4\n"
			       "  up to 20 % of the time; odd from 20 on\n  why: "));
	assert_non_null(strstr(text, "\n  try: "));
}

static void none_is_said_where_it_was_asked(void **state)
{
	struct counted_vm *fixture = *state;

	vm_idle_second(fixture);
	assert_string_equal(printed(fixture, findings_print), "findings: none\n");
	assert_string_equal(printed(fixture, findings_print_short), "");
}

static void the_short_ones_are_five_lines(void **state)
{
	struct counted_vm *fixture = *state;
	size_t lines = 0;

	all_at_once(fixture);
	assert_true(findings_count(fixture->findings) > FINDINGS_LINES);
	for (const char *at = printed(fixture, findings_print_short); *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, FINDINGS_LINES);
	assert_non_null(strstr(fixture->text, "more findings"));
}

static void as_json_each_is_an_object(void **state)
{
	struct counted_vm *fixture = *state;
	size_t count = 0;

	all_at_once(fixture);
	printed(fixture, findings_print_json);
	for (char *line = strtok(fixture->text, "\n"); line; line = strtok(NULL, "\n")) {
		struct json_object *object = json_tokener_parse(line), *part;

		assert_non_null(object);
		assert_null(strstr(line, "\"cut\""));
		assert_true(json_object_object_get_ex(object, "type", &part));
		if (!count++) {
			assert_string_equal(json_object_get_string(part), "findings");
			assert_true(json_object_object_get_ex(object, "count", &part));
			assert_int_equal(json_object_get_int(part),
					 findings_count(fixture->findings));
		} else {
			assert_string_equal(json_object_get_string(part), "finding");
			assert_true(json_object_object_get_ex(object, "rule", &part));
			assert_true(rule_find(json_object_get_string(part),
					      strlen(json_object_get_string(part))) < rule_count);
			assert_true(json_object_object_get_ex(object, "of_ns", &part));
			assert_true(json_object_get_int64(part) == (int64_t)(3 * 2 * NS_PER_S));
		}
		json_object_put(object);
	}
	assert_int_equal(count, 1 + findings_count(fixture->findings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(looks_that_come_too_soon_are_passed_over, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_threshold_can_be_set, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_vcpu_that_comes_late_is_judged_by_numbers_first,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(what_is_left_at_the_end_is_judged_by_numbers,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(an_interval_that_is_the_last_is_judged_once,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(the_same_again_is_one_finding, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_cause_comes_before_what_names_none, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(what_explains_little_of_it_comes_behind, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(each_begins_once_and_is_over_once, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_pause_of_seconds_is_no_end, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(of_a_vcpu_that_is_gone_it_is_over, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(what_is_so_goes_on_with_another_collector, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(at_the_end_all_is_over, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(findings_are_told_with_the_way_out, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(none_is_said_where_it_was_asked, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(the_short_ones_are_five_lines, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(as_json_each_is_an_object, vm_setup, vm_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
