/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sbi/sbi.h"
#include "tests/unit/fixtures/fake_machine.h"

#define RAM   (64u << 10)
#define DBCN  0x4442434eull
#define SRST  0x53525354ull
#define SUSP  0x53555350ull
#define BASE  0x10ull
#define PROBE 3

static struct machine machine;
static struct sbi_context context;
static unsigned int suspended;
static unsigned int suspended_hart;

static void suspend(struct machine *of, unsigned int hart)
{
	assert_ptr_equal(of, &machine);
	suspended++;
	suspended_hart = hart;
}

static struct pmu hart_pmu;

/* A PMU without sources: what it answers is tested in its own room. */
static struct pmu *pmu_of(struct machine *of, unsigned int hart)
{
	assert_ptr_equal(of, &machine);
	assert_int_equal(hart, 3);
	return &hart_pmu;
}

static int setup(void **state)
{
	const struct pmu_config config = {.hw_counters = 19, .hw_width = 63};

	(void)state;
	pmu_init(&hart_pmu, &config, NULL, NULL);
	fake_machine_init(&machine, RAM);
	context = (struct sbi_context){.machine = &machine, .suspend = suspend, .pmu = pmu_of};
	suspended = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* A handler that forgot to unlock would hang the machine. */
	assert_int_equal(pthread_mutex_trylock(&machine.lock), 0);
	pthread_mutex_unlock(&machine.lock);
	fake_machine_destroy(&machine);
	return 0;
}

static struct sbi_call call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct sbi_call made = {
		.hart = 3, .eid = eid, .fid = fid, .args = {a0, a1, a2}, .error = 77, .value = 77};

	sbi_dispatch(&context, &made);
	return made;
}

static void expect(struct sbi_call made, int64_t error, uint64_t value)
{
	assert_int_equal(made.error, error);
	assert_int_equal(made.value, value);
}

/* ---- the table ---- */

static void no_two_extensions_claim_the_same_eid(void **state)
{
	(void)state;
	for (const struct sbi_extension *a = sbi_extensions; a->name; a++) {
		assert_true(a->first <= a->last);
		assert_ptr_equal(sbi_find(&context, a->first), a);
		assert_ptr_equal(sbi_find(&context, a->last), a);
		for (const struct sbi_extension *b = a + 1; b->name; b++)
			assert_true(a->last < b->first || b->last < a->first);
	}
}

static void an_unclaimed_call_is_not_supported_and_counted(void **state)
{
	(void)state;
	expect(call(0x09123456, 7, 1, 2, 3), SBI_ERR_NOT_SUPPORTED, 0);
	assert_int_equal(context.unclaimed, 1);
	assert_int_equal(context.answered, 0);
	assert_int_equal(machine.guest_errors, 1);
	assert_non_null(strstr(machine.guest_error, "EID 0x9123456"));
	assert_non_null(strstr(machine.guest_error, "FID 0x7"));
	assert_int_equal(machine.end, END_NONE);
}

static void an_unclaimed_call_that_repeats_is_reported_once(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		call(0x08000000, (uint64_t)i, 0, 0, 0);
	assert_int_equal(context.unclaimed, 1000);
	assert_int_equal(machine.guest_errors, 1);
	call(0, 0, 0, 0, 0);
	assert_int_equal(machine.guest_errors, 2);
}

static void the_first_unclaimed_call_is_reported_whatever_its_eid(void **state)
{
	(void)state;
	call(0, 0, 0, 0, 0);
	assert_int_equal(machine.guest_errors, 1);
}

static void an_unclaimed_legacy_call_leaves_a1_alone(void **state)
{
	(void)state;
	expect(call(0x0f, 0, 5, 0xabcdef, 0), SBI_ERR_NOT_SUPPORTED, 0xabcdef);
}

static void an_answered_call_is_counted(void **state)
{
	(void)state;
	call(BASE, 0, 0, 0, 0);
	call(DBCN, 99, 0, 0, 0);
	assert_int_equal(context.answered, 2);
	assert_int_equal(context.unclaimed, 0);
}

static void an_unknown_function_of_a_known_extension_is_not_supported(void **state)
{
	static const uint64_t eids[] = {BASE, DBCN, SRST, SUSP};

	(void)state;
	for (size_t i = 0; i < sizeof(eids) / sizeof(eids[0]); i++) {
		expect(call(eids[i], 1000, 0, FAKE_RAM_BASE, 0), SBI_ERR_NOT_SUPPORTED, 0);
		expect(call(eids[i], UINT64_MAX, 0, FAKE_RAM_BASE, 0), SBI_ERR_NOT_SUPPORTED, 0);
	}
	assert_int_equal(machine.end, END_NONE);
	assert_int_equal(suspended, 0);
}

/* ---- BASE ---- */

static void the_spec_version_is_3_0(void **state)
{
	(void)state;
	expect(call(BASE, 0, 0, 0, 0), SBI_SUCCESS, 0x03000000);
}

static void the_implementation_is_kvm_of_this_kernel(void **state)
{
	(void)state;
	expect(call(BASE, 1, 0, 0, 0), SBI_SUCCESS, 3);
	struct sbi_call version = call(BASE, 2, 0, 0, 0);
	assert_int_equal(version.error, SBI_SUCCESS);
	assert_true(version.value >> 16 >= 2);
}

static void probing_tells_claimed_eids_from_others(void **state)
{
	(void)state;
	expect(call(BASE, PROBE, DBCN, 0, 0), SBI_SUCCESS, 1);
	expect(call(BASE, PROBE, BASE, 0, 0), SBI_SUCCESS, 1);
	expect(call(BASE, PROBE, 0x0800dead, 0, 0), SBI_SUCCESS, 0);
	expect(call(BASE, PROBE, 0x09ffffff, 0, 0), SBI_SUCCESS, 0);
	expect(call(BASE, PROBE, UINT64_MAX, 0, 0), SBI_SUCCESS, 0);
	assert_int_equal(context.unclaimed, 0);
	assert_int_equal(machine.guest_errors, 0);
}

static void machine_ids_are_zero(void **state)
{
	(void)state;
	for (uint64_t fid = 4; fid <= 6; fid++)
		expect(call(BASE, fid, 0, 0, 0), SBI_SUCCESS, 0);
}

/* ---- DBCN ---- */

static void a_console_write_takes_the_whole_buffer(void **state)
{
	(void)state;
	memcpy(machine.memory.host + 100, "hello\n", 6);
	expect(call(DBCN, 0, 6, FAKE_RAM_BASE + 100, 0), SBI_SUCCESS, 6);
	assert_int_equal(machine.output_len, 6);
	assert_memory_equal(machine.output, "hello\n", 6);
}

static void a_console_write_says_how_much_was_taken(void **state)
{
	(void)state;
	machine.output_room = 2;
	memcpy(machine.memory.host, "hello\n", 6);
	expect(call(DBCN, 0, 6, FAKE_RAM_BASE, 0), SBI_SUCCESS, 2);
	expect(call(DBCN, 0, 4, FAKE_RAM_BASE + 2, 0), SBI_SUCCESS, 0);
	assert_int_equal(machine.output_len, 2);
}

static void a_console_write_may_end_with_ram(void **state)
{
	(void)state;
	expect(call(DBCN, 0, 1, FAKE_RAM_BASE + RAM - 1, 0), SBI_SUCCESS, 1);
	expect(call(DBCN, 0, RAM, FAKE_RAM_BASE, 0), SBI_SUCCESS, RAM);
	expect(call(DBCN, 0, 0, FAKE_RAM_BASE + RAM, 0), SBI_SUCCESS, 0);
}

static void console_memory_outside_ram_is_an_invalid_parameter(void **state)
{
	static const struct {
		uint64_t len, low, high;
	} wild[] = {
		{1, 0, 0},
		{1, FAKE_RAM_BASE - 1, 0},
		{1, FAKE_RAM_BASE + RAM, 0},
		{2, FAKE_RAM_BASE + RAM - 1, 0},
		{RAM + 1, FAKE_RAM_BASE, 0},
		{UINT64_MAX, FAKE_RAM_BASE, 0},
		{UINT64_MAX - FAKE_RAM_BASE + 1, FAKE_RAM_BASE, 0}, /* wraps to 0 */
		{1, UINT64_MAX, 0},
		{1, FAKE_RAM_BASE, 1}, /* beyond 64 bits */
		{1, FAKE_RAM_BASE, UINT64_MAX},
	};

	(void)state;
	fake_console_type(&machine, "abc", 3);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		expect(call(DBCN, 0, wild[i].len, wild[i].low, wild[i].high), SBI_ERR_INVALID_PARAM,
		       0);
		expect(call(DBCN, 1, wild[i].len, wild[i].low, wild[i].high), SBI_ERR_INVALID_PARAM,
		       0);
	}
	assert_int_equal(machine.output_len, 0);
	assert_int_equal(machine.input_len, 3);
}

static void a_console_read_gives_what_is_there_and_no_more(void **state)
{
	(void)state;
	memset(machine.memory.host, '.', 16);
	expect(call(DBCN, 1, 8, FAKE_RAM_BASE, 0), SBI_SUCCESS, 0);
	fake_console_type(&machine, "abcdef", 6);
	expect(call(DBCN, 1, 4, FAKE_RAM_BASE + 2, 0), SBI_SUCCESS, 4);
	expect(call(DBCN, 1, 4, FAKE_RAM_BASE + 6, 0), SBI_SUCCESS, 2);
	assert_memory_equal(machine.memory.host, "..abcdef........", 16);
}

static void a_console_byte_is_the_low_byte_of_a0(void **state)
{
	(void)state;
	expect(call(DBCN, 2, 0xffffff00u | 'x', 5, 5), SBI_SUCCESS, 0);
	assert_int_equal(machine.output_len, 1);
	assert_int_equal(machine.output[0], 'x');
}

static void a_byte_waits_until_it_is_taken(void **state)
{
	(void)state;
	machine.output_room = 0;
	machine.waits_make_room = 1;
	expect(call(DBCN, 2, 'x', 0, 0), SBI_SUCCESS, 0);
	expect(call(DBCN, 2, 'y', 0, 0), SBI_SUCCESS, 0);
	assert_int_equal(machine.output_len, 2);
	assert_memory_equal(machine.output, "xy", 2);
}

static void a_byte_that_nobody_takes_fails_when_the_machine_ends(void **state)
{
	(void)state;
	machine.output_room = 0;
	expect(call(DBCN, 2, 'x', 0, 0), SBI_ERR_FAILED, 0);
	assert_int_equal(machine.output_len, 0);
}

/* ---- the legacy console ---- */

static void legacy_putchar_prints_and_leaves_a1_alone(void **state)
{
	(void)state;
	expect(call(1, 99, 'y', 0x1234, 0), 0, 0x1234);
	assert_int_equal(machine.output[0], 'y');
	assert_int_equal(machine.output_len, 1);
}

static void legacy_getchar_gives_a_byte_or_minus_one(void **state)
{
	(void)state;
	expect(call(2, 99, 0, 0x1234, 0), -1, 0x1234);
	fake_console_type(&machine, "\xff", 1);
	expect(call(2, 99, 0, 0x1234, 0), 0xff, 0x1234);
	expect(call(2, 99, 0, 0x1234, 0), -1, 0x1234);
}

/* ---- SRST ---- */

static enum machine_end end_of(uint64_t type, uint64_t reason)
{
	machine.end = END_NONE;
	expect(call(SRST, 0, type, reason, 0), SBI_SUCCESS, 0);
	return machine.end;
}

static void a_reset_ends_the_machine_as_asked(void **state)
{
	(void)state;
	assert_int_equal(end_of(0, 0), END_POWEROFF);
	assert_int_equal(end_of(1, 0), END_RESET);
	assert_int_equal(end_of(2, 0), END_RESET);
	/* Type and reason are 32 bits wide. */
	assert_int_equal(end_of(0xdead00000001, 0xbeef00000000), END_RESET);
}

static void a_system_failure_is_a_panic(void **state)
{
	(void)state;
	assert_int_equal(end_of(0, 1), END_PANIC);
	assert_int_equal(end_of(1, 1), END_PANIC);
}

static void reserved_reset_types_and_reasons_are_refused(void **state)
{
	static const uint32_t types[] = {3, 0xefffffff, 0xf0000000, 0xffffffff};
	static const uint32_t reasons[] = {2, 3, 0x7fffffff, 0xdfffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		expect(call(SRST, 0, types[i], 0, 0), SBI_ERR_INVALID_PARAM, 0);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		expect(call(SRST, 0, 0, reasons[i], 0), SBI_ERR_INVALID_PARAM, 0);
	assert_int_equal(machine.end, END_NONE);
}

static void a_vendor_reason_is_handed_on(void **state)
{
	(void)state;
	expect(call(SRST, 0, 0, 0xffffffffe0000007, 0), SBI_SUCCESS, 0);
	assert_int_equal(machine.end, END_POWEROFF);
	assert_int_equal(machine.reset_type, 0);
	assert_int_equal(machine.reset_reason, 0xe0000007);
}

/* ---- SUSP ---- */

static void suspend_to_ram_stops_the_calling_hart(void **state)
{
	(void)state;
	expect(call(SUSP, 0, 0xffffffff00000000, FAKE_RAM_BASE, 42), SBI_SUCCESS, 0);
	assert_int_equal(suspended, 1);
	assert_int_equal(suspended_hart, 3);
}

static void other_sleep_types_are_refused(void **state)
{
	static const uint32_t wrong[] = {1, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect(call(SUSP, 0, wrong[i], FAKE_RAM_BASE, 0), SBI_ERR_INVALID_PARAM, 0);
	assert_int_equal(suspended, 0);
}

static void resuming_outside_ram_is_refused(void **state)
{
	(void)state;
	expect(call(SUSP, 0, 0, 0x1000, 0), SBI_ERR_INVALID_ADDRESS, 0);
	expect(call(SUSP, 0, 0, FAKE_RAM_BASE + RAM, 0), SBI_ERR_INVALID_ADDRESS, 0);
	expect(call(SUSP, 0, 0, UINT64_MAX, 0), SBI_ERR_INVALID_ADDRESS, 0);
	assert_int_equal(suspended, 0);
}

static void a_machine_that_cannot_suspend_says_so(void **state)
{
	(void)state;
	context.suspend = NULL;
	expect(call(SUSP, 0, 0, FAKE_RAM_BASE, 0), SBI_ERR_NOT_SUPPORTED, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- PMU ---- */

static void the_pmu_answers_at_its_own_eid_and_in_the_experimental_range(void **state)
{
	static const uint64_t eids[] = {0x504D55, 0x08504D55};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		expect(call(BASE, PROBE, eids[i], 0, 0), SBI_SUCCESS, 1);
		expect(call(eids[i], 0, 0, 0, 0), SBI_SUCCESS, 19 + PMU_FW_EVENTS);
		expect(call(eids[i], 1, 1000, 0, 0), SBI_ERR_INVALID_PARAM, 0);
	}
	assert_int_equal(machine.guest_errors, 0);
}

static void a_machine_without_a_pmu_says_so(void **state)
{
	(void)state;
	context.pmu = NULL;
	expect(call(BASE, PROBE, 0x504D55, 0, 0), SBI_SUCCESS, 0);
	expect(call(0x504D55, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, 0);
	expect(call(0x08504D55, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_two_extensions_claim_the_same_eid),
		TEST(an_unclaimed_call_is_not_supported_and_counted),
		TEST(an_unclaimed_call_that_repeats_is_reported_once),
		TEST(the_first_unclaimed_call_is_reported_whatever_its_eid),
		TEST(an_unclaimed_legacy_call_leaves_a1_alone),
		TEST(an_answered_call_is_counted),
		TEST(an_unknown_function_of_a_known_extension_is_not_supported),
		TEST(the_spec_version_is_3_0),
		TEST(the_implementation_is_kvm_of_this_kernel),
		TEST(probing_tells_claimed_eids_from_others),
		TEST(machine_ids_are_zero),
		TEST(a_console_write_takes_the_whole_buffer),
		TEST(a_console_write_says_how_much_was_taken),
		TEST(a_console_write_may_end_with_ram),
		TEST(console_memory_outside_ram_is_an_invalid_parameter),
		TEST(a_console_read_gives_what_is_there_and_no_more),
		TEST(a_console_byte_is_the_low_byte_of_a0),
		TEST(a_byte_waits_until_it_is_taken),
		TEST(a_byte_that_nobody_takes_fails_when_the_machine_ends),
		TEST(legacy_putchar_prints_and_leaves_a1_alone),
		TEST(legacy_getchar_gives_a_byte_or_minus_one),
		TEST(a_reset_ends_the_machine_as_asked),
		TEST(a_system_failure_is_a_panic),
		TEST(reserved_reset_types_and_reasons_are_refused),
		TEST(a_vendor_reason_is_handed_on),
		TEST(suspend_to_ram_stops_the_calling_hart),
		TEST(other_sleep_types_are_refused),
		TEST(resuming_outside_ram_is_refused),
		TEST(a_machine_that_cannot_suspend_says_so),
		TEST(the_pmu_answers_at_its_own_eid_and_in_the_experimental_range),
		TEST(a_machine_without_a_pmu_says_so),
	};

	return cmocka_run_group_tests_name("sbi", tests, NULL, NULL);
}
