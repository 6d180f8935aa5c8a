/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd in what `vhart stat` counted: each rule where it is to speak, and beside that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/clock.h"
#include "base/memory_map.h"
#include "trace/findings/engine.h"
#include "trace/findings/findings_print.h"
#include "trace/names/device_names.h"

#define VCPUS 2u
#define KEYS  512u
#define MS    1000000ull
#define PID   42u

/* A VM, as a collector would count it. */
struct fixture {
	struct exit_vcpu vcpus[VCPUS];
	struct exit_times times[VCPUS * EXIT_TIMES];
	struct stat_keyed keyed[KEYS];
	struct stat_sample sample;
	struct findings_options options;
	struct findings *findings;
	char *text;
	size_t len;
	bool ours;
};

static bool device_at(void *opaque, uint32_t tgid, uint64_t address, char *out, size_t size)
{
	const struct fixture *fixture = opaque;

	assert_int_equal(tgid, PID);
	out[0] = '\0';
	if (fixture->ours)
		device_name(address, out, size);
	return fixture->ours;
}

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

static void look(struct fixture *fixture)
{
	assert_true(findings_look(fixture->findings, &fixture->sample));
}

/* As if watching began now, with the fixture's options. */
static void begin(struct fixture *fixture)
{
	findings_free(fixture->findings);
	fixture->findings = findings_new(&fixture->options);
	assert_non_null(fixture->findings);
	look(fixture);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	for (uint32_t i = 0; i < VCPUS; i++)
		fixture->vcpus[i] = (struct exit_vcpu){
			.first = 1, .tgid = PID, .vcpu_id = i, .state = VCPU_HALTED};
	fixture->sample = (struct stat_sample){.when = NS_PER_S,
					       .vcpu_count = VCPUS,
					       .vcpus = fixture->vcpus,
					       .times = fixture->times,
					       .keyed = fixture->keyed};
	fixture->ours = true;
	fixture->options = (struct findings_options){.device = device_at, .opaque = fixture};
	begin(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	findings_free(fixture->findings);
	free(fixture->text);
	free(fixture);
	return 0;
}

/* ---- what happens ---- */

/* COUNT exits of vCPU 0, which take MS_EACH_SECOND altogether. */
static void exits(struct fixture *fixture, uint32_t row, uint64_t count, uint64_t ms)
{
	fixture->times[row].count += count;
	fixture->times[row].ns += ms * MS;
	fixture->vcpus[0].exits += count;
	fixture->vcpus[0].ns[VCPU_KERNEL] += ms * MS;
}

/* Of COUNT exits that are counted elsewhere, that they were about VALUE. */
static void about(struct fixture *fixture, uint32_t row, uint64_t value, uint64_t count,
		  uint64_t ms)
{
	const struct exit_key_name name = {.value = value, .row = row};
	size_t i = 0;

	while (i < fixture->sample.keyed_count &&
	       (fixture->keyed[i].name.value != value || fixture->keyed[i].name.row != row))
		i++;
	assert_true(i < KEYS);
	if (i == fixture->sample.keyed_count)
		fixture->keyed[fixture->sample.keyed_count++].name = name;
	fixture->keyed[i].times.count += count;
	fixture->keyed[i].times.ns += ms * MS;
}

static void accesses(struct fixture *fixture, uint64_t address, uint64_t count, uint64_t ms)
{
	about(fixture, EXIT_LOAD_MMIO, address, count, ms);
	exits(fixture, EXIT_LOAD_MMIO, count, ms);
}

/* The second is over; what is left of it vCPU INDEX was in STATE. */
static void fill(struct fixture *fixture, uint32_t index, uint32_t state)
{
	struct exit_vcpu *vcpu = &fixture->vcpus[index];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < VCPU_STATES; i++)
		sum += vcpu->ns[i];
	vcpu->ns[state] += fixture->sample.when - NS_PER_S - sum;
}

static void second_of(struct fixture *fixture, uint32_t state, uint32_t other)
{
	fixture->sample.when += NS_PER_S;
	fill(fixture, 0, state);
	fill(fixture, 1, other);
	look(fixture);
}

static void idle_second(struct fixture *fixture)
{
	second_of(fixture, VCPU_HALTED, VCPU_HALTED);
}

static const struct finding *found(struct fixture *fixture, const char *rule)
{
	for (size_t i = 0; i < findings_count(fixture->findings); i++) {
		const struct finding *finding = findings_at(fixture->findings, i);

		if (!strcmp(rules[finding->rule].name, rule))
			return finding;
	}
	return NULL;
}

static void assert_only(struct fixture *fixture, const char *rule)
{
	const size_t count = findings_count(fixture->findings);

	if (!rule) {
		for (size_t i = 0; i < count; i++)
			fail_msg("%s", rules[findings_at(fixture->findings, i)->rule].name);
		return;
	}
	assert_non_null(found(fixture, rule));
	assert_int_equal(count, 1);
}

/* ---- rules of which exits say all ---- */

static const struct row_case {
	const char *rule;
	uint32_t row;
	uint64_t count; /* a second */
	uint64_t ms, less_ms;
	uint32_t seconds;
	uint32_t rest; /* the state that the rest of the second is */
} row_cases[] = {
	{"timer-storm", EXIT_SBI + SBI_ROW_TIME, 900, 100, 99, 3, VCPU_HALTED},
	{"timer-storm", EXIT_SBI + SBI_ROW_LEGACY, 900, 100, 99, 3, VCPU_HALTED},
	{"ipi-storm", EXIT_SBI + SBI_ROW_IPI, 900, 100, 99, 3, VCPU_HALTED},
	{"ipi-storm", EXIT_SBI + SBI_ROW_LEGACY + 4, 900, 100, 99, 3, VCPU_HALTED},
	{"fence-storm", EXIT_SBI + SBI_ROW_RFENCE, 900, 100, 99, 3, VCPU_HALTED},
	{"fence-storm", EXIT_SBI + SBI_ROW_RFENCE + 6, 900, 100, 99, 3, VCPU_HALTED},
	{"fence-storm", EXIT_SBI + SBI_ROW_LEGACY + 7, 900, 100, 99, 3, VCPU_HALTED},
	{"csr-storm", EXIT_CSR_READ, 900, 100, 99, 3, VCPU_HALTED},
	{"csr-storm", EXIT_CSR_WRITE, 900, 100, 99, 3, VCPU_HALTED},
	{"lcofi-storm", EXIT_IRQ + IRQ_LCOFI, 900, 100, 99, 3, VCPU_HALTED},
	{"wfi-storm", EXIT_WFI, 20000, 100, 99, 3, VCPU_GUEST},
	{"console", EXIT_SBI + SBI_ROW_DBCN + SBI_DBCN_WRITE_BYTE, 900, 100, 99, 3, VCPU_HALTED},
	{"console", EXIT_SBI + SBI_ROW_LEGACY + 1, 900, 500, 499, 3, VCPU_GUEST},
};

static void shares_of_the_time_are_odd_from_the_threshold_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(row_cases) / sizeof(row_cases[0]); i++)
		for (int odd = 0; odd < 2; odd++) {
			const struct row_case *row = &row_cases[i];
			void *own;

			setup(&own);
			for (uint32_t n = 0; n < row->seconds; n++) {
				exits(own, row->row, row->count, odd ? row->ms : row->less_ms);
				second_of(own, row->rest, VCPU_HALTED);
			}
			assert_only(own, odd ? row->rule : NULL);
			teardown(&own);
		}
}

static const struct {
	const char *rule;
	uint32_t row;
	uint64_t count;
	uint32_t seconds;
} count_cases[] = {
	{"unanswered-calls", EXIT_SBI + SBI_ROW_UNKNOWN, 100, 1},
	{"unanswered-calls", EXIT_SBI + SBI_ROW_TIME - 1, 100, 1}, /* base.unknown */
	{"sbi-probing", EXIT_SBI + SBI_ROW_BASE + SBI_BASE_PROBE_EXTENSION, 200, 1},
	{"misaligned", EXIT_EXCEPTION + 4, 100, 3},
	{"misaligned", EXIT_EXCEPTION + 6, 100, 3},
};

static void numbers_are_odd_from_the_threshold_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(count_cases) / sizeof(count_cases[0]); i++)
		for (int odd = 0; odd < 2; odd++) {
			void *own;

			setup(&own);
			for (uint32_t n = 0; n < count_cases[i].seconds; n++) {
				exits(own, count_cases[i].row, count_cases[i].count - !odd, 1);
				idle_second(own);
			}
			assert_only(own, odd ? count_cases[i].rule : NULL);
			teardown(&own);
		}
}

static void what_does_not_last_is_no_finding(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 8; n++) {
		if (n % 3 != 2)
			exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void long_halts_are_none_in_vain(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 4; n++) {
		exits(fixture, EXIT_WFI, 1000, 200);
		fixture->times[EXIT_WFI].halted_ns += 1000 * 100000ull;
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

/* ---- devices ---- */

static void one_register_that_takes_a_fifth_is_named(void **state)
{
	struct fixture *fixture = *state;
	char device[64];

	for (int n = 0; n < 4; n++) {
		accesses(fixture, MAP_RTC, 50, 3);
		accesses(fixture, MAP_RTC + 0x10, 1000, 200);
		idle_second(fixture);
	}
	assert_only(fixture, "device-register");
	assert_int_equal(found(fixture, "device-register")->device, MAP_RTC + 0x10);
	assert_int_equal(found(fixture, "device-register")->count, 4000);
	assert_true(findings_device(fixture->findings, found(fixture, "device-register"), device,
				    sizeof(device)));
	assert_string_equal(device, "rtc+0x10 (IRQ_ENABLED)");
}

static void many_registers_that_take_a_fifth_together_are_not(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 4; n++) {
		accesses(fixture, MAP_RTC, 1000, 150);
		accesses(fixture, MAP_RTC + 0x10, 1000, 150);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void a_uart_is_a_console(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 3; n++) {
		accesses(fixture, MAP_UART, 1000, 400);
		accesses(fixture, MAP_SERIAL, 1000, 300);
		second_of(fixture, VCPU_GUEST, VCPU_HALTED);
	}
	assert_only(fixture, "console");
	assert_int_equal(found(fixture, "console")->cost_ns, 2100 * MS);
}

static void walk(struct fixture *fixture, uint64_t start, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		accesses(fixture, start + 0x1000 * i, 1, 0);
	idle_second(fixture);
}

static void a_walk_over_holes_is_found(void **state)
{
	struct fixture *fixture = *state;

	idle_second(fixture);
	walk(fixture, 0x200000, 64);
	assert_only(fixture, "address-walk");
}

static void a_walk_is_over_new_holes(void **state)
{
	struct fixture *fixture = *state;

	idle_second(fixture);
	walk(fixture, 0x200000, 63);
	walk(fixture, 0x200000, 63);
	walk(fixture, MAP_PCI_MEM, 100);
	assert_only(fixture, NULL);
}

static void of_a_foreign_vm_no_hole_is_known(void **state)
{
	struct fixture *fixture = *state;

	fixture->ours = false;
	idle_second(fixture);
	walk(fixture, 0x200000, 100);
	assert_only(fixture, NULL);
}

/* ---- CSRs, and what calls return ---- */

static void read_csrs(struct fixture *fixture, uint64_t start, uint64_t count)
{
	for (uint64_t csr = start; csr < start + count; csr++)
		about(fixture, EXIT_CSR_READ, csr, 1, 0);
	exits(fixture, EXIT_CSR_READ, count, 0);
	idle_second(fixture);
}

static void a_walk_over_csrs_is_found(void **state)
{
	idle_second(*state);
	read_csrs(*state, 0x600, 24);
	assert_only(*state, "csr-walk");
}

static void the_same_csrs_again_are_no_walk(void **state)
{
	idle_second(*state);
	for (int n = 0; n < 5; n++)
		read_csrs(*state, 0xC00, 23);
	/* Written, and read before. */
	about(*state, EXIT_CSR_WRITE, 0xC00, 1, 0);
	read_csrs(*state, 0xC17, 22);
	assert_only(*state, NULL);
}

#define ROW_STATUS (EXIT_SBI + SBI_ROW_HSM + SBI_HSM_HART_GET_STATUS)
#define ROW_START  (EXIT_SBI + SBI_ROW_PMU + PMU_COUNTER_START)

/* COUNT of 100 calls of ROW in a second. */
static void fail_calls(struct fixture *fixture, uint32_t row, uint64_t count, int64_t error)
{
	exits(fixture, row, 100, 1);
	about(fixture, row, (uint64_t)error, count, 1);
}

static void a_call_that_fails_each_time_is_named_with_its_error(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 3; n++) {
		fail_calls(fixture, ROW_START, 50, -7);
		fail_calls(fixture, ROW_START, 0, -3);
		fail_calls(fixture, ROW_STATUS, 90, SBI_ERR_INVALID_PARAM);
		fail_calls(fixture, ROW_STATUS, 100, SBI_ERR_DENIED);
		idle_second(fixture);
	}
	assert_only(fixture, "failing-calls");
	assert_int_equal(found(fixture, "failing-calls")->row, ROW_STATUS);
	assert_int_equal(found(fixture, "failing-calls")->error, SBI_ERR_DENIED);
	assert_int_equal(found(fixture, "failing-calls")->count, 3 * 190);
}

static void a_call_that_fails_now_and_then_is_not_odd(void **state)
{
	for (int n = 0; n < 5; n++) {
		fail_calls(*state, ROW_STATUS, 89, SBI_ERR_INVALID_PARAM);
		idle_second(*state);
	}
	assert_only(*state, NULL);
}

static void calls_that_do_not_exist_are_said_once(void **state)
{
	for (int n = 0; n < 5; n++) {
		fail_calls(*state, EXIT_SBI + SBI_ROW_UNKNOWN, 100, SBI_ERR_NOT_SUPPORTED);
		idle_second(*state);
	}
	assert_only(*state, "unanswered-calls");
}

/* ---- states ---- */

static void one_that_waits_for_a_third_is_found(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 5; n++) {
		fixture->vcpus[0].ns[VCPU_WAITING] += 330 * MS;
		fixture->vcpus[1].ns[VCPU_WAITING] += 329 * MS;
		second_of(fixture, VCPU_GUEST, VCPU_GUEST);
	}
	assert_only(fixture, "waiting");
	assert_int_equal(found(fixture, "waiting")->vcpu_id, 0);
}

static void one_that_works_alone_for_long_is_found(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 19; n++)
		second_of(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_null(found(fixture, "busy-vcpu"));
	second_of(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_non_null(found(fixture, "busy-vcpu"));
	assert_int_equal(found(fixture, "busy-vcpu")->intervals, 20);
}

static void harts_that_are_not_started_are_no_siblings(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 25; n++)
		second_of(fixture, VCPU_GUEST, VCPU_BLOCKED);
	assert_only(fixture, NULL);
}

/* Its last exit was the host's. */
static void in_the_guest(struct fixture *fixture, int seconds)
{
	exits(fixture, EXIT_IRQ + 5, 1, 0);
	idle_second(fixture);
	fixture->vcpus[0].state = VCPU_GUEST;
	for (int n = 0; n < seconds; n++)
		second_of(fixture, VCPU_GUEST, VCPU_HALTED);
}

static void a_hart_that_does_not_leave_is_found(void **state)
{
	in_the_guest(*state, 5);
	assert_only(*state, "silent-hart");
}

static void a_hart_that_leaves_for_the_tick_is_not(void **state)
{
	struct fixture *fixture = *state;

	in_the_guest(fixture, 4);
	exits(fixture, EXIT_IRQ + 5, 1, 0);
	second_of(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_only(fixture, NULL);
}

static void where_interrupts_are_not_seen_no_hart_is_silent(void **state)
{
	struct fixture *fixture = *state;

	fixture->vcpus[0].state = VCPU_GUEST;
	for (int n = 0; n < 8; n++)
		second_of(fixture, VCPU_GUEST, VCPU_HALTED);
	assert_only(fixture, NULL);
}

/* ---- with a baseline ---- */

static void usual_of_it(struct fixture *fixture, double *usual)
{
	usual[EXIT_CSR_READ] = 20;
	usual[EXIT_WFI] = 1000;
	fixture->options.usual = usual;
	begin(fixture);
}

static void far_more_than_the_baseline_has_is_found(void **state)
{
	struct fixture *fixture = *state;
	double usual[EXIT_ROWS] = {0};

	usual_of_it(fixture, usual);
	for (int n = 0; n < 5; n++) {
		exits(fixture, EXIT_CSR_READ, 100, 10);
		exits(fixture, EXIT_WFI, 4900, 200);
		exits(fixture, EXIT_LOAD_FAULT, 49, 100);
		exits(fixture, EXIT_IRQ + 5, 5000, 100);
		idle_second(fixture);
	}
	assert_non_null(found(fixture, "above-baseline"));
	assert_int_equal(found(fixture, "above-baseline")->row, EXIT_CSR_READ);
	assert_true(found(fixture, "above-baseline")->worst == 5);
}

static void what_costs_next_to_nothing_is_not_above_it(void **state)
{
	struct fixture *fixture = *state;
	double usual[EXIT_ROWS] = {0};

	usual_of_it(fixture, usual);
	for (int n = 0; n < 6; n++) {
		exits(fixture, EXIT_CSR_READ, 100, 9);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

/* ---- with a past ---- */

static void usual_seconds(struct fixture *fixture, int seconds, uint64_t rate)
{
	for (int n = 0; n < seconds; n++) {
		exits(fixture, EXIT_OTHER, rate + (uint64_t)n % 3, 1);
		idle_second(fixture);
	}
}

static void far_more_exits_than_before_are_found(void **state)
{
	struct fixture *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 10; n++) {
		exits(fixture, EXIT_OTHER, 500, 100);
		idle_second(fixture);
	}
	assert_only(fixture, "exit-storm");
}

static void more_exits_that_cost_little_are_not(void **state)
{
	struct fixture *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 10; n++) {
		exits(fixture, EXIT_OTHER, 500, 99);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void a_burst_of_work_is_no_storm(void **state)
{
	struct fixture *fixture = *state;

	usual_seconds(fixture, 15, 100);
	for (int n = 0; n < 9; n++) {
		exits(fixture, EXIT_OTHER, 500, 100);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void without_a_past_nothing_is_far_from_it(void **state)
{
	struct fixture *fixture = *state;

	usual_seconds(fixture, 1, 100);
	for (int n = 0; n < 13; n++) {
		exits(fixture, EXIT_OTHER, 5000, 500);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void faults(struct fixture *fixture, int seconds, uint64_t ms)
{
	for (int n = 0; n < seconds; n++) {
		exits(fixture, EXIT_STORE_FAULT, 100, ms);
		idle_second(fixture);
	}
}

static void faults_long_after_boot_are_found(void **state)
{
	faults(*state, 4, 500);
	faults(*state, 10, 0);
	faults(*state, 3, 100);
	assert_non_null(found(*state, "ram-faults"));
}

static void faults_of_a_boot_are_not(void **state)
{
	faults(*state, 20, 300);
	assert_null(found(*state, "ram-faults"));
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

/* ---- the engine ---- */

static void looks_that_come_too_soon_are_passed_over(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 30; n++) {
		exits(fixture, EXIT_SBI + SBI_ROW_TIME, 90, 20);
		fixture->sample.when += NS_PER_S / 10;
		fill(fixture, 0, VCPU_HALTED);
		fill(fixture, 1, VCPU_HALTED);
		look(fixture);
	}
	assert_only(fixture, "timer-storm");
	assert_true(found(fixture, "timer-storm")->intervals == 3);
}

static void a_threshold_can_be_set(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.thresholds[rule_find("timer-storm", strlen("timer-storm"))] = 51;
	begin(fixture);
	for (int n = 0; n < 5; n++) {
		exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		idle_second(fixture);
	}
	assert_only(fixture, NULL);
}

static void a_vcpu_that_came_late_is_judged_by_whole_seconds(void **state)
{
	struct fixture *fixture = *state;

	fixture->sample.vcpu_count = 1;
	fixture->vcpus[0].first = 0;
	begin(fixture);
	fixture->sample.when += 5 * NS_PER_S;
	look(fixture);
	fixture->vcpus[0].first = 1;
	exits(fixture, EXIT_SBI + SBI_ROW_UNKNOWN, 500, 10);
	fixture->sample.when += NS_PER_S;
	look(fixture);
	assert_only(fixture, NULL);
}

static void the_same_again_is_one_finding(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 9; n++) {
		if (n != 4)
			exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		fixture->vcpus[0].pc = n % 3 ? 0x80001000 : 0x80002000;
		idle_second(fixture);
	}
	const struct finding *finding = found(fixture, "timer-storm");

	assert_only(fixture, "timer-storm");
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
static void timers(struct fixture *fixture, struct heard *heard, int seconds, bool odd)
{
	for (int n = 0; n < seconds; n++) {
		if (odd)
			exits(fixture, EXIT_SBI + SBI_ROW_TIME, 900, 500);
		idle_second(fixture);
		findings_tell(fixture->findings, hear, heard, false);
	}
}

static void each_begins_once_and_is_over_once(void **state)
{
	struct fixture *fixture = *state;
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
	struct fixture *fixture = *state;
	struct heard heard = {0};

	for (int n = 0; n < 5; n++) {
		timers(fixture, &heard, 4, true);
		timers(fixture, &heard, 4, false);
	}
	assert_true(heard.begun == 1 && heard.over == 0);
}

static void of_a_vcpu_that_is_gone_it_is_over(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};

	timers(fixture, &heard, 5, true);
	fixture->vcpus[0].state = VCPU_GONE;
	for (int n = 0; n < 10; n++) {
		fixture->sample.when += NS_PER_S;
		look(fixture);
		findings_tell(fixture->findings, hear, &heard, false);
	}
	assert_true(heard.begun == 1 && heard.over == 1);
}

/* Counts and numbers of vCPUs begin anew: what was vCPU 1 of the sample is 0 now. */
static void renew(struct fixture *fixture)
{
	memset(fixture->times, 0, sizeof(fixture->times));
	for (uint32_t i = 0; i < VCPUS; i++)
		fixture->vcpus[i] = (struct exit_vcpu){
			.first = 1, .tgid = PID, .vcpu_id = VCPUS - 1 - i, .state = VCPU_HALTED};
	assert_true(findings_renew(fixture->findings));
	look(fixture);
}

static void what_is_so_goes_on_with_another_collector(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};
	const uint64_t start = fixture->sample.when;

	fixture->sample.vcpu_count = VCPUS;
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
		look(fixture);
		findings_tell(fixture->findings, hear, &heard, false);
	}
	assert_true(heard.begun == 1 && heard.over == 0);
	assert_int_equal(found(fixture, "timer-storm")->vcpu_id, 0);
	assert_int_equal(found(fixture, "timer-storm")->intervals, 20);
	assert_true(found(fixture, "timer-storm")->first == start);
}

static void at_the_end_all_is_over(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};

	timers(fixture, &heard, 5, true);
	findings_tell(fixture->findings, hear, &heard, true);
	assert_true(heard.begun == 1 && heard.over == 1);
}

/* ---- as text ---- */

static const char *printed(struct fixture *fixture,
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

static void all_at_once(struct fixture *fixture)
{
	for (int n = 0; n < 3; n++) {
		for (size_t i = 0; i < sizeof(row_cases) / sizeof(row_cases[0]); i++)
			exits(fixture, row_cases[i].row, row_cases[i].count, 100);
		for (size_t i = 0; i < sizeof(count_cases) / sizeof(count_cases[0]); i++)
			exits(fixture, count_cases[i].row, 2 * count_cases[i].count, 0);
		fixture->vcpus[0].pc = 0x80200000;
		fixture->sample.when += NS_PER_S;
		idle_second(fixture);
	}
}

static void findings_are_told_with_the_way_out(void **state)
{
	struct fixture *fixture = *state;

	for (int n = 0; n < 3; n++) {
		accesses(fixture, MAP_RTC + 0x10, 1000, 200);
		fixture->vcpus[0].pc = 0x80200000;
		idle_second(fixture);
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
	struct fixture *fixture = *state;

	idle_second(fixture);
	assert_string_equal(printed(fixture, findings_print), "findings: none\n");
	assert_string_equal(printed(fixture, findings_print_short), "");
}

static void the_short_ones_are_five_lines(void **state)
{
	struct fixture *fixture = *state;
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
	struct fixture *fixture = *state;
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
						setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_odd_from_the_threshold_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_does_not_last_is_no_finding, setup, teardown),
		cmocka_unit_test_setup_teardown(long_halts_are_none_in_vain, setup, teardown),
		cmocka_unit_test_setup_teardown(one_register_that_takes_a_fifth_is_named, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_registers_that_take_a_fifth_together_are_not,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_uart_is_a_console, setup, teardown),
		cmocka_unit_test_setup_teardown(a_walk_over_holes_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_walk_is_over_new_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_foreign_vm_no_hole_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(a_walk_over_csrs_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_csrs_again_are_no_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_that_fails_each_time_is_named_with_its_error,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_that_fails_now_and_then_is_not_odd, setup,
						teardown),
		cmocka_unit_test_setup_teardown(calls_that_do_not_exist_are_said_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_waits_for_a_third_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_that_works_alone_for_long_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(harts_that_are_not_started_are_no_siblings, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_hart_that_does_not_leave_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_hart_that_leaves_for_the_tick_is_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(where_interrupts_are_not_seen_no_hart_is_silent,
						setup, teardown),
		cmocka_unit_test_setup_teardown(far_more_than_the_baseline_has_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_costs_next_to_nothing_is_not_above_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(far_more_exits_than_before_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_exits_that_cost_little_are_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_burst_of_work_is_no_storm, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_past_nothing_is_far_from_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(faults_long_after_boot_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_of_a_boot_are_not, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_median_is_the_middle_and_one_far_off_moves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(looks_that_come_too_soon_are_passed_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_threshold_can_be_set, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vcpu_that_came_late_is_judged_by_whole_seconds,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_again_is_one_finding, setup, teardown),
		cmocka_unit_test_setup_teardown(each_begins_once_and_is_over_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pause_of_seconds_is_no_end, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_vcpu_that_is_gone_it_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_so_goes_on_with_another_collector, setup,
						teardown),
		cmocka_unit_test_setup_teardown(at_the_end_all_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(findings_are_told_with_the_way_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(none_is_said_where_it_was_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(the_short_ones_are_five_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(as_json_each_is_an_object, setup, teardown),
		cmocka_unit_test_setup_teardown(the_manual_page_has_every_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_are_found_by_their_whole_name, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
