/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenarios cannot say: faults, memory, overflows, how Linux samples, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/pmu_calls.h"

/* ---- faults ---- */

static void an_event_that_the_host_cannot_count_is_not_supported(void **state)
{
	(void)state;
	machine.refused = 1 << 3;
	machine.no_firmware = 1 << 5;
	assert_int_equal(config(3, 1, 0, RAW).error, NS);
	assert_int_equal(config(F0, 1, 0, TIMER).error, NS);
	assert_int_equal(config(F0, 1, 0, 0xF0006).error, 0);
	assert_int_equal(simulated_open_sources(&machine), 0);
	/* And later it may. */
	machine.refused = 0;
	expect_config(config(3, 1, 0, RAW), 3);
}

static void a_refused_event_leaves_its_counter_free(void **state)
{
	(void)state;
	expect_config(config(3, 1, 0, RAW), 3);
	machine.refused = 1 << 3;
	assert_int_equal(config(3, 1, SKIP, RAW).error, NS);
	machine.refused = 0;
	expect_config(config(3, 1, 0, RAW), 3);
}

static void a_lost_source_fails_to_start_and_stays_stopped(void **state)
{
	(void)state;
	begin(PMU_SPEC, 63);
	expect_config(config(2, 1, 0, INSNS), 2);
	machine.lost = 1 << 2;
	assert_int_equal(start(2, SET, 5), FAILED);
	assert_int_equal(stop(2, 0), SD);
	machine.lost = 0;
	assert_int_equal(start(2, SET, 5), 0);
	simulated_work(&machine, 10);
	assert_int_equal(csr(2), 15);
}

/* As Linux does it, which looks at no error of start. */
static void a_lost_source_counts_nothing_and_stops_well(void **state)
{
	(void)state;
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(2, 1, 0, INSNS), 2);
	machine.lost = 1 << 2;
	simulated_poke(&machine, PAGE + 8, 1234567); /* of the event before */
	assert_int_equal(start(2, SET, 5), 0);
	assert_int_equal(start(2, SET, 5), AS);
	simulated_work(&machine, 10);
	assert_int_equal(stop(2, SNAP), 0);
	assert_int_equal(simulated_peek(&machine, PAGE + 8), 5);
	machine.lost = 0;
	assert_int_equal(start(2, SET, 5), 0);
	simulated_work(&machine, 10);
	assert_int_equal(csr(2), 15);
}

static void a_lost_source_cannot_start_by_itself(void **state)
{
	(void)state;
	machine.lost = 1 << 2;
	assert_int_equal(config(2, 1, AUTO, INSNS).error, NS);
	assert_int_equal(simulated_open_sources(&machine), 0);
	assert_int_equal(start(2, 0, 0), 0); /* not configured: nothing to start */
	assert_false(machine.pmu.state.counters[2].configured);
}

static void a_counter_that_is_lost_keeps_its_last_value(void **state)
{
	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SET, 0), 0);
	simulated_work(&machine, 100);
	machine.lost = 1 << 2;
	simulated_work(&machine, 100);
	assert_int_equal(csr(2), 100);
	assert_int_equal(stop(2, 0), 0);
	assert_int_equal(csr(2), 100);
}

static void a_firmware_event_that_is_lost_keeps_its_last_value(void **state)
{
	(void)state;
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(start(F0, SET, 10), 0);
	machine.firmware[5] += 3;
	assert_int_equal(fw_read(F0), 13);
	machine.no_firmware = 1 << 5;
	machine.firmware[5] += 3;
	assert_int_equal(fw_read(F0), 13);
	assert_int_equal(stop(F0, 0), 0);
	assert_int_equal(start(F0, 0, 0), FAILED);
	assert_int_equal(stop(F0, 0), SD);
	assert_int_equal(fw_read(F0), 13);
}

static void a_page_that_is_gone_fails_the_snapshot_but_stops_the_counter(void **state)
{
	(void)state;
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SET, 1), 0);
	machine.unplugged = true;
	assert_int_equal(stop(2, SNAP), FAILED);
	assert_int_equal(stop(2, 0), SD);
	assert_int_equal(start(2, SNAP, 0), FAILED);
	assert_int_equal(stop(2, 0), SD);
}

/* ---- memory ---- */

static void only_stop_writes_to_the_page_and_no_more_than_it_must(void **state)
{
	(void)state;
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SNAP, 0), 0);
	assert_int_equal(call(PMU_COUNTER_FW_READ, F0, 0, 0, 0), 0);
	assert_int_equal(machine.memory_writes, 0);
	assert_int_equal(machine.memory_reads, 1);
	assert_int_equal(stop(2, SNAP), 0);
	/* Its value and the overflow bits. */
	assert_int_equal(machine.memory_writes, 2);
	assert_int_equal(stop(2, RST), SD);
	assert_int_equal(machine.memory_writes, 2);
}

static void event_get_info_of_too_many_entries_fails_at_once(void **state)
{
	(void)state;
	begin(PMU_BEST, 63);
	/* 8 pages are 2048 entries. */
	assert_int_equal(call(PMU_EVENT_GET_INFO, SIMULATED_RAM, 0, 2048, 0), 0);
	assert_int_equal(call(PMU_EVENT_GET_INFO, SIMULATED_RAM, 0, 2049, 0), IA);
	machine.memory_reads = 0;
	assert_int_equal(call(PMU_EVENT_GET_INFO, SIMULATED_RAM, 0, 1ull << 40, 0), IA);
	assert_int_equal(call(PMU_EVENT_GET_INFO, SIMULATED_RAM, 0, (1ull << 60) - 1, 0), IA);
	assert_int_equal(machine.memory_reads, 0);
}

static bool all_writable(void *opaque, uint64_t address, size_t size)
{
	(void)opaque;
	(void)address;
	(void)size;
	return true;
}

static void event_get_info_is_bounded_however_much_memory_there_is(void **state)
{
	struct pmu_environment vast = simulated_environment;

	(void)state;
	vast.memory_writable = all_writable;
	machine.pmu.environment = &vast;
	assert_int_equal(call(PMU_EVENT_GET_INFO, SIMULATED_RAM, 0, 4097, 0), FAILED);
	assert_int_equal(machine.memory_reads, 0);
	machine.pmu.environment = &simulated_environment;
}

static void event_get_info_writes_nothing_when_an_entry_is_invalid(void **state)
{
	(void)state;
	simulated_poke(&machine, PAGE, 0xFFFFFFFF00000001);
	simulated_poke(&machine, PAGE + 16, 0xFFFFFFFF00100001);
	assert_int_equal(call(PMU_EVENT_GET_INFO, PAGE, 0, 2, 0), IP);
	assert_int_equal(simulated_peek(&machine, PAGE), 0xFFFFFFFF00000001);
	assert_int_equal(call(PMU_EVENT_GET_INFO, PAGE, 0, 1, 0), 0);
	assert_int_equal(simulated_peek(&machine, PAGE), 0x100000001);
}

static void event_get_info_knows_platform_events(void **state)
{
	(void)state;
	simulated_poke(&machine, PAGE, 0xFFFFF);
	simulated_poke(&machine, PAGE + 8, 1);
	simulated_poke(&machine, PAGE + 16, 0xFFFFF);
	simulated_poke(&machine, PAGE + 24, 99);
	assert_int_equal(call(PMU_EVENT_GET_INFO, PAGE, 0, 2, 0), 0);
	assert_int_equal(simulated_peek(&machine, PAGE), 0x1000FFFFF);
	assert_int_equal(simulated_peek(&machine, PAGE + 16), 0xFFFFF);
}

static void platform_events_are_counted(void **state)
{
	const uint64_t args[6] = {F0, 1, 0, 0xFFFFF, 2};

	(void)state;
	expect_config(pmu_call(&machine.pmu, PMU_COUNTER_CONFIG_MATCHING, args), F0);
	assert_int_equal(start(F0, SET, 100), 0);
	machine.platform[1] += 50;
	machine.platform[2] += 7;
	assert_int_equal(fw_read(F0), 107);
}

/* ---- overflow ---- */

static void a_counter_overflows_once_until_it_is_started(void **state)
{
	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -100ull), 0);
	simulated_work(&machine, 99);
	assert_int_equal(machine.lcofis_raised, 0);
	simulated_work(&machine, 1);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(csr(2), 0);
	simulated_work(&machine, 1000);
	pmu_overflow(&machine.pmu, 2);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(csr(2), 1000);
}

static void an_overflow_whose_signal_is_late_is_found_by_stop(void **state)
{
	(void)state;
	machine.late = true;
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -100ull), 0);
	simulated_work(&machine, 150);
	assert_int_equal(machine.lcofis_raised, 0);
	assert_int_equal(stop(2, SNAP), 0);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(simulated_peek(&machine, PAGE), 1);
	assert_int_equal(simulated_peek(&machine, PAGE + 8), 50);
	pmu_overflow(&machine.pmu, 2);
	assert_int_equal(machine.lcofis_raised, 1);
}

static void an_overflow_of_what_does_not_run_is_ignored(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 70; i++)
		pmu_overflow(&machine.pmu, i);
	expect_config(config(2, 1, 0, INSNS), 2);
	pmu_overflow(&machine.pmu, 2);
	assert_int_equal(start(2, SET, 0x8000000000000001), 0);
	pmu_overflow(&machine.pmu, 2);
	assert_int_equal(machine.lcofis_raised, 0);
}

static void a_hart_that_starts_gets_no_old_interrupt(void **state)
{
	(void)state;
	machine.late = true;
	expect_config(config(2, 1, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -100ull), 0);
	simulated_work(&machine, 150);
	pmu_reset(&machine.pmu);
	assert_int_equal(machine.lcofis_raised, 0);
}

static void a_narrow_counter_wraps_and_overflows_at_its_width(void **state)
{
	(void)state;
	begin(PMU_BEST, 15);
	expect_config(config(3, 1, 0, 3), 3); /* cache references: instructions / 2 */
	assert_int_equal(start(3, SET, 0xFFF0), 0);
	simulated_work(&machine, 30);
	assert_int_equal(machine.lcofis_raised, 0);
	assert_int_equal(csr(3), 0xFFFF);
	simulated_work(&machine, 10);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(csr(3), 4);
	/* From 0 it is a whole round. */
	assert_int_equal(stop(3, 0), 0);
	assert_int_equal(start(3, SET, 0), 0);
	simulated_work(&machine, 2 * 0xFFFF);
	assert_int_equal(machine.lcofis_raised, 1);
	simulated_work(&machine, 2);
	assert_int_equal(machine.lcofis_raised, 2);
}

/* ---- Linux (drivers/perf/riscv_pmu_sbi.c) ---- */

#define USED   (1ull << 0 | 1ull << 2) /* cycles and instructions */
#define SAMPLE 10000ull

/* pmu_sbi_ovf_handler() with a snapshot page; true when it found an overflow of instructions. */
static bool linux_handles_overflow(uint64_t *samples)
{
	uint64_t overflown;

	assert_int_equal(call(PMU_COUNTER_STOP, 0, USED, SNAP, 0), 0);
	overflown = simulated_peek(&machine, PAGE);
	machine.lcofi_pending = false;
	if (overflown & 1ull << 2) {
		(*samples)++;
		simulated_poke(&machine, PAGE + 8 + 2 * 8, -SAMPLE);
	}
	return call(PMU_COUNTER_START, 64 * 64, USED, SNAP, 0) == 0;
}

static uint64_t linux_samples(enum pmu_profile profile)
{
	uint64_t samples = 0;

	begin(profile, 63);
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(0, 0x3FFFFFFD, 0, CYCLES), 0);
	assert_int_equal(start(0, SET, 0x8000000000000001), 0);
	expect_config(config(0, 0x3FFFFFFD, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -SAMPLE), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		simulated_work(&machine, SAMPLE / 10);
		if (machine.lcofi_pending)
			linux_handles_overflow(&samples);
	}
	if (profile == PMU_BEST)
		/* The other counter lost nothing by all the stops and starts. */
		assert_int_equal(csr(0) - 0x8000000000000001, 2 * 1000 * SAMPLE / 10);
	pmu_reset(&machine.pmu);
	return samples;
}

static void linux_gets_every_sample(void **state)
{
	(void)state;
	assert_int_equal(linux_samples(PMU_BEST), 100);
}

/* What is wrong with it is the restart, and nothing else. */
static void without_the_kindness_linux_gets_one_sample(void **state)
{
	(void)state;
	assert_int_equal(linux_samples(PMU_SPEC), 1);
	assert_int_equal(linux_samples(PMU_LINUX_7_2), 1);
	assert_int_equal(linux_samples(PMU_LINUX_6_12), 1);
}

/* Its interrupt waits while Linux gives the counters to another task: bit 1, time, keeps the
 * handler from taking it for nobody's, until it has gone on. */
static void linux_is_told_of_an_overflow_that_it_has_reset(void **state)
{
	(void)state;
	begin(PMU_BEST, 63);
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	expect_config(config(0, 0x3FFFFFFD, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -SAMPLE), 0);
	simulated_work(&machine, SAMPLE);
	assert_true(machine.lcofi_pending);
	assert_int_equal(stop(2, SNAP), 0);
	assert_int_equal(stop(2, RST | SNAP), SD);
	expect_config(config(0, 0x3FFFFFFD, 0, INSNS), 2);
	assert_int_equal(start(2, SET, -SAMPLE), 0);
	for (unsigned int i = 0; i < 2; i++) {
		/* Another counter of the task may be stopped before the interrupt comes. */
		assert_int_equal(call(PMU_COUNTER_STOP, 0, 1 << 2, SNAP, 0), 0);
		assert_int_equal(simulated_peek(&machine, PAGE), 1 << 1);
		assert_int_equal(start(2, SET, -SAMPLE), 0);
	}
	assert_int_equal(call(PMU_COUNTER_STOP, 0, 1 << 2, SNAP, 0), 0);
	assert_int_equal(call(PMU_COUNTER_START, 64 * 64, 1 << 2, SNAP, 0), 0);
	assert_int_equal(call(PMU_COUNTER_STOP, 0, 1 << 2, SNAP, 0), 0);
	assert_int_equal(simulated_peek(&machine, PAGE), 0);
	pmu_reset(&machine.pmu);
}

static void linux_schedules_events_in_and_out(void **state)
{
	uint64_t total = 0;

	(void)state;
	assert_int_equal(call(PMU_COUNTER_STOP, 0, 0x3FFFFFFD, RST, 0), 0);
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	for (unsigned int i = 0; i < 100; i++) {
		expect_config(config(0, 0x3FFFFFFD, 0, INSNS), 2);
		assert_int_equal(start(2, SET, 0x8000000000000001), 0);
		simulated_work(&machine, 1000 + i);
		assert_int_equal(stop(2, SNAP), 0);
		total += simulated_peek(&machine, PAGE + 8) - 0x8000000000000001;
		assert_int_equal(stop(2, RST | SNAP), SD);
		assert_int_equal(simulated_open_sources(&machine), 0);
	}
	assert_int_equal(total, 100 * 1000 + 99 * 100 / 2);
}

/* ---- limits ---- */

static void a_configuration_out_of_range_is_clamped(void **state)
{
	(void)state;
	simulated_init(&machine, 0, 1000, 1000);
	assert_int_equal(machine.pmu.config.hw_counters, 32);
	assert_int_equal(machine.pmu.config.hw_width, 63);
	assert_int_equal(pmu_call(&machine.pmu, PMU_NUM_COUNTERS, (uint64_t[6]){0}).value, 54);
	simulated_init(&machine, 0, 0, 0);
	assert_int_equal(machine.pmu.config.hw_counters, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_event_that_the_host_cannot_count_is_not_supported),
		TEST(a_refused_event_leaves_its_counter_free),
		TEST(a_lost_source_fails_to_start_and_stays_stopped),
		TEST(a_lost_source_counts_nothing_and_stops_well),
		TEST(a_lost_source_cannot_start_by_itself),
		TEST(a_counter_that_is_lost_keeps_its_last_value),
		TEST(a_firmware_event_that_is_lost_keeps_its_last_value),
		TEST(a_page_that_is_gone_fails_the_snapshot_but_stops_the_counter),
		TEST(only_stop_writes_to_the_page_and_no_more_than_it_must),
		TEST(event_get_info_of_too_many_entries_fails_at_once),
		TEST(event_get_info_is_bounded_however_much_memory_there_is),
		TEST(event_get_info_writes_nothing_when_an_entry_is_invalid),
		TEST(event_get_info_knows_platform_events),
		TEST(platform_events_are_counted),
		TEST(a_counter_overflows_once_until_it_is_started),
		TEST(an_overflow_whose_signal_is_late_is_found_by_stop),
		TEST(an_overflow_of_what_does_not_run_is_ignored),
		TEST(a_hart_that_starts_gets_no_old_interrupt),
		TEST(a_narrow_counter_wraps_and_overflows_at_its_width),
		TEST(linux_gets_every_sample),
		TEST(without_the_kindness_linux_gets_one_sample),
		TEST(linux_is_told_of_an_overflow_that_it_has_reset),
		TEST(linux_schedules_events_in_and_out),
		TEST(a_configuration_out_of_range_is_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
