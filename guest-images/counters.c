/* SPDX-License-Identifier: Apache-2.0 */
/* A counter of the SBI PMU counts what happens between its start and its stop. */
#include "vhart-guest/check.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/pmu.h"
#include "vhart-guest/tap.h"

#define WORK	 100000u
#define FIRMWARE (1ull << 63) /* in what get_info says */

/* All counters that there are, as a set from 0 on. */
static uint64_t find_all(void)
{
	uint64_t all = 0, count = sbi_pmu_num_counters();

	for (uint64_t i = 0; i < count && i < 64; i++) {
		if (sbi_pmu_counter_get_info(i).error == SBI_SUCCESS)
			all |= 1ull << i;
	}
	return all;
}

static void counts_calls(uint64_t all)
{
	struct sbi_result got =
		sbi_pmu_counter_config_matching(0, all, 0, PMU_EVENT_IDX_SET_TIMER, 0);
	uint64_t counter = got.value;

	if (got.error) {
		tap_skip("set_timer events are not countable here: error %ld", got.error);
		return;
	}
	tap(sbi_pmu_counter_get_info(counter).value & FIRMWARE, "a firmware counter counts calls");
	check_eq(sbi_pmu_counter_start(counter, 1, PMU_START_SET_INIT_VALUE, 100), SBI_SUCCESS);
	for (unsigned int i = 0; i < 7; i++)
		sbi_set_timer(UINT64_MAX);
	check_eq(sbi_pmu_counter_stop(counter, 1, 0), SBI_SUCCESS);
	sbi_set_timer(UINT64_MAX);
	tap_eq(sbi_pmu_counter_fw_read(counter).value, 107, "those before its stop");
	sbi_pmu_counter_stop(counter, 1, PMU_STOP_RESET);
}

static void counts_instructions(uint64_t all)
{
	struct sbi_result got =
		sbi_pmu_counter_config_matching(0, all, 0, PMU_EVENT_IDX_INSTRUCTIONS, 0);
	uint64_t csr, counter = got.value, value;

	if (got.error) {
		tap_skip("instructions are not countable here: error %ld", got.error);
		return;
	}
	csr = sbi_pmu_counter_get_info(counter).value & 0xFFF;
	check_eq(sbi_pmu_counter_start(counter, 1, PMU_START_SET_INIT_VALUE, 0), SBI_SUCCESS);
	pmu_work(WORK);
	check_eq(sbi_pmu_counter_stop(counter, 1, 0), SBI_SUCCESS);
	value = pmu_csr_read(csr - CSR_CYCLE);
	/* And the few of the calls. A host that has no such counter may count its clock instead. */
	tap(value >= WORK && value < WORK + 200, "%u instructions of work are %lu", WORK, value);
	pmu_work(WORK);
	tap_eq(pmu_csr_read(csr - CSR_CYCLE), value, "and those after its stop are not counted");
	sbi_pmu_counter_stop(counter, 1, PMU_STOP_RESET);
}

void main(uint64_t hart, const void *fdt)
{
	uint64_t all;

	(void)hart;
	(void)fdt;
	if (!sbi_probe(SBI_EID_PMU))
		tap_skip_all("nobody answers the SBI PMU here");
	all = find_all();
	tap(all != 0, "there are counters: 0x%lx", all);
	counts_calls(all);
	counts_instructions(all);
	tap_end();
}
