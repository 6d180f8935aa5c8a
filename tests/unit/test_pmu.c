/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenarios cannot say: faults, saved states, how Linux samples, limits, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/riscv.h"
#include "pmu/names.h"
#include "pmu/quirks.h"
#include "tests/pmu/simulated.h"
#include "vmm/control/pmu_json.h"

#define H     8u
#define F0    8u
#define PAGE  (SIMULATED_RAM + SIMULATED_PAGE * 4096ull)
#define TIMER 0xF0005ull
#define RAW   0x20000ull

enum { CYCLES = 1, INSNS = 2 };
enum { SKIP = 1, CLEAR = 2, AUTO = 4, SET = 1, SNAP = 2, RST = 1 };
enum { FAILED = -1, NS = -2, IP = -3, IA = -5, AS = -7, SD = -8 };

static struct simulated machine;

static void begin(enum pmu_profile profile, unsigned int width)
{
	simulated_init(&machine, pmu_profile_quirks(profile), H, width);
}

static int setup(void **state)
{
	(void)state;
	begin(PMU_BEST, 63);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmu_reset(&machine.pmu);
	assert_int_equal(simulated_open_sources(&machine), 0);
	return 0;
}

static int64_t call(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	const uint64_t args[6] = {a0, a1, a2, a3};

	return pmu_call(&machine.pmu, fid, args).error;
}

static struct pmu_result config(uint64_t base, uint64_t mask, uint64_t flags, uint64_t event)
{
	const uint64_t args[6] = {base, mask, flags, event};

	return pmu_call(&machine.pmu, PMU_COUNTER_CONFIG_MATCHING, args);
}

static int64_t start(uint64_t index, uint64_t flags, uint64_t value)
{
	return call(PMU_COUNTER_START, index, 1, flags, value);
}

static int64_t stop(uint64_t index, uint64_t flags)
{
	return call(PMU_COUNTER_STOP, index, 1, flags, 0);
}

static uint64_t csr(unsigned int index)
{
	uint64_t value;

	assert_true(pmu_read_csr(&machine.pmu, CSR_CYCLE + index, &value));
	return value;
}

static uint64_t fw_read(uint64_t index)
{
	const uint64_t args[6] = {index};
	struct pmu_result result = pmu_call(&machine.pmu, PMU_COUNTER_FW_READ, args);

	assert_int_equal(result.error, 0);
	return result.value;
}

static void expect_config(struct pmu_result result, uint64_t index)
{
	assert_int_equal(result.error, 0);
	assert_int_equal(result.value, index);
}

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

/* ---- save and restore ---- */

static void a_restored_counter_goes_on_and_overflows_when_it_should(void **state)
{
	struct pmu_state saved;

	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	machine.firmware[5] = 3;
	pmu_save(&machine.pmu, &saved);
	/* Elsewhere. */
	pmu_reset(&machine.pmu);
	begin(PMU_BEST, 63);
	machine.firmware[5] = 77777;
	assert_true(pmu_restore(&machine.pmu, &saved));
	assert_int_equal(csr(2), -600ull);
	assert_int_equal(fw_read(F0), 8);
	machine.firmware[5]++;
	assert_int_equal(fw_read(F0), 9);
	simulated_work(&machine, 599);
	assert_int_equal(machine.lcofis_raised, 0);
	simulated_work(&machine, 1);
	assert_int_equal(machine.lcofis_raised, 1);
	assert_int_equal(start(2, 0, 0), AS);
	assert_int_equal(start(F0, 0, 0), AS);
}

static void expect_refused(const struct pmu_state *state)
{
	static const struct pmu_state none;

	assert_false(pmu_restore(&machine.pmu, state));
	assert_int_equal(simulated_open_sources(&machine), 0);
	assert_memory_equal(&machine.pmu.state, &none, sizeof(none));
}

static void a_state_that_cannot_be_is_refused(void **state)
{
	struct pmu_state good, bad;

	(void)state;
	expect_config(config(2, 1, AUTO, INSNS), 2);
	expect_config(config(3, 1, 0, RAW), 3);
	expect_config(config(F0, 1, AUTO, TIMER), F0);
	pmu_save(&machine.pmu, &good);
	assert_true(pmu_restore(&machine.pmu, &good));

	bad = good;
	bad.counters[2].event.code = 11;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].event.type = PMU_EVENT_FIRMWARE;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].event.type = 1000;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].configured = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].started = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].armed = 1;
	bad.counters[2].overflow_at = bad.counters[2].carried;
	expect_refused(&bad);
	bad = good;
	bad.counters[2].armed = 1;
	bad.counters[2].overflow_at = bad.counters[2].carried + (1ull << 60);
	expect_refused(&bad);
	bad = good;
	bad.counters[3].open = 0;
	expect_refused(&bad);
	bad = good;
	bad.counters[1].configured = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[H + 22].configured = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[F0].open = 1;
	expect_refused(&bad);
	bad = good;
	bad.counters[F0].event.code = 22;
	expect_refused(&bad);
	bad = good;
	bad.tallies[1].started = 1;
	expect_refused(&bad);
	bad = good;
	bad.overflown = 2;
	expect_refused(&bad);
	bad = good;
	bad.has_snapshot = 1;
	bad.snapshot_address = 8;
	expect_refused(&bad);
	/* Flags may be any byte. */
	bad = good;
	bad.counters[2].started = bad.counters[2].running = 2;
	assert_true(pmu_restore(&machine.pmu, &bad));
}

static void a_state_whose_source_cannot_be_had_is_refused(void **state)
{
	struct pmu_state good;

	(void)state;
	expect_config(config(2, 1, AUTO, INSNS), 2);
	expect_config(config(3, 1, AUTO, RAW), 3);
	expect_config(config(F0, 1, AUTO, TIMER), F0);
	pmu_save(&machine.pmu, &good);
	machine.refused = 1 << 3;
	expect_refused(&good);
	machine.refused = 0;
	machine.lost = 1 << 3;
	expect_refused(&good);
	machine.lost = 0;
	machine.no_firmware = 1 << 5;
	expect_refused(&good);
	machine.no_firmware = 0;
	assert_true(pmu_restore(&machine.pmu, &good));
}

/* ---- a state as bytes ---- */

static void a_packed_state_is_the_same_when_it_was_restored(void **state)
{
	uint8_t first[PMU_PACKED_SIZE], second[PMU_PACKED_SIZE];
	struct pmu_state saved;

	(void)state;
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&machine.pmu.config, &saved, first);
	/* Elsewhere. */
	pmu_reset(&machine.pmu);
	begin(PMU_BEST, 63);
	machine.firmware[5] = 77777;
	assert_null(pmu_unpack(&machine.pmu.config, first, sizeof(first), &saved));
	assert_true(pmu_restore(&machine.pmu, &saved));
	assert_int_equal(csr(2), -600ull);
	assert_int_equal(fw_read(F0), 5);
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&machine.pmu.config, &saved, second);
	assert_memory_equal(first, second, sizeof(first));
}

static void bytes_of_something_else_are_refused(void **state)
{
	uint8_t packed[PMU_PACKED_SIZE];
	struct pmu_state saved;
	struct pmu_config of = machine.pmu.config;

	(void)state;
	pmu_save(&machine.pmu, &saved);
	pmu_pack(&of, &saved, packed);
	assert_null(pmu_unpack(&of, packed, sizeof(packed), &saved));
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed) - 1, &saved), "length"));
	assert_non_null(strstr(pmu_unpack(&of, NULL, 0, &saved), "length"));
	of.hw_counters--;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "counters"));
	of = machine.pmu.config;
	of.quirks ^= 1;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "profile"));
	of = machine.pmu.config;
	packed[28 + 16] |= 0x80; /* the flags of counter 0 */
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "flags"));
	packed[8]++;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "version"));
	packed[0]++;
	assert_non_null(strstr(pmu_unpack(&of, packed, sizeof(packed), &saved), "begin"));
}

/* ---- a state to look at ---- */

static void expect_shown(const char *text)
{
	json_object *result = json_object_new_object();
	struct pmu_state saved;

	pmu_save(&machine.pmu, &saved);
	pmu_json_add(result, &machine.pmu.config, &saved);
	assert_string_equal(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN), text);
	json_object_put(result);
}

static void a_state_is_shown(void **state)
{
	(void)state;
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":null,\"counters\":[]}");
	expect_config(config(2, 1, 0, INSNS), 2);
	expect_config(config(F0, 1, 0, TIMER), F0);
	assert_int_equal(call(PMU_SNAPSHOT_SET_SHMEM, PAGE, 0, 0, 0), 0);
	assert_int_equal(start(2, SET, -1000ull), 0);
	assert_int_equal(start(F0, SET, 5), 0);
	simulated_work(&machine, 400);
	machine.firmware[5] = 3;
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":\"0x80002000\",\"counters\":["
		     "{\"counter\":2,\"event\":\"0x2\",\"name\":\"instructions\","
		     "\"data\":\"0x0\",\"started\":true,\"overflown\":false,"
		     "\"value\":\"0xfffffffffffffda8\",\"left\":600},"
		     "{\"counter\":8,\"event\":\"0xf0005\",\"name\":\"fw-set-timer\","
		     "\"data\":\"0x0\",\"started\":true,\"overflown\":false,"
		     "\"value\":\"0x8\"}]}");
	simulated_work(&machine, 700);
	assert_int_equal(stop(2, 0), 0);
	assert_int_equal(stop(F0, RST), 0);
	expect_shown("{\"hardware\":8,\"firmware\":22,\"snapshot\":\"0x80002000\",\"counters\":["
		     "{\"counter\":2,\"event\":\"0x2\",\"name\":\"instructions\","
		     "\"data\":\"0x0\",\"started\":false,\"overflown\":true,"
		     "\"value\":\"0x64\"}]}");
}

/* ---- tables ---- */

static void every_quirk_has_its_row(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PMU_QUIRKS; i++) {
		assert_int_equal(pmu_quirks[i].bit, i);
		assert_non_null(pmu_quirks[i].name);
		assert_non_null(pmu_quirks[i].what);
		assert_true(pmu_quirks[i].profiles != 0 || pmu_quirks[i].kernels.upto != 0);
		assert_true(pmu_quirks[i].kernels.from <= pmu_quirks[i].kernels.upto);
		assert_int_equal(pmu_quirks[i].profiles >> PMU_SPEC & 1, 0);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(pmu_quirks[i].name, pmu_quirks[j].name);
	}
	assert_int_equal(pmu_profile_quirks(PMU_SPEC), 0);
}

static void profiles_are_found_by_name(void **state)
{
	enum pmu_profile profile;

	(void)state;
	for (unsigned int i = 0; i < PMU_PROFILES; i++) {
		assert_true(pmu_profile_find(pmu_profile_name(i), &profile));
		assert_int_equal(profile, i);
	}
	assert_null(pmu_profile_name(PMU_PROFILES));
	assert_false(pmu_profile_find("", &profile));
	assert_false(pmu_profile_find("linux", &profile));
}

static void a_kernel_that_is_known_is_named_by_its_version(void **state)
{
	static const struct {
		const char *name;
		enum pmu_profile profile;
	} known[] = {
		{"linux-6.12.107", PMU_LINUX_6_12_107}, {"linux-6.12.111", PMU_LINUX_6_12_107},
		{"linux-6.12.113", PMU_LINUX_6_12},	{"linux-6.12.117", PMU_LINUX_6_12},
		{"linux-7.2.12", PMU_LINUX_7_2},
	};
	static const char *const unknown[] = {
		"linux-6.12.106", "linux-6.12.112",  "linux-6.12.118",	 "linux-7.2.13",
		"linux-6.12.",	  "linux-6.12.107x", "linux-7",		 "linux-",
		"linux-6.18.3",	  "linux--6.12.107", "linux-6.12.107.1",
	};
	enum pmu_profile profile;

	(void)state;
	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(pmu_profile_find(known[i].name, &profile));
		assert_int_equal(profile, known[i].profile);
	}
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_false(pmu_profile_find(unknown[i], &profile));
}

static struct pmu_kernel_match match_of(const char *release)
{
	uint32_t version = 0;

	assert_true(linux_version_parse(release, &version));
	return pmu_kernel_match(version);
}

static void a_running_kernel_is_known_or_like_an_older_one(void **state)
{
	uint32_t version;

	(void)state;
	assert_int_equal(match_of("6.12.117+deb13-riscv64").profile, PMU_LINUX_6_12);
	assert_true(match_of("6.12.117+deb13-riscv64").known);
	assert_int_equal(match_of("6.12.107+deb13-riscv64").profile, PMU_LINUX_6_12_107);
	assert_true(match_of("7.2.12+deb14-riscv64").known);
	assert_int_equal(match_of("6.12.118+deb13-riscv64").profile, PMU_LINUX_6_12);
	assert_false(match_of("6.12.118+deb13-riscv64").known);
	assert_int_equal(match_of("7.3.0-rc1").profile, PMU_LINUX_7_2);
	assert_false(match_of("7.3").known);
	assert_int_equal(match_of("5.15.0").profile, PMU_LINUX_6_12_107);
	assert_false(match_of("5.15.0").known);
	assert_false(linux_version_parse("", &version));
	assert_false(linux_version_parse("linux", &version));
	assert_false(linux_version_parse("6", &version));
}

static void quirks_of_a_kernel_are_those_of_its_version(void **state)
{
	uint64_t gone =
		pmu_profile_quirks(PMU_LINUX_6_12_107) & ~pmu_profile_quirks(PMU_LINUX_6_12);

	(void)state;
	assert_int_equal(gone, 1ull << PMU_COUNT_NOT_FOLDED | 1ull << PMU_FW_STOP_FORGETS |
				       1ull << PMU_PAGE_ERROR_IGNORED);
}

static const char *event_name(uint64_t event_idx, uint64_t data)
{
	static char name[40];

	pmu_event_name(name, sizeof(name), event_idx, data);
	return name;
}

static void events_have_names(void **state)
{
	char tiny[4];

	(void)state;
	assert_string_equal(event_name(CYCLES, 0), "cycles");
	assert_string_equal(event_name(10, 0), "ref-cycles");
	assert_string_equal(event_name(0, 0), "event:0x0");
	assert_string_equal(event_name(11, 0), "event:0xb");
	assert_string_equal(event_name(0x10000, 0), "L1-dcache-loads");
	assert_string_equal(event_name(0x1001B, 0), "dTLB-store-misses");
	assert_string_equal(event_name(0x10035, 0), "node-prefetch-misses");
	assert_string_equal(event_name(0x10006, 0), "event:0x10006");
	assert_string_equal(event_name(0x10038, 0), "event:0x10038");
	assert_string_equal(event_name(RAW, 0x1234), "raw:0x1234");
	assert_string_equal(event_name(TIMER, 0), "fw-set-timer");
	assert_string_equal(event_name(0xF0015, 0), "fw-hfence-vvma-asid-received");
	assert_string_equal(event_name(0xF0016, 0), "event:0xf0016");
	assert_string_equal(event_name(0xFFFFF, 3), "platform:0x3");
	assert_string_equal(event_name(UINT64_MAX, 0), "event:0xffffffffffffffff");
	pmu_event_name(tiny, sizeof(tiny), CYCLES, 0);
	assert_string_equal(tiny, "cyc");
}

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
		TEST(a_restored_counter_goes_on_and_overflows_when_it_should),
		TEST(a_state_that_cannot_be_is_refused),
		TEST(a_state_whose_source_cannot_be_had_is_refused),
		TEST(a_packed_state_is_the_same_when_it_was_restored),
		TEST(bytes_of_something_else_are_refused),
		TEST(a_state_is_shown),
		TEST(every_quirk_has_its_row),
		TEST(profiles_are_found_by_name),
		TEST(a_kernel_that_is_known_is_named_by_its_version),
		TEST(a_running_kernel_is_known_or_like_an_older_one),
		TEST(quirks_of_a_kernel_are_those_of_its_version),
		TEST(events_have_names),
		TEST(a_configuration_out_of_range_is_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
