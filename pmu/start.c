/* SPDX-License-Identifier: Apache-2.0 */
/* FID 3, counter_start (SBI 3.0, section 11.9). */
#include "pmu/internal.h"

enum { START_FLAGS = PMU_START_SET_INIT_VALUE | PMU_START_INIT_SNAPSHOT };

#define LINUX_RESTART_BASE 4096u

static bool is_started(struct pmu *pmu, unsigned int index)
{
	const struct pmu_counter *counter = &pmu->state.counters[index];
	const struct pmu_tally *tally;

	if (!pmu_is_firmware(pmu, index))
		return counter->started;
	tally = pmu_tally(pmu, index, counter->event.code);
	return tally && tally->started;
}

static int start_hardware(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	/* Only under quirks is a counter configured, and has no source. */
	if (!counter->open)
		return SBI_ERR_INVALID_PARAM;
	if (counter->started)
		return SBI_ERR_ALREADY_STARTED;
	pmu_arm(pmu, index);
	if (!pmu_source_start(pmu, index) && !pmu_has(pmu, PMU_START_COUNTS_NOTHING))
		return SBI_ERR_FAILED;
	counter->started = true;
	return SBI_SUCCESS;
}

static int start_firmware(struct pmu *pmu, unsigned int index, bool *abort)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	struct pmu_tally *tally = pmu_tally(pmu, index, counter->event.code);

	if (!tally) {
		*abort = true;
		return SBI_ERR_INVALID_PARAM;
	}
	if (tally->started)
		return SBI_ERR_ALREADY_STARTED;
	tally->value = counter->value;
	return pmu_tally_start(pmu, tally, &counter->event) ? SBI_SUCCESS : SBI_ERR_FAILED;
}

/* VALUE: where it starts; NULL: where it stands. */
static int start_one(struct pmu *pmu, unsigned int index, const uint64_t *value, bool *abort)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	if (!pmu_has(pmu, PMU_START_OVERWRITES) && is_started(pmu, index))
		return SBI_ERR_ALREADY_STARTED;
	/* An overflow whose signal has not come yet was before this. */
	pmu_source_count(pmu, index);
	pmu_forget_overflow(pmu, index);
	if (value)
		counter->value = *value;
	if (!pmu_has(pmu, PMU_WIDE_VALUES))
		counter->value &= pmu_last_value(pmu, index);
	if (pmu_is_firmware(pmu, index))
		return start_firmware(pmu, index, abort);
	return start_hardware(pmu, index);
}

struct pmu_result pmu_start(struct pmu *pmu, const uint64_t *args)
{
	struct pmu_set set = {args[0], args[1]};
	uint64_t flags = args[2], rest = set.mask;
	const struct pmu_snapshot *page = NULL;
	unsigned int slot, index;
	bool abort = false;
	int error = SBI_SUCCESS;

	if (pmu_has(pmu, PMU_RESTART_AT_4096) && set.base == LINUX_RESTART_BASE &&
	    flags & PMU_START_INIT_SNAPSHOT)
		set.base = 0;
	if (!pmu_set_valid(pmu, &set))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (flags & ~(uint64_t)START_FLAGS && !pmu_has(pmu, PMU_RESERVED_FLAGS_IGNORED))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	/* "Mutually exclusive". */
	if ((flags & START_FLAGS) == START_FLAGS && !pmu_has(pmu, PMU_SET_VALUE_WINS))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (flags & PMU_START_INIT_SNAPSHOT) {
		if (!pmu_snapshot_usable(pmu))
			return (struct pmu_result){SBI_ERR_NO_SHMEM, 0};
		page = pmu_snapshot_read(pmu);
		if (!page)
			return (struct pmu_result){SBI_ERR_FAILED, 0};
	}
	if (!pmu_has(pmu, PMU_IDLE_SET_ACCEPTED) && !pmu_set_configured(pmu, &set))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};

	/* What can be started is; the last error is the answer. */
	while (!abort && pmu_set_next(&set, &rest, &slot, &index)) {
		const uint64_t *value = page ? &page->values[slot] : NULL;
		int result;

		if (!pmu->state.counters[index].configured)
			continue;
		if (flags & PMU_START_SET_INIT_VALUE)
			value = &args[3];
		result = start_one(pmu, index, value, &abort);
		if (result)
			error = result;
	}
	/* So a handler goes on when it is done. */
	if (flags & PMU_START_INIT_SNAPSHOT)
		pmu->state.unserved = false;
	return (struct pmu_result){error, 0};
}
