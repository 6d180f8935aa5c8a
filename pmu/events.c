/* SPDX-License-Identifier: Apache-2.0 */
/* event_idx and event_data (SBI 3.0, sections 11.1 to 11.5). */
#include "pmu/internal.h"

#define CODE_MASK     0xFFFFull
#define EVENT_IDX_MAX 0xFFFFFull

enum { HARDWARE_CYCLES = 1, HARDWARE_LAST = 10 };
enum { CACHES = 7, CACHE_OPERATIONS = 3 };

static const uint64_t raw_bits[] = {
	[PMU_EVENT_RAW] = (1ull << 48) - 1,
	[PMU_EVENT_RAW_V2] = (1ull << 56) - 1,
};

static bool hardware_known(const struct pmu *pmu, struct pmu_event *event)
{
	if (event->code == 0 && pmu_has(pmu, PMU_NO_EVENT_IS_CYCLES))
		event->code = HARDWARE_CYCLES;
	return event->code >= HARDWARE_CYCLES && event->code <= HARDWARE_LAST;
}

static bool cache_known(const struct pmu_event *event)
{
	return event->code >> 3 < CACHES && (event->code >> 1 & 3) < CACHE_OPERATIONS;
}

static bool raw_known(const struct pmu *pmu, struct pmu_event *event)
{
	uint64_t bits = raw_bits[event->type];

	if (event->type == PMU_EVENT_RAW_V2 && pmu_has(pmu, PMU_NO_RAW_V2))
		return false;
	if (pmu_has(pmu, PMU_EVENT_BITS_IGNORED)) {
		event->code = 0;
		event->data &= bits;
	}
	return event->code == 0 && (event->data & ~bits) == 0;
}

static bool firmware_known(const struct pmu *pmu, const struct pmu_event *event)
{
	if (event->code == PMU_FW_PLATFORM)
		return !pmu_has(pmu, PMU_STANDARD_FW_ONLY);
	return event->code < PMU_FW_EVENTS;
}

static bool known(const struct pmu *pmu, struct pmu_event *event)
{
	switch (event->type) {
	case PMU_EVENT_HARDWARE: return hardware_known(pmu, event);
	case PMU_EVENT_CACHE: return cache_known(event);
	case PMU_EVENT_RAW:
	case PMU_EVENT_RAW_V2: return raw_known(pmu, event);
	case PMU_EVENT_FIRMWARE: return firmware_known(pmu, event);
	default: return false;
	}
}

static bool has_data(const struct pmu_event *event)
{
	return event->type == PMU_EVENT_RAW || event->type == PMU_EVENT_RAW_V2 ||
	       (event->type == PMU_EVENT_FIRMWARE && event->code == PMU_FW_PLATFORM);
}

int pmu_event_decode(const struct pmu *pmu, uint64_t event_idx, uint64_t data,
		     struct pmu_event *event)
{
	*event = (struct pmu_event){
		.type = event_idx >> 16 & 15, .code = event_idx & CODE_MASK, .data = data};

	if (event_idx > EVENT_IDX_MAX && !pmu_has(pmu, PMU_EVENT_BITS_IGNORED))
		return SBI_ERR_INVALID_PARAM;
	if (!has_data(event)) {
		if (data != 0 && !pmu_has(pmu, PMU_UNUSED_DATA_IGNORED))
			return SBI_ERR_NOT_SUPPORTED;
		event->data = 0;
	}
	return known(pmu, event) ? SBI_SUCCESS : SBI_ERR_NOT_SUPPORTED;
}

bool pmu_event_countable(const struct pmu *pmu, const struct pmu_event *event)
{
	uint64_t count;

	if (event->type != PMU_EVENT_FIRMWARE)
		return pmu->environment->supported(pmu->opaque, event);
	if (event->code == PMU_FW_PLATFORM)
		return pmu->environment->platform(pmu->opaque, event->data, &count);
	return pmu_has(pmu, PMU_STANDARD_FW_ONLY) ||
	       pmu->environment->firmware(pmu->opaque, event->code, &count);
}
