/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd in what `vhart stat` counted: each rule where it is to speak, and beside that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory_map.h"
#include "tests/unit/fixtures/counted_vm.h"
#include "trace/names/sbi_names.h"

/* ---- rules of which exits say all ---- */

static void shares_of_the_time_are_odd_from_the_threshold_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_case_count; i++)
		for (int odd = 0; odd < 2; odd++) {
			const struct row_case *row = &row_cases[i];
			void *own;

			vm_setup(&own);
			for (uint32_t n = 0; n < row->seconds; n++) {
				vm_exits(own, row->row, row->count, odd ? row->ms : row->less_ms);
				vm_second(own, row->rest, VCPU_HALTED);
			}
			vm_has_only(own, odd ? row->rule : NULL);
			vm_teardown(&own);
		}
}

static void numbers_are_odd_from_the_threshold_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_case_count; i++)
		for (int odd = 0; odd < 2; odd++) {
			void *own;

			vm_setup(&own);
			for (uint32_t n = 0; n < count_cases[i].seconds; n++) {
				vm_exits(own, count_cases[i].row, count_cases[i].count - !odd, 1);
				vm_idle_second(own);
			}
			vm_has_only(own, odd ? count_cases[i].rule : NULL);
			vm_teardown(&own);
		}
}

static void what_does_not_last_is_no_finding(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 8; n++) {
		if (n % 3 != 2)
			vm_exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

static void long_halts_are_none_in_vain(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 4; n++) {
		vm_exits(fixture, EXIT_WFI, 1000, 200);
		fixture->times[EXIT_WFI].halted_ns += 1000 * 100000ull;
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

/* ---- devices ---- */

static void one_register_that_takes_a_fifth_is_named(void **state)
{
	struct counted_vm *fixture = *state;
	char device[64];

	for (int n = 0; n < 4; n++) {
		vm_accesses(fixture, MAP_RTC, 50, 3);
		vm_accesses(fixture, MAP_RTC + 0x10, 1000, 200);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, "device-register");
	assert_int_equal(vm_found(fixture, "device-register")->device, MAP_RTC + 0x10);
	assert_int_equal(vm_found(fixture, "device-register")->count, 4000);
	assert_true(findings_device(fixture->findings, vm_found(fixture, "device-register"), device,
				    sizeof(device)));
	assert_string_equal(device, "rtc+0x10 (IRQ_ENABLED)");
}

static void many_registers_that_take_a_fifth_together_are_not(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 4; n++) {
		vm_accesses(fixture, MAP_RTC, 1000, 150);
		vm_accesses(fixture, MAP_RTC + 0x10, 1000, 150);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

static void a_uart_is_a_console(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 3; n++) {
		vm_accesses(fixture, MAP_UART, 1000, 400);
		vm_accesses(fixture, MAP_SERIAL, 1000, 300);
		vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
	}
	vm_has_only(fixture, "console");
	assert_int_equal(vm_found(fixture, "console")->cost_ns, 2100 * MS);
}

static void walk(struct counted_vm *fixture, uint64_t start, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		vm_accesses(fixture, start + 0x1000 * i, 1, 0);
	vm_idle_second(fixture);
}

static void a_walk_over_holes_is_found(void **state)
{
	struct counted_vm *fixture = *state;

	vm_idle_second(fixture);
	walk(fixture, 0x200000, 64);
	vm_has_only(fixture, "address-walk");
}

static void a_walk_is_over_new_holes(void **state)
{
	struct counted_vm *fixture = *state;

	vm_idle_second(fixture);
	walk(fixture, 0x200000, 63);
	walk(fixture, 0x200000, 63);
	walk(fixture, MAP_PCI_MEM, 100);
	vm_has_only(fixture, NULL);
}

static void of_a_foreign_vm_no_hole_is_known(void **state)
{
	struct counted_vm *fixture = *state;

	fixture->ours = false;
	vm_idle_second(fixture);
	walk(fixture, 0x200000, 100);
	vm_has_only(fixture, NULL);
}

/* ---- CSRs, and what calls return ---- */

static void read_csrs(struct counted_vm *fixture, uint64_t start, uint64_t count)
{
	for (uint64_t csr = start; csr < start + count; csr++)
		vm_about(fixture, EXIT_CSR_READ, csr, 1, 0);
	vm_exits(fixture, EXIT_CSR_READ, count, 0);
	vm_idle_second(fixture);
}

static void a_walk_over_csrs_is_found(void **state)
{
	vm_idle_second(*state);
	read_csrs(*state, 0x600, 24);
	vm_has_only(*state, "csr-walk");
	/* The quiet second before it has no part in it. */
	assert_int_equal(vm_found(*state, "csr-walk")->intervals, 1);
}

static void a_walk_that_falls_upon_a_look_is_found(void **state)
{
	vm_idle_second(*state);
	read_csrs(*state, 0x600, 20);
	vm_has_only(*state, NULL);
	read_csrs(*state, 0x614, 18);
	vm_has_only(*state, "csr-walk");
	assert_int_equal(vm_found(*state, "csr-walk")->worst, 38);
	assert_int_equal(vm_found(*state, "csr-walk")->count, 38);
	assert_int_equal(vm_found(*state, "csr-walk")->intervals, 2);
	assert_int_equal(vm_found(*state, "csr-walk")->whole, 2000 * MS);
	/* What was found is not left for the next. */
	read_csrs(*state, 0x700, 10);
	assert_int_equal(vm_found(*state, "csr-walk")->count, 38);
}

static void a_walk_with_a_pause_is_none(void **state)
{
	vm_idle_second(*state);
	read_csrs(*state, 0x600, 20);
	read_csrs(*state, 0x600, 20);
	read_csrs(*state, 0x614, 18);
	vm_has_only(*state, NULL);
}

static void the_same_csrs_again_are_no_walk(void **state)
{
	vm_idle_second(*state);
	for (int n = 0; n < 5; n++)
		read_csrs(*state, 0xC00, 23);
	/* Written, and read before. */
	vm_about(*state, EXIT_CSR_WRITE, 0xC00, 1, 0);
	read_csrs(*state, 0xC17, 22);
	vm_has_only(*state, NULL);
}

#define ROW_STATUS (EXIT_SBI + SBI_ROW_HSM + SBI_HSM_HART_GET_STATUS)
#define ROW_START  (EXIT_SBI + SBI_ROW_PMU + PMU_COUNTER_START)

/* COUNT of 100 calls of ROW in a second. */
static void fail_calls(struct counted_vm *fixture, uint32_t row, uint64_t count, int64_t error)
{
	vm_exits(fixture, row, 100, 1);
	vm_about(fixture, row, (uint64_t)error, count, 1);
}

static void a_call_that_fails_each_time_is_named_with_its_error(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 3; n++) {
		fail_calls(fixture, ROW_START, 50, -7);
		fail_calls(fixture, ROW_START, 0, -3);
		fail_calls(fixture, ROW_STATUS, 90, SBI_ERR_INVALID_PARAM);
		fail_calls(fixture, ROW_STATUS, 100, SBI_ERR_DENIED);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, "failing-calls");
	assert_int_equal(vm_found(fixture, "failing-calls")->row, ROW_STATUS);
	assert_int_equal(vm_found(fixture, "failing-calls")->error, SBI_ERR_DENIED);
	assert_int_equal(vm_found(fixture, "failing-calls")->count, 3 * 190);
}

static void a_call_that_fails_now_and_then_is_not_odd(void **state)
{
	for (int n = 0; n < 5; n++) {
		fail_calls(*state, ROW_STATUS, 89, SBI_ERR_INVALID_PARAM);
		vm_idle_second(*state);
	}
	vm_has_only(*state, NULL);
}

static void calls_that_do_not_exist_are_said_once(void **state)
{
	for (int n = 0; n < 5; n++) {
		fail_calls(*state, EXIT_SBI + SBI_ROW_UNKNOWN, 100, SBI_ERR_NOT_SUPPORTED);
		vm_idle_second(*state);
	}
	vm_has_only(*state, "unanswered-calls");
}

/* ---- states ---- */

static void one_that_waits_for_a_third_is_found(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 5; n++) {
		fixture->vcpus[0].ns[VCPU_WAITING] += 330 * MS;
		fixture->vcpus[1].ns[VCPU_WAITING] += 329 * MS;
		vm_second(fixture, VCPU_GUEST, VCPU_GUEST);
	}
	vm_has_only(fixture, "waiting");
	assert_int_equal(vm_found(fixture, "waiting")->vcpu_id, 0);
}

static void one_that_works_alone_for_long_is_found(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 19; n++)
		vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_null(vm_found(fixture, "busy-vcpu"));
	vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_non_null(vm_found(fixture, "busy-vcpu"));
	assert_int_equal(vm_found(fixture, "busy-vcpu")->intervals, 20);
}

static void harts_that_are_not_started_are_no_siblings(void **state)
{
	struct counted_vm *fixture = *state;

	for (int n = 0; n < 25; n++)
		vm_second(fixture, VCPU_GUEST, VCPU_BLOCKED);
	vm_has_only(fixture, NULL);
}

/* Its last exit was the host's. */
static void in_the_guest(struct counted_vm *fixture, int seconds)
{
	vm_exits(fixture, EXIT_IRQ + 5, 1, 0);
	vm_idle_second(fixture);
	fixture->vcpus[0].state = VCPU_GUEST;
	for (int n = 0; n < seconds; n++)
		vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
}

static void a_hart_that_does_not_leave_is_found(void **state)
{
	in_the_guest(*state, 5);
	vm_has_only(*state, "silent-hart");
}

static void a_hart_that_leaves_for_the_tick_is_not(void **state)
{
	struct counted_vm *fixture = *state;

	in_the_guest(fixture, 4);
	vm_exits(fixture, EXIT_IRQ + 5, 1, 0);
	vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
	vm_has_only(fixture, NULL);
}

static void where_interrupts_are_not_seen_no_hart_is_silent(void **state)
{
	struct counted_vm *fixture = *state;

	fixture->vcpus[0].state = VCPU_GUEST;
	for (int n = 0; n < 8; n++)
		vm_second(fixture, VCPU_GUEST, VCPU_HALTED);
	vm_has_only(fixture, NULL);
}

/* ---- with a baseline ---- */

static void usual_of_it(struct counted_vm *fixture, double *usual)
{
	usual[EXIT_CSR_READ] = 20;
	usual[EXIT_WFI] = 1000;
	fixture->options.usual = usual;
	vm_begin(fixture);
}

static void far_more_than_the_baseline_has_is_found(void **state)
{
	struct counted_vm *fixture = *state;
	double usual[EXIT_ROWS] = {0};

	usual_of_it(fixture, usual);
	for (int n = 0; n < 5; n++) {
		vm_exits(fixture, EXIT_CSR_READ, 100, 10);
		vm_exits(fixture, EXIT_WFI, 4900, 200);
		vm_exits(fixture, EXIT_LOAD_FAULT, 49, 100);
		vm_exits(fixture, EXIT_IRQ + 5, 5000, 100);
		vm_idle_second(fixture);
	}
	assert_non_null(vm_found(fixture, "above-baseline"));
	assert_int_equal(vm_found(fixture, "above-baseline")->row, EXIT_CSR_READ);
	assert_true(vm_found(fixture, "above-baseline")->worst == 5);
}

static void what_costs_next_to_nothing_is_not_above_it(void **state)
{
	struct counted_vm *fixture = *state;
	double usual[EXIT_ROWS] = {0};

	usual_of_it(fixture, usual);
	for (int n = 0; n < 6; n++) {
		vm_exits(fixture, EXIT_CSR_READ, 100, 9);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

/* ---- with a past ---- */

static void usual_seconds(struct counted_vm *fixture, int seconds, uint64_t rate)
{
	for (int n = 0; n < seconds; n++) {
		vm_exits(fixture, EXIT_OTHER, rate + (uint64_t)n % 3, 1);
		vm_idle_second(fixture);
	}
}

static void far_more_exits_than_before_are_found(void **state)
{
	struct counted_vm *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 10; n++) {
		vm_exits(fixture, EXIT_OTHER, 500, 100);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, "exit-storm");
}

static void more_exits_that_cost_little_are_not(void **state)
{
	struct counted_vm *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 10; n++) {
		vm_exits(fixture, EXIT_OTHER, 500, 99);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

static void a_burst_of_work_is_no_storm(void **state)
{
	struct counted_vm *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 9; n++) {
		vm_exits(fixture, EXIT_OTHER, 500, 100);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

static void without_a_past_nothing_is_far_from_it(void **state)
{
	struct counted_vm *fixture = *state;

	usual_seconds(fixture, 1, 100);
	for (int n = 0; n < 13; n++) {
		vm_exits(fixture, EXIT_OTHER, 5000, 500);
		vm_idle_second(fixture);
	}
	vm_has_only(fixture, NULL);
}

static void faults(struct counted_vm *fixture, int seconds, uint64_t ms)
{
	for (int n = 0; n < seconds; n++) {
		vm_exits(fixture, EXIT_STORE_FAULT, 100, ms);
		vm_idle_second(fixture);
	}
}

static void faults_long_after_boot_are_found(void **state)
{
	faults(*state, 4, 500);
	faults(*state, 10, 0);
	faults(*state, 3, 100);
	assert_non_null(vm_found(*state, "ram-faults"));
}

static void faults_of_a_boot_are_not(void **state)
{
	faults(*state, 20, 300);
	assert_null(vm_found(*state, "ram-faults"));
}

static void the_median_is_the_middle_and_one_far_off_moves_nothing(void **state)
{
	struct past past = {0};

	(void)state;
	assert_true(past_median(&past) == 0 && past_mad(&past) == 0);
	for (uint32_t i = 0; i < PAST_VALUES + 5; i++)
		past_add(&past, i < 5 ? 1e9 : 10 + i % 3);
	assert_int_equal(past_size(&past), PAST_VALUES);
	assert_true(past_median(&past) == 11 && past_mad(&past) == 1);
	past_add(&past, 1e12);
	assert_true(past_median(&past) == 11 && past_mad(&past) == 1);
}

/* A reset each so many seconds, the last of them now. */
static void resets(struct counted_vm *fixture, int times, int seconds)
{
	for (int n = 0; n < times; n++) {
		for (int i = 1; i < seconds; i++)
			vm_idle_second(fixture);
		vm_exits(fixture, EXIT_SBI + SBI_ROW_SRST, 1, 0);
		vm_idle_second(fixture);
	}
}

static void a_guest_that_resets_in_a_loop_is_found(void **state)
{
	resets(*state, 4, 21);
	vm_has_only(*state, "reset-loop");
	assert_true(vm_found(*state, "reset-loop")->worst == 4);
}

static void one_that_resets_now_and_then_is_not(void **state)
{
	resets(*state, 12, 22);
	vm_has_only(*state, NULL);
}

#define KERNEL 0xffffffff80001000ull

/* Both harts have it for so many looks. */
static void vector(struct counted_vm *fixture, uint64_t stvec, int looks)
{
	for (int n = 0; n < looks; n++) {
		fixture->vcpus[0].stvec = fixture->vcpus[1].stvec = stvec;
		vm_idle_second(fixture);
	}
}

static void a_kernel_with_another_trap_vector_is_found(void **state)
{
	struct counted_vm *fixture = *state;

	vector(fixture, KERNEL, 11);
	vector(fixture, KERNEL + 8, 1);
	assert_non_null(vm_found(fixture, "trap-vector"));
	assert_int_equal(findings_count(fixture->findings), 2); /* of each hart */
}

static void one_that_boots_or_resets_is_not(void **state)
{
	struct counted_vm *fixture = *state;

	/* A boot loader, a kernel that moves itself, and the same again in another life. */
	vector(fixture, 0x80200000, 30);
	vector(fixture, KERNEL, 10);
	vector(fixture, KERNEL + 0x40000000, 30);
	vm_exits(fixture, EXIT_SBI + SBI_ROW_SRST, 1, 0);
	vector(fixture, KERNEL + 0x40000000, 1);
	vector(fixture, KERNEL + 0x80000000, 11);
	vector(fixture, 0, 1);
	vector(fixture, 0x80200000, 1);
	vector(fixture, KERNEL, 1);
	vm_has_only(fixture, NULL);
}

/* ---- the table ---- */

/* As mdoc(7) has it: ".It Cm NAME Ta THRESHOLD Ta UNIT Ta INTERVALS". */
static void the_manual_page_has_every_rule(void **state)
{
	static char manual[1 << 18];
	char path[4096];
	const char *at;
	size_t count = 0;

	(void)state;
	assert_non_null(getenv("VHART_SOURCE"));
	snprintf(path, sizeof(path), "%s/vmm/vhart.1", getenv("VHART_SOURCE"));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < rule_count; i++) {
		char row[256];

		snprintf(row, sizeof(row), ".It Cm %s Ta %.4g Ta %s Ta %u\n", rules[i].name,
			 rules[i].threshold, rules[i].unit, rules[i].intervals);
		if (!strstr(manual, row))
			fail_msg("vhart.1 does not have %s", row);
	}
	at = strstr(manual, ".It Sy Rule Ta");
	assert_non_null(at);
	for (const char *end = strstr(at, "\n.El"); (at = strstr(at, "\n.It Cm ")) && at < end;
	     at++)
		count++;
	assert_int_equal(count, rule_count);
}

static void rules_are_found_by_their_whole_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < rule_count; i++) {
		assert_int_equal(rule_find(rules[i].name, strlen(rules[i].name)), i);
		assert_int_equal(rule_find(rules[i].name, strlen(rules[i].name) - 1), rule_count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shares_of_the_time_are_odd_from_the_threshold_on,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(numbers_are_odd_from_the_threshold_on, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(what_does_not_last_is_no_finding, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(long_halts_are_none_in_vain, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(one_register_that_takes_a_fifth_is_named, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(many_registers_that_take_a_fifth_together_are_not,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_uart_is_a_console, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_walk_over_holes_is_found, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_walk_is_over_new_holes, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(of_a_foreign_vm_no_hole_is_known, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_walk_over_csrs_is_found, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_walk_that_falls_upon_a_look_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_walk_with_a_pause_is_none, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(the_same_csrs_again_are_no_walk, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_call_that_fails_each_time_is_named_with_its_error,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_call_that_fails_now_and_then_is_not_odd, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(calls_that_do_not_exist_are_said_once, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(one_that_waits_for_a_third_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(one_that_works_alone_for_long_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(harts_that_are_not_started_are_no_siblings,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(a_hart_that_does_not_leave_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_hart_that_leaves_for_the_tick_is_not, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(where_interrupts_are_not_seen_no_hart_is_silent,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(far_more_than_the_baseline_has_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(what_costs_next_to_nothing_is_not_above_it,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(far_more_exits_than_before_are_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(more_exits_that_cost_little_are_not, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_burst_of_work_is_no_storm, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(without_a_past_nothing_is_far_from_it, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_guest_that_resets_in_a_loop_is_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(one_that_resets_now_and_then_is_not, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(a_kernel_with_another_trap_vector_is_found,
						vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(one_that_boots_or_resets_is_not, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(faults_long_after_boot_are_found, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(faults_of_a_boot_are_not, vm_setup, vm_teardown),
		cmocka_unit_test_setup_teardown(
			the_median_is_the_middle_and_one_far_off_moves_nothing, vm_setup,
			vm_teardown),
		cmocka_unit_test_setup_teardown(the_manual_page_has_every_rule, vm_setup,
						vm_teardown),
		cmocka_unit_test_setup_teardown(rules_are_found_by_their_whole_name, vm_setup,
						vm_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
