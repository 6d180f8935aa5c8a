/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SBI PMU (SBI 3.0, chapter 11), and the counters' CSRs. Flags, and some values of event_idx,
 * are in base/sbi_spec.h (PMU_...). A set of counters is a mask that begins at the index BASE.
 */
#ifndef GUEST_PMU_H
#define GUEST_PMU_H

#include <stdint.h>

#include "base/riscv.h"
#include "vhart-guest/sbi.h"

/* The EID of the calls below: SBI_EID_PMU, unless a guest writes another one. */
extern uint64_t pmu_eid;

/* Any function of it. */
struct sbi_result sbi_pmu(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
			  uint64_t a4);

static inline uint64_t sbi_pmu_num_counters(void)
{
	return sbi_pmu(PMU_NUM_COUNTERS, 0, 0, 0, 0, 0).value;
}

/* Bits 11:0 of the value are its CSR, 17:12 its width - 1; bit 63: a firmware counter. */
static inline struct sbi_result sbi_pmu_counter_get_info(uint64_t counter)
{
	return sbi_pmu(PMU_COUNTER_GET_INFO, counter, 0, 0, 0, 0);
}

/* The value is the index of the counter that counts EVENT_IDX now. */
static inline struct sbi_result sbi_pmu_counter_config_matching(uint64_t base, uint64_t mask,
								uint64_t flags, uint64_t event_idx,
								uint64_t data)
{
	return sbi_pmu(PMU_COUNTER_CONFIG_MATCHING, base, mask, flags, event_idx, data);
}

/* VALUE: where it starts, with PMU_START_SET_INIT_VALUE. */
static inline int64_t sbi_pmu_counter_start(uint64_t base, uint64_t mask, uint64_t flags,
					    uint64_t value)
{
	return sbi_pmu(PMU_COUNTER_START, base, mask, flags, value, 0).error;
}

static inline int64_t sbi_pmu_counter_stop(uint64_t base, uint64_t mask, uint64_t flags)
{
	return sbi_pmu(PMU_COUNTER_STOP, base, mask, flags, 0, 0).error;
}

static inline struct sbi_result sbi_pmu_counter_fw_read(uint64_t counter)
{
	return sbi_pmu(PMU_COUNTER_FW_READ, counter, 0, 0, 0, 0);
}

/* PAGE: 4 KiB, aligned. UINT64_MAX: none. */
static inline int64_t sbi_pmu_snapshot_set_shmem(uint64_t page)
{
	return sbi_pmu(PMU_SNAPSHOT_SET_SHMEM, page, page == UINT64_MAX ? page : 0, 0, 0, 0).error;
}

/*
 * The CSR 0xC00 + INDEX (0: cycle, 2: instret, 3 to 31: hpmcounter), INDEX below 32. Where the
 * counter is not there an illegal instruction: see trap.h.
 */
uint64_t pmu_csr_read(uint64_t index);

/* Takes INSTRUCTIONS instructions, rounded up to two. */
void pmu_work(uint64_t instructions);

#endif
