/* SPDX-License-Identifier: Apache-2.0 */
/* FID 2, counter_config_matching (SBI 3.0, section 11.8). */
#include "pmu/internal.h"

enum { CFG_FLAGS = 0xFF }; /* those without a name are hints that need not be followed */

#define NO_INDEX PMU_MAX_COUNTERS

/* The fixed counter of EVENT. */
static unsigned int fixed_index(const struct pmu_event *event, uint64_t event_idx)
{
	if (event->type != PMU_EVENT_HARDWARE)
		return NO_INDEX;
	/* KVM looks at the code as it was given: event 0 counts cycles, but not there. */
	switch (event_idx & 0xFFFF) {
	case PMU_EVENT_IDX_CYCLES: return PMU_INDEX_CYCLE;
	case PMU_EVENT_IDX_INSTRUCTIONS: return PMU_INDEX_INSTRET;
	default: return NO_INDEX;
	}
}

static bool index_fits(const struct pmu *pmu, unsigned int index, const struct pmu_event *event,
		       uint64_t event_idx)
{
	if (event->type == PMU_EVENT_FIRMWARE)
		return pmu_is_firmware(pmu, index);
	if (index < PMU_INDEX_FIRST)
		return index == fixed_index(event, event_idx);
	return pmu_is_hardware(pmu, index);
}

/* The lowest that is free: cycles and instructions so come to their fixed counters first. */
static unsigned int match(const struct pmu *pmu, const struct pmu_set *set,
			  const struct pmu_event *event, uint64_t event_idx)
{
	bool steal = pmu_has(pmu, PMU_FIXED_STOLEN);
	uint64_t rest = set->mask;
	unsigned int slot, index;

	if (steal && fixed_index(event, event_idx) != NO_INDEX)
		return fixed_index(event, event_idx);
	while (pmu_set_next(set, &rest, &slot, &index)) {
		if (!pmu->state.counters[index].configured &&
		    index_fits(pmu, index, event, event_idx))
			return index;
	}
	return NO_INDEX;
}

/* SKIP_MATCH: the first of the set, whatever it does now. */
static int first(const struct pmu *pmu, const struct pmu_set *set, const struct pmu_event *event,
		 uint64_t event_idx, unsigned int *index)
{
	uint64_t rest = set->mask;
	unsigned int slot;

	pmu_set_next(set, &rest, &slot, index);
	if (pmu_has(pmu, PMU_SKIP_NEEDS_CONFIGURED) && !pmu->state.counters[*index].configured)
		return SBI_ERR_FAILED;
	if (!pmu_has(pmu, PMU_SKIP_TAKES_ANY_EVENT) && !index_fits(pmu, *index, event, event_idx))
		return SBI_ERR_NOT_SUPPORTED;
	return SBI_SUCCESS;
}

/* ---- firmware ---- */

static void stop_old_firmware(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	struct pmu_tally *tally = pmu_tally(pmu, index, counter->event.code);

	if (pmu_has(pmu, PMU_FW_STATE_PER_EVENT) || !tally->started)
		return;
	pmu_tally_fold(pmu, tally, &counter->event);
	tally->started = false;
	counter->value = tally->value;
}

static int configure_firmware(struct pmu *pmu, unsigned int index, const struct pmu_event *event,
			      uint64_t flags)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	struct pmu_tally *tally = pmu_tally(pmu, index, event->code);

	if (!tally)
		return SBI_ERR_NOT_SUPPORTED;

	/* With SKIP_MATCH KVM takes a hardware counter, too, and leaves its source alone. */
	if (pmu_is_firmware(pmu, index)) {
		stop_old_firmware(pmu, index);
		counter->event = *event;
	}
	if (flags & PMU_CFG_CLEAR_VALUE && !pmu_has(pmu, PMU_FW_CLEAR_IGNORED))
		counter->value = 0;
	if (!pmu_has(pmu, PMU_FW_STATE_PER_EVENT))
		tally->value = counter->value;
	if (flags & PMU_CFG_AUTO_START && !tally->started && !pmu_tally_start(pmu, tally, event))
		return SBI_ERR_NOT_SUPPORTED;
	return SBI_SUCCESS;
}

/* ---- hardware ---- */

/* A hardware event on a firmware counter: KVM has a perf event for it that nobody ever reads, and
 * takes the code that was given for a firmware event's. */
static bool misplace(struct pmu *pmu, unsigned int index, const struct pmu_event *event,
		     uint64_t event_idx)
{
	if (!pmu_event_countable(pmu, event))
		return false;
	pmu->state.counters[index].event =
		(struct pmu_event){.type = event->type, .code = event_idx & 0xFFFF};
	return true;
}

/* That it cannot count now the guest must hear here: Linux asks nowhere else. */
static bool can_run(struct pmu *pmu, unsigned int index)
{
	if (pmu_has(pmu, PMU_CONFIG_UNTRIED) || pmu->environment->schedulable(pmu->opaque, index))
		return true;
	pmu_source_close(pmu, index);
	return false;
}

static bool open_source(struct pmu *pmu, unsigned int index, const struct pmu_event *event,
			uint64_t event_idx)
{
	if (pmu_is_hardware(pmu, index))
		return pmu_source_open(pmu, index, event) && can_run(pmu, index);
	return misplace(pmu, index, event, event_idx);
}

static int configure_hardware(struct pmu *pmu, unsigned int index, const struct pmu_event *event,
			      const uint64_t *args, bool known)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t flags = args[2];
	bool unmarked = pmu_has(pmu, PMU_AUTO_START_UNMARKED);

	if (!unmarked && counter->open) {
		pmu_source_stop(pmu, index);
		pmu_fold(pmu, index);
		counter->started = false;
	}
	pmu_source_close(pmu, index);
	if (flags & PMU_CFG_CLEAR_VALUE)
		counter->value = 0;
	if (!known || !open_source(pmu, index, event, args[3]))
		return SBI_ERR_NOT_SUPPORTED;
	if (!counter->open)
		return SBI_SUCCESS;
	pmu_arm_as_configured(pmu, index);
	if (!(flags & PMU_CFG_AUTO_START))
		return SBI_SUCCESS;
	if (!unmarked)
		pmu_arm(pmu, index);
	if (!pmu_source_start(pmu, index) && !unmarked) {
		pmu_source_close(pmu, index);
		return SBI_ERR_NOT_SUPPORTED;
	}
	/* vcpu_pmu.c:kvm_pmu_create_perf_event enables the event and no more. */
	if (!unmarked)
		counter->started = true;
	return SBI_SUCCESS;
}

struct pmu_result pmu_config_matching(struct pmu *pmu, const uint64_t *args)
{
	const struct pmu_set set = {args[0], args[1]};
	uint64_t flags = args[2];
	struct pmu_event event;
	unsigned int index;
	bool firmware;
	int unknown, error = SBI_SUCCESS;

	if (!pmu_set_valid(pmu, &set))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (flags & ~(uint64_t)CFG_FLAGS && !pmu_has(pmu, PMU_RESERVED_FLAGS_IGNORED))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	unknown = pmu_event_decode(pmu, args[3], args[4], &event);
	event.no_user = (flags & PMU_CFG_SET_UINH) != 0;
	event.no_supervisor = (flags & PMU_CFG_SET_SINH) != 0;
	firmware = event.type == PMU_EVENT_FIRMWARE;
	if (firmware && !unknown && !pmu_event_countable(pmu, &event))
		unknown = SBI_ERR_NOT_SUPPORTED;
	/* That a hardware event does not exist KVM finds when it creates its perf event, the old
	 * one of the counter being gone by then. */
	if (unknown && (firmware || !pmu_has(pmu, PMU_CONFIG_FAILS_LATE)))
		return (struct pmu_result){unknown, 0};

	if (flags & PMU_CFG_SKIP_MATCH)
		error = first(pmu, &set, &event, args[3], &index);
	else if ((index = match(pmu, &set, &event, args[3])) == NO_INDEX)
		error = SBI_ERR_NOT_SUPPORTED;
	if (error)
		return (struct pmu_result){error, 0};

	if (firmware)
		error = configure_firmware(pmu, index, &event, flags);
	else
		error = configure_hardware(pmu, index, &event, args, !unknown);
	if (!error || !pmu_has(pmu, PMU_CONFIG_FAILS_LATE))
		pmu->state.counters[index].configured = !error;
	if (!pmu_has(pmu, PMU_CONFIG_KEEPS_OVERFLOW))
		pmu_forget_overflow(pmu, index);
	return (struct pmu_result){error, error ? 0 : index};
}
