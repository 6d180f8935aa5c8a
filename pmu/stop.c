/* SPDX-License-Identifier: Apache-2.0 */
/* FID 4, counter_stop (SBI 3.0, section 11.10). */
#include "pmu/internal.h"

enum { STOP_FLAGS = PMU_STOP_RESET | PMU_STOP_TAKE_SNAPSHOT };

static int stop_hardware(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	/* Only under quirks is a counter configured, and has no source. */
	if (!counter->open)
		return SBI_ERR_INVALID_PARAM;
	if (!counter->started)
		return SBI_ERR_ALREADY_STOPPED;
	pmu_source_stop(pmu, index);
	counter->started = false;
	if (!pmu_has(pmu, PMU_COUNT_NOT_FOLDED))
		pmu_fold(pmu, index);
	return SBI_SUCCESS;
}

static int stop_firmware(struct pmu *pmu, unsigned int index, bool *abort)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	struct pmu_tally *tally = pmu_tally(pmu, index, counter->event.code);

	if (!tally) {
		*abort = true;
		return SBI_ERR_INVALID_PARAM;
	}
	if (!tally->started)
		return SBI_ERR_ALREADY_STOPPED;
	pmu_tally_fold(pmu, tally, &counter->event);
	tally->started = false;
	if (!pmu_has(pmu, PMU_FW_STOP_FORGETS))
		counter->value = tally->value;
	return SBI_SUCCESS;
}

static void reset_one(struct pmu *pmu, unsigned int index)
{
	pmu->state.counters[index].configured = false;
	pmu_forget_overflow(pmu, index);
}

struct pmu_result pmu_stop(struct pmu *pmu, const uint64_t *args)
{
	const struct pmu_set set = {args[0], args[1]};
	uint64_t flags = args[2], rest = set.mask;
	struct pmu_snapshot_taking taking = {.base = set.base};
	bool snapshot = flags & PMU_STOP_TAKE_SNAPSHOT, any_stopped = false, abort = false;
	unsigned int slot, index;
	int error = SBI_SUCCESS;

	if (!pmu_set_valid(pmu, &set))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (flags & ~(uint64_t)STOP_FLAGS && !pmu_has(pmu, PMU_RESERVED_FLAGS_IGNORED))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (snapshot && !pmu_snapshot_usable(pmu))
		return (struct pmu_result){SBI_ERR_NO_SHMEM, 0};
	if (!pmu_has(pmu, PMU_IDLE_SET_ACCEPTED) && !pmu_set_configured(pmu, &set))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};

	/* What can be stopped is; the last error is the answer. */
	while (pmu_set_next(&set, &rest, &slot, &index)) {
		int result;

		if (!pmu->state.counters[index].configured)
			continue;
		result = pmu_is_firmware(pmu, index) ? stop_firmware(pmu, index, &abort)
						     : stop_hardware(pmu, index);
		if (abort) /* vcpu_pmu.c: the page is not written either */
			return (struct pmu_result){result, 0};
		any_stopped |= result == SBI_SUCCESS;
		if (result)
			error = result;
		/* The source goes first. That shows where its count was not folded:
		 * before 6.12.113. */
		if (flags & PMU_STOP_RESET)
			pmu_source_close(pmu, index);
		if (snapshot && (!error || !pmu_has(pmu, PMU_SNAPSHOT_ENDS_AT_ERROR)))
			pmu_snapshot_note(pmu, &taking, slot, index);
		if (!(flags & PMU_STOP_RESET))
			continue;
		if (snapshot)
			pmu_snapshot_forget(pmu, &taking, slot);
		reset_one(pmu, index);
	}
	if (snapshot && any_stopped && error == SBI_ERR_ALREADY_STOPPED &&
	    pmu_has(pmu, PMU_PARTLY_STOPPED_IS_STOPPED))
		error = SBI_SUCCESS;
	if (!pmu_snapshot_finish(pmu, &taking))
		error = SBI_ERR_FAILED;
	return (struct pmu_result){error, 0};
}
