/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Save and restore. Sources are not part of a state: each is opened again, and what the old one had
 * counted is carried in front of what the new one counts.
 */
#include <string.h>

#include "pmu/internal.h"

/* Of which event this tally is; false: of none. */
static bool tally_event(const struct pmu *pmu, unsigned int tally, struct pmu_event *event)
{
	const struct pmu_counter *counter = &pmu->state.counters[pmu->config.hw_counters + tally];

	*event = (struct pmu_event){.type = PMU_EVENT_FIRMWARE, .code = tally};
	if (pmu_has(pmu, PMU_FW_STATE_PER_EVENT))
		return true;
	*event = counter->event;
	return counter->configured;
}

void pmu_save(struct pmu *pmu, struct pmu_state *state)
{
	uint64_t counts[PMU_MAX_COUNTERS] = {0};
	struct pmu_event event;

	/* First all counts: one may find an overflow. */
	for (unsigned int i = 0; i < pmu->config.hw_counters; i++)
		counts[i] = pmu_source_count(pmu, i);
	for (unsigned int i = 0; i < PMU_FW_COUNTERS; i++) {
		if (tally_event(pmu, i, &event))
			pmu_tally_fold(pmu, &pmu->state.tallies[i], &event);
	}
	*state = pmu->state;
	for (unsigned int i = 0; i < pmu->config.hw_counters; i++)
		state->counters[i].carried = counts[i];
}

/* ---- what a state may be ---- */

static bool event_valid(const struct pmu *pmu, const struct pmu_event *event)
{
	struct pmu_event decoded;

	if (event->type > 15 || event->code > 0xFFFF)
		return false;
	return pmu_event_decode(pmu, event->type << 16 | event->code, event->data, &decoded) ==
		       SBI_SUCCESS &&
	       decoded.code == event->code && decoded.data == event->data;
}

static bool may_stand_still(const struct pmu *pmu)
{
	return pmu_has(pmu, PMU_AUTO_START_UNMARKED) || pmu_has(pmu, PMU_START_COUNTS_NOTHING);
}

static bool hardware_valid(const struct pmu *pmu, const struct pmu_counter *counter)
{
	bool kept = pmu_has(pmu, PMU_CONFIG_FAILS_LATE);

	if (counter->open && (counter->event.type == PMU_EVENT_FIRMWARE ||
			      !event_valid(pmu, &counter->event) || !counter->configured))
		return false;
	if (counter->configured && !counter->open && !kept)
		return false;
	if (counter->started && !counter->open && !kept)
		return false;
	if (counter->running && !counter->started && !pmu_has(pmu, PMU_AUTO_START_UNMARKED))
		return false;
	if (counter->started && !counter->running && !may_stand_still(pmu))
		return false;
	if ((counter->running || counter->armed) && !counter->open)
		return false;
	if (!counter->armed)
		return true;
	/* The distance is not 0: an overflow that was reached is no more armed. */
	return counter->overflow_at - counter->carried - 1 < PMU_FAR_PERIOD - 1;
}

static bool firmware_valid(const struct pmu *pmu, const struct pmu_counter *counter)
{
	if (counter->open || counter->running || counter->armed || counter->started)
		return false;
	if (!counter->configured)
		return true;
	if (counter->event.type != PMU_EVENT_FIRMWARE)
		return pmu_has(pmu, PMU_SKIP_TAKES_ANY_EVENT) &&
		       counter->event.type <= PMU_EVENT_RAW_V2 && counter->event.code <= 0xFFFF;
	return event_valid(pmu, &counter->event);
}

static bool state_valid(const struct pmu *pmu, const struct pmu_state *state)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		const struct pmu_counter *counter = &state->counters[i];

		if (pmu_is_hardware(pmu, i) ? !hardware_valid(pmu, counter)
					    : !firmware_valid(pmu, counter))
			return false;
		if (!pmu_is_hardware(pmu, i) && state->overflown >> i & 1)
			return false;
		if (!pmu_is_hardware(pmu, i) && !pmu_is_firmware(pmu, i) && counter->configured)
			return false;
	}
	if (!state->has_snapshot && state->snapshot_address && !pmu_has(pmu, PMU_PAGE_REMEMBERED))
		return false;
	return state->snapshot_address % sizeof(struct pmu_snapshot) == 0 ||
	       pmu_has(pmu, PMU_PAGE_UNALIGNED);
}

/* Flags from a file may be any byte. */
static void normalize(struct pmu_state *state)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		struct pmu_counter *counter = &state->counters[i];

		counter->event.no_user = counter->event.no_user != 0;
		counter->event.no_supervisor = counter->event.no_supervisor != 0;
		counter->configured = counter->configured != 0;
		counter->started = counter->started != 0;
		counter->open = counter->open != 0;
		counter->running = counter->running != 0;
		counter->armed = counter->armed != 0;
		if (!counter->open)
			counter->base = counter->carried = 0;
	}
	for (unsigned int i = 0; i < PMU_FW_COUNTERS; i++)
		state->tallies[i].started = state->tallies[i].started != 0;
	state->has_snapshot = state->has_snapshot != 0;
}

/* ---- making it so ---- */

static bool restore_hardware(struct pmu *pmu, unsigned int index, const struct pmu_counter *saved)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	if (!saved->open) {
		*counter = *saved;
		return true;
	}
	if (!pmu_source_open(pmu, index, &saved->event))
		return false;
	*counter = *saved;
	counter->running = false;
	return !saved->running || pmu_source_start(pmu, index);
}

static bool restore_tally(struct pmu *pmu, unsigned int index)
{
	struct pmu_tally *tally = &pmu->state.tallies[index];
	struct pmu_event event;

	if (!tally->started)
		return true;
	return tally_event(pmu, index, &event) && pmu_tally_start(pmu, tally, &event);
}

static bool restore(struct pmu *pmu, const struct pmu_state *state)
{
	bool restored = state_valid(pmu, state);

	for (unsigned int i = 0; i < PMU_MAX_COUNTERS && restored; i++) {
		if (pmu_is_hardware(pmu, i))
			restored = restore_hardware(pmu, i, &state->counters[i]);
		else
			pmu->state.counters[i] = state->counters[i];
	}
	if (!restored)
		return false;
	memcpy(pmu->state.tallies, state->tallies, sizeof(state->tallies));
	pmu->state.overflown = state->overflown;
	pmu->state.unserved = state->unserved;
	pmu->state.has_snapshot = state->has_snapshot;
	pmu->state.snapshot_address = state->snapshot_address;
	pmu->state.page = state->page;
	for (unsigned int i = 0; i < PMU_FW_COUNTERS && restored; i++)
		restored = restore_tally(pmu, i);
	return restored;
}

bool pmu_restore(struct pmu *pmu, const struct pmu_state *state)
{
	struct pmu_state saved = *state; /* maybe the PMU's own */
	bool restored;

	pmu_reset(pmu);
	memset(&pmu->state, 0, sizeof(pmu->state));
	normalize(&saved);
	restored = restore(pmu, &saved);
	if (!restored) {
		pmu_reset(pmu);
		memset(&pmu->state, 0, sizeof(pmu->state));
	}
	return restored;
}
