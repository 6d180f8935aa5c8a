/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where behaviour leaves the text of SBI 3.0, chapter 11: one bit each, and one table that says
 * what each does and which profiles have it.
 */
#ifndef VHART_PMU_QUIRKS_H
#define VHART_PMU_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

#include "pmu/kernels.h"
#include "pmu/pmu.h"

enum pmu_quirk {
	/* any function */
	PMU_WIDE_FID,
	PMU_NO_EVENT_INFO,
	PMU_TIME_IN_SET,
	PMU_BASE_WRAPS,
	PMU_RESERVED_FLAGS_IGNORED,
	PMU_IDLE_SET_ACCEPTED,
	/* counter_get_info */
	PMU_INFO_OF_NO_COUNTER,
	PMU_INFO_OF_64,
	/* counter_config_matching */
	PMU_EVENT_BITS_IGNORED,
	PMU_UNUSED_DATA_IGNORED,
	PMU_NO_EVENT_IS_CYCLES,
	PMU_NO_RAW_V2,
	PMU_STANDARD_FW_ONLY,
	PMU_FIXED_STOLEN,
	PMU_SKIP_NEEDS_CONFIGURED,
	PMU_SKIP_TAKES_ANY_EVENT,
	PMU_CONFIG_FAILS_LATE,
	PMU_CONFIG_UNTRIED,
	PMU_CONFIG_KEEPS_OVERFLOW,
	PMU_AUTO_START_UNMARKED,
	PMU_FW_CLEAR_IGNORED,
	PMU_FW_STATE_PER_EVENT,
	PMU_SFENCE_NOT_COUNTED,
	/* counter_start */
	PMU_START_OVERWRITES,
	PMU_START_COUNTS_NOTHING,
	PMU_SET_VALUE_WINS,
	PMU_PERIOD_KEPT,
	PMU_RESTART_AT_4096,
	/* counter_stop */
	PMU_COUNT_NOT_FOLDED,
	PMU_FW_STOP_FORGETS,
	PMU_SNAPSHOT_ENDS_AT_ERROR,
	PMU_RESET_HIDES_OVERFLOW,
	PMU_PARTLY_STOPPED_IS_STOPPED,
	PMU_UNSERVED_IS_SHOWN,
	/* the snapshot page */
	PMU_PAGE_CACHED,
	PMU_PAGE_ERROR_IGNORED,
	PMU_PAGE_ZEROED,
	PMU_PAGE_UNALIGNED,
	PMU_PAGE_REMEMBERED,
	/* reads */
	PMU_FW_READ_OF_HW,
	PMU_FW_READ_NEEDS_EVENT,
	PMU_FW_READ_HI_UNCHECKED,
	PMU_FW_READ_TO_31,
	PMU_CSR_NEEDS_EVENT,
	PMU_WIDE_VALUES,
	PMU_USER_READS_ALL,
	/* event_get_info */
	PMU_EVENT_INFO_LOOSE,
	/* hart reset */
	PMU_RESET_KEEPS_STARTED,

	PMU_QUIRKS,
};

struct pmu_quirk_info {
	enum pmu_quirk bit;
	const char *name;
	const char *what;
	unsigned int profiles;	   /* that are no kernel's: bit p: the profile p has it */
	struct linux_span kernels; /* that were seen to have it; 0, 0: none */
};

extern const struct pmu_quirk_info pmu_quirks[PMU_QUIRKS];

static inline bool pmu_has(const struct pmu *pmu, enum pmu_quirk quirk)
{
	return pmu->config.quirks >> quirk & 1;
}

#endif
