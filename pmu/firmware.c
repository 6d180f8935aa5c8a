/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware counters: the difference of an event's count, which never stops, since the start. */
#include "pmu/internal.h"

struct pmu_tally *pmu_tally(struct pmu *pmu, unsigned int index, unsigned int code)
{
	/* vcpu_pmu.c: fw_event[] is per event code. */
	unsigned int tally =
		pmu_has(pmu, PMU_FW_STATE_PER_EVENT) ? code : index - pmu->config.hw_counters;

	return tally < PMU_FW_COUNTERS ? &pmu->state.tallies[tally] : NULL;
}

/* Codes of SFENCE_VMA_SENT and its three others. */
static bool is_sfence(unsigned int code)
{
	return code >= 10 && code <= 13;
}

static bool count_of(struct pmu *pmu, const struct pmu_event *event, uint64_t *count)
{
	if (event->code == PMU_FW_PLATFORM)
		return pmu->environment->platform(pmu->opaque, event->data, count);
	if (event->code < PMU_FW_EVENTS &&
	    !(is_sfence(event->code) && pmu_has(pmu, PMU_SFENCE_NOT_COUNTED)) &&
	    pmu->environment->firmware(pmu->opaque, event->code, count))
		return true;
	/* KVM takes each of the 22 and never counts some. */
	*count = 0;
	return pmu_has(pmu, PMU_STANDARD_FW_ONLY);
}

bool pmu_tally_start(struct pmu *pmu, struct pmu_tally *tally, const struct pmu_event *event)
{
	tally->started = count_of(pmu, event, &tally->base);
	return tally->started;
}

void pmu_tally_fold(struct pmu *pmu, struct pmu_tally *tally, const struct pmu_event *event)
{
	uint64_t count;

	/* An event that is lost while it is counted keeps its last value. */
	if (!tally->started || !count_of(pmu, event, &count))
		return;
	tally->value += count - tally->base;
	tally->base = count;
}
