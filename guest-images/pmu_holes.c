/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest can do to a host whose kernel answers the SBI PMU (vmm/kvm/kernel_holes.c): each of
 * it is one part here. A host must be at stake for it: one that was started for that alone. Words
 * of the command line: hole=N, that part alone (see the table; 0, the default: all but the reads of
 * CSRs, which no VMM keeps from the kernel).
 */
#include "tests/pmu/runner.h"
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

#define MINUS_ONE UINT64_MAX
#define CACHE	  0x10019ull
#define NOWHERE	  0x1000ull
#define TURNS	  200u

static _Alignas(4096) uint64_t page[PAGE_WORDS];
static uint64_t last_page; /* of RAM */

static struct sbi_result call(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return sbi_pmu(fid, a0, a1, a2, a3, 0);
}

static void said(const char *what, struct sbi_result answer)
{
	tap_note("%s: %ld, 0x%lx", what, (long)answer.error, answer.value);
}

static uint64_t firmware_counter(void)
{
	uint64_t count = call(PMU_NUM_COUNTERS, 0, 0, 0, 0).value;

	for (uint64_t i = 0; i < count; i++) {
		if (call(PMU_COUNTER_GET_INFO, i, 0, 0, 0).value >> 63)
			return i;
	}
	return 0;
}

static void read_unconfigured(void)
{
	said("counter_fw_read", call(PMU_COUNTER_FW_READ, firmware_counter(), 0, 0, 0));
}

static void start_far(void)
{
	said("counter_start", call(PMU_COUNTER_START, MINUS_ONE, 3, 0, 0));
}

static void stop_far(void)
{
	said("counter_stop", call(PMU_COUNTER_STOP, MINUS_ONE, 3, 0, 0));
}

static void config_far(void)
{
	said("counter_config_matching", call(PMU_COUNTER_CONFIG_MATCHING, MINUS_ONE, 3,
					     PMU_CFG_SKIP_MATCH, PMU_EVENT_IDX_SET_TIMER));
}

/* Its first page is RAM, its second is not. */
static void page_over_the_end(void)
{
	said("set_shmem", call(PMU_SNAPSHOT_SET_SHMEM, last_page + 8, 0, 0, 0));
	said("set_shmem, none", call(PMU_SNAPSHOT_SET_SHMEM, MINUS_ONE, MINUS_ONE, 0, 0));
	said("set_shmem", call(PMU_SNAPSHOT_SET_SHMEM, last_page + 8, 0, 0, 0));
	said("set_shmem, none", call(PMU_SNAPSHOT_SET_SHMEM, MINUS_ONE, MINUS_ONE, 0, 0));
}

static void page_good_then_bad(void)
{
	uint64_t first = firmware_counter();

	said("set_shmem", call(PMU_SNAPSHOT_SET_SHMEM, (uint64_t)page, 0, 0, 0));
	said("set_shmem", call(PMU_SNAPSHOT_SET_SHMEM, NOWHERE, 0, 0, 0));
	said("config", call(PMU_COUNTER_CONFIG_MATCHING, first, 1, 0, PMU_EVENT_IDX_SET_TIMER));
	said("start", call(PMU_COUNTER_START, first, 1, PMU_START_SET_INIT_VALUE, 7));
	said("stop", call(PMU_COUNTER_STOP, first, 1, PMU_STOP_TAKE_SNAPSHOT, 0));
}

static void page_many_times(void)
{
	struct sbi_result answer = {0, 0};

	for (unsigned int i = 0; i < 100 * TURNS && answer.error == 0; i++)
		answer = call(PMU_SNAPSHOT_SET_SHMEM, (uint64_t)page, 0, 0, 0);
	said("set_shmem", answer);
}

static void read_no_counter(void)
{
	struct sbi_result answer = {0, 0};

	for (unsigned int i = 0; i < TURNS; i++)
		answer = call(PMU_COUNTER_FW_READ, 1, 0, 0, 0);
	said("counter_fw_read of 1", answer);
}

static void firmware_counter_of_cache(void)
{
	uint64_t first = firmware_counter();

	said("config", call(PMU_COUNTER_CONFIG_MATCHING, first, 1, 0, PMU_EVENT_IDX_SET_TIMER));
	said("config", call(PMU_COUNTER_CONFIG_MATCHING, first, 1, PMU_CFG_SKIP_MATCH, CACHE));
	said("counter_fw_read", call(PMU_COUNTER_FW_READ, first, 0, 0, 0));
}

static void many_entries(void)
{
	said("event_get_info", call(PMU_EVENT_GET_INFO, (uint64_t)page, 0, (1ull << 27) - 1, 0));
}

/* Each CSR of a counter; what traps has no value. */
static void read_csrs(void)
{
	for (uint64_t i = 3; i < 32; i++) {
		uint64_t before = trap_record()->exceptions, value;

		trap_record()->expected = true;
		value = pmu_csr_read(i);
		trap_record()->expected = false;
		if (trap_record()->exceptions == before)
			tap_note("csrr hpmcounter%lu: 0x%lx", i, value);
		else
			tap_note("csrr hpmcounter%lu: illegal instruction", i);
	}
}

static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
	{"reads of all counter CSRs", read_csrs},
	{"counter_fw_read of a firmware counter without event", read_unconfigured},
	{"counter_start with base -1", start_far},
	{"counter_stop with base -1", stop_far},
	{"counter_config_matching with base -1", config_far},
	{"a snapshot page that runs out of RAM", page_over_the_end},
	{"a snapshot page that fails after one that did not", page_good_then_bad},
	{"a snapshot page set over and over", page_many_times},
	{"counter_fw_read of what is no counter", read_no_counter},
	{"SKIP_MATCH of a cache event on a firmware counter", firmware_counter_of_cache},
	{"event_get_info of very many", many_entries},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void run(const struct part *part)
{
	tap_note("now: %s", part->name);
	part->run();
	tap(true, "still here after: %s", part->name);
}

void main(uint64_t hart, const void *fdt)
{
	const char *args = fdt_bootargs(fdt);
	uint64_t hole = bootarg(args, "hole", 0);

	(void)hart;
	last_page = bootarg(args, "last", 0x80000000 + (64ull << 20) - 4096);
	for (uint64_t i = 1; i <= PARTS; i++) {
		if (hole == i || (hole == 0 && parts[i - 1].run != read_csrs))
			run(&parts[i - 1]);
	}
	tap_end();
}
