/* SPDX-License-Identifier: Apache-2.0 */
/* FIDs 1 and 8, counter_get_info and event_get_info (SBI 3.0, sections 11.7 and 11.14). */
#include "base/riscv.h"
#include "pmu/internal.h"

#define INFO_WIDTH_SHIFT 12
#define INFO_FIRMWARE	 (1ull << 63)

static uint64_t width(const struct pmu *pmu, unsigned int index)
{
	return 63 - (unsigned int)__builtin_clzll(pmu_last_value(pmu, index));
}

struct pmu_result pmu_get_info(struct pmu *pmu, const uint64_t *args)
{
	uint64_t index = args[0];

	if (pmu_is_hardware(pmu, index))
		return (struct pmu_result){SBI_SUCCESS,
					   (CSR_CYCLE + index) | width(pmu, (unsigned int)index)
									 << INFO_WIDTH_SHIFT};
	if (pmu_is_firmware(pmu, index))
		return (struct pmu_result){SBI_SUCCESS, INFO_FIRMWARE | 63ull << INFO_WIDTH_SHIFT};
	if (pmu_has(pmu, PMU_INFO_OF_NO_COUNTER) && index >= pmu_counters(pmu) && index < 64)
		return (struct pmu_result){SBI_SUCCESS, 0};
	/* pmc[64] is fw_event[1].started. */
	if (pmu_has(pmu, PMU_INFO_OF_64) && index == 64)
		return (struct pmu_result){SBI_SUCCESS, pmu->state.tallies[1].started};
	return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
}

/* ---- event_get_info ---- */

struct event_entry {
	uint32_t event_idx;
	uint32_t output; /* bit 0: supported */
	uint64_t data;
};
_Static_assert(sizeof(struct event_entry) == 16, "the layout of an entry");

/*
 * How many entries one call may have: one call must not hold its thread for long, and Linux asks
 * for 52. SBI 3.0, section 3.2, on shared memory: SBI_ERR_FAILED where an implementation allows
 * less than all that is accessible; KVM says the same when it finds no memory for a copy.
 */
#define MAX_ENTRIES 4096u

static bool reserved_bits(const struct event_entry *entry)
{
	return entry->event_idx >> 20;
}

static bool supported(struct pmu *pmu, const struct event_entry *entry)
{
	bool loose = pmu_has(pmu, PMU_EVENT_INFO_LOOSE);
	unsigned int type = entry->event_idx >> 16 & 15;
	struct pmu_event event;
	uint64_t data = entry->data;

	/* KVM's all-ones for "none" passes for a platform event in the host's driver. */
	if (loose && type == PMU_EVENT_FIRMWARE)
		return true;
	/* The text has no event_data for these. */
	if (type == PMU_EVENT_HARDWARE || type == PMU_EVENT_CACHE)
		data = 0;
	return pmu_event_decode(pmu, entry->event_idx, data, &event) == SBI_SUCCESS &&
	       pmu_event_countable(pmu, &event);
}

/* Reads everything once before anything is written; the size is bounded. */
static int check_entries(struct pmu *pmu, uint64_t address, uint64_t count)
{
	const struct pmu_environment *environment = pmu->environment;
	bool loose = pmu_has(pmu, PMU_EVENT_INFO_LOOSE);
	struct event_entry entry;

	for (uint64_t i = 0; i < count; i++) {
		if (!environment->memory_read(pmu->opaque, address + i * sizeof(entry), &entry,
					      sizeof(entry)))
			return loose ? SBI_ERR_FAILED : SBI_ERR_INVALID_ADDRESS;
		if (reserved_bits(&entry) && !loose)
			return SBI_ERR_INVALID_PARAM;
	}
	if (!environment->memory_writable(pmu->opaque, address, count * sizeof(entry)))
		return SBI_ERR_INVALID_ADDRESS;
	return SBI_SUCCESS;
}

/* An entry may have changed since it was checked: each is judged as it is now. */
static int answer_entry(struct pmu *pmu, uint64_t address)
{
	const struct pmu_environment *environment = pmu->environment;
	struct event_entry entry;

	if (!environment->memory_read(pmu->opaque, address, &entry, sizeof(entry)))
		return SBI_ERR_INVALID_ADDRESS;
	entry.output = supported(pmu, &entry);
	if (!environment->memory_write(pmu->opaque, address + offsetof(struct event_entry, output),
				       &entry.output, sizeof(entry.output)))
		return SBI_ERR_INVALID_ADDRESS;
	return SBI_SUCCESS;
}

struct pmu_result pmu_event_info(struct pmu *pmu, const uint64_t *args)
{
	uint64_t address = args[0], count = args[2], size;
	int error;

	if (pmu_has(pmu, PMU_NO_EVENT_INFO))
		return (struct pmu_result){SBI_ERR_NOT_SUPPORTED, 0};
	if (args[3] != 0 || address % sizeof(struct event_entry) != 0 || count == 0)
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (__builtin_mul_overflow(count, sizeof(struct event_entry), &size))
		return (struct pmu_result){pmu_has(pmu, PMU_EVENT_INFO_LOOSE)
						   ? SBI_ERR_INVALID_PARAM
						   : SBI_ERR_INVALID_ADDRESS,
					   0};
	if (args[1] != 0)
		return (struct pmu_result){SBI_ERR_INVALID_ADDRESS, 0};
	if (count > MAX_ENTRIES) {
		bool loose = pmu_has(pmu, PMU_EVENT_INFO_LOOSE);
		bool memory = pmu->environment->memory_writable(pmu->opaque, address, size);

		return (struct pmu_result){
			memory || loose ? SBI_ERR_FAILED : SBI_ERR_INVALID_ADDRESS, 0};
	}
	error = check_entries(pmu, address, count);
	for (uint64_t i = 0; i < count && !error; i++)
		error = answer_entry(pmu, address + i * sizeof(struct event_entry));
	return (struct pmu_result){error, 0};
}
