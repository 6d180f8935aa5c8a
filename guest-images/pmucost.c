/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each call of the SBI PMU costs, for tests/bench. eid=N is the EID to call (the PMU's own
 * when not given), trips=N how often (1000). One line each: NAME TICKS N, with the ticks of the
 * time CSR; calls that go together are timed together.
 */
#include "lib/fdt.h"
#include "lib/guest.h"
#include "lib/io.h"
#include "lib/print.h"
#include "lib/sbi.h"
#include "pmu/pmu.h"

enum { CFG_CLEAR = 2, START_SET = 1, START_SNAPSHOT = 2, STOP_RESET = 1, STOP_SNAPSHOT = 2 };

#define CYCLES	     0x00001u
#define FW_SET_TIMER 0xF0005u
/* Where Linux starts what it only counts. */
#define COUNTING 0x8000000000000001ull

static uint64_t eid;
static uint64_t all; /* mask of all counters */
static uint64_t fw;  /* a configured firmware counter */
static uint8_t page[4096] __attribute__((aligned(4096)));

static struct sbi_result call(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t registers[8] = {a0, a1, a2, a3, 0, 0, fid, eid};

	sbi_call_registers(registers);
	return (struct sbi_result){(int64_t)registers[0], registers[1]};
}

static void num_counters(void)
{
	call(PMU_NUM_COUNTERS, 0, 0, 0, 0);
}

static void get_info(void)
{
	call(PMU_COUNTER_GET_INFO, 0, 0, 0, 0);
}

static void config_and_reset(void)
{
	call(PMU_COUNTER_CONFIG_MATCHING, 0, all, CFG_CLEAR, CYCLES);
	call(PMU_COUNTER_STOP, 0, 1, STOP_RESET, 0);
}

static void start_and_stop(void)
{
	call(PMU_COUNTER_START, 0, 1, START_SET, COUNTING);
	call(PMU_COUNTER_STOP, 0, 1, 0, 0);
}

static void start_and_stop_snapshot(void)
{
	call(PMU_COUNTER_START, 0, 1, START_SNAPSHOT, 0);
	call(PMU_COUNTER_STOP, 0, 1, STOP_SNAPSHOT, 0);
}

/* What Linux does to one event each time that its task gets the CPU and loses it. */
static void switch_task(void)
{
	call(PMU_COUNTER_CONFIG_MATCHING, 0, all, 0, CYCLES);
	call(PMU_COUNTER_START, 0, 1, START_SET, COUNTING);
	call(PMU_COUNTER_STOP, 0, 1, STOP_SNAPSHOT, 0);
	call(PMU_COUNTER_STOP, 0, 1, STOP_RESET | STOP_SNAPSHOT, 0);
}

static void fw_read(void)
{
	call(PMU_COUNTER_FW_READ, fw, 0, 0, 0);
}

static void csr_read(void)
{
	uint64_t value;

	__asm__ volatile("csrr %0, cycle" : "=r"(value));
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
	eid = bootarg(args, "eid", SBI_EID_PMU);
	all = (1ull << call(PMU_NUM_COUNTERS, 0, 0, 0, 0).value) - 1;
	all &= ~2ull; /* time's place */
	measure("num_counters", num_counters, trips);
	measure("get_info", get_info, trips);
	measure("config+reset", config_and_reset, trips);
	call(PMU_SNAPSHOT_SET_SHMEM, (uintptr_t)page, 0, 0, 0);
	measure("switch", switch_task, trips);
	call(PMU_COUNTER_CONFIG_MATCHING, 0, all, CFG_CLEAR, CYCLES);
	measure("start+stop", start_and_stop, trips);
	measure("start+stop_snapshot", start_and_stop_snapshot, trips);
	fw = call(PMU_COUNTER_CONFIG_MATCHING, 0, all, 0, FW_SET_TIMER).value;
	call(PMU_COUNTER_START, fw, 1, 0, 0);
	measure("fw_read", fw_read, trips);
	if (eid == SBI_EID_PMU) {
		call(PMU_COUNTER_START, 0, 1, START_SET, 0);
		measure("csr_read", csr_read, trips);
	}
}
