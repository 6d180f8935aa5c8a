/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each call of the SBI PMU costs, for tests/bench. eid=N is the EID to call (the PMU's own
 * when not given), trips=N how often (1000). One line each: NAME TICKS N, with the ticks of the
 * time CSR; calls that go together are timed together.
 */
#include "vhart-guest/csr.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/io.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

/* Where Linux starts what it only counts. */
#define COUNTING 0x8000000000000001ull

static uint64_t all; /* mask of all counters */
static uint64_t fw;  /* a configured firmware counter */
static uint8_t page[4096] __attribute__((aligned(4096)));

static void num_counters(void)
{
	sbi_pmu_num_counters();
}

static void get_info(void)
{
	sbi_pmu_counter_get_info(0);
}

static void config_and_reset(void)
{
	sbi_pmu_counter_config_matching(0, all, PMU_CFG_CLEAR_VALUE, PMU_EVENT_IDX_CYCLES, 0);
	sbi_pmu_counter_stop(0, 1, PMU_STOP_RESET);
}

static void start_and_stop(void)
{
	sbi_pmu_counter_start(0, 1, PMU_START_SET_INIT_VALUE, COUNTING);
	sbi_pmu_counter_stop(0, 1, 0);
}

static void start_and_stop_snapshot(void)
{
	sbi_pmu_counter_start(0, 1, PMU_START_INIT_SNAPSHOT, 0);
	sbi_pmu_counter_stop(0, 1, PMU_STOP_TAKE_SNAPSHOT);
}

/* What Linux does to one event each time that its task gets the CPU and loses it. */
static void switch_task(void)
{
	sbi_pmu_counter_config_matching(0, all, 0, PMU_EVENT_IDX_CYCLES, 0);
	sbi_pmu_counter_start(0, 1, PMU_START_SET_INIT_VALUE, COUNTING);
	sbi_pmu_counter_stop(0, 1, PMU_STOP_TAKE_SNAPSHOT);
	sbi_pmu_counter_stop(0, 1, PMU_STOP_RESET | PMU_STOP_TAKE_SNAPSHOT);
}

static void fw_read(void)
{
	sbi_pmu_counter_fw_read(fw);
}

static void cycle_read(void)
{
	csr_read(cycle);
}

static void measure(const char *name, void (*trip)(void), uint64_t trips)
{
	/* What is slow only once is not what is measured. */
	for (unsigned int i = 0; i < 8; i++)
		trip();
	uint64_t start = time_now();
	for (uint64_t i = 0; i < trips; i++)
		trip();
	print("%s %lu %lu\n", name, time_now() - start, trips);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t trips = bootarg(args, "trips", 1000);

	(void)hart;
	pmu_eid = bootarg(args, "eid", SBI_EID_PMU);
	all = (1ull << sbi_pmu_num_counters()) - 1;
	all &= ~2ull; /* time's place */
	measure("num_counters", num_counters, trips);
	measure("get_info", get_info, trips);
	measure("config+reset", config_and_reset, trips);
	sbi_pmu_snapshot_set_shmem((uintptr_t)page);
	measure("switch", switch_task, trips);
	sbi_pmu_counter_config_matching(0, all, PMU_CFG_CLEAR_VALUE, PMU_EVENT_IDX_CYCLES, 0);
	measure("start+stop", start_and_stop, trips);
	measure("start+stop_snapshot", start_and_stop_snapshot, trips);
	fw = sbi_pmu_counter_config_matching(0, all, 0, PMU_EVENT_IDX_SET_TIMER, 0).value;
	sbi_pmu_counter_start(fw, 1, 0, 0);
	measure("fw_read", fw_read, trips);
	if (pmu_eid == SBI_EID_PMU) {
		sbi_pmu_counter_start(0, 1, PMU_START_SET_INIT_VALUE, 0);
		measure("csr_read", cycle_read, trips);
	}
}
