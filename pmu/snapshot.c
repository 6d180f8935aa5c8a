/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot page (SBI 3.0, section 11.13): FID 7, and what start and stop read and write there.
 * Entry i and overflow bit i are those of the counter base + i of that call.
 */
#include <string.h>

#include "pmu/internal.h"

_Static_assert(sizeof(struct pmu_snapshot) == 4096, "the page");

struct pmu_result pmu_set_shmem(struct pmu *pmu, const uint64_t *args)
{
	static const struct pmu_snapshot zeros;
	uint64_t address = args[0];

	if (args[2] != 0)
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	if (args[0] == UINT64_MAX && args[1] == UINT64_MAX) {
		pmu->state.has_snapshot = false;
		if (!pmu_has(pmu, PMU_PAGE_REMEMBERED))
			pmu->state.snapshot_address = 0;
		return (struct pmu_result){SBI_SUCCESS, 0};
	}
	if (address % sizeof(zeros) != 0 && !pmu_has(pmu, PMU_PAGE_UNALIGNED))
		return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
	/* A failure leaves the page that was set before. (Of KVM's own two ways to fail here, one
	 * frees the page twice and one uses it unset: nothing to mirror.) */
	if (args[1] != 0 || !pmu->environment->memory_writable(pmu->opaque, address, sizeof(zeros)))
		return (struct pmu_result){SBI_ERR_INVALID_ADDRESS, 0};
	if (pmu_has(pmu, PMU_PAGE_ZEROED) &&
	    !pmu->environment->memory_write(pmu->opaque, address, &zeros, sizeof(zeros)))
		return (struct pmu_result){SBI_ERR_INVALID_ADDRESS, 0};
	pmu->state.page = zeros;
	pmu->state.has_snapshot = true;
	pmu->state.snapshot_address = address;
	return (struct pmu_result){SBI_SUCCESS, 0};
}

bool pmu_snapshot_usable(const struct pmu *pmu)
{
	/* 0 for none: no machine has a page of RAM there that it would give to firmware. */
	return pmu->state.has_snapshot || pmu->state.snapshot_address != 0;
}

const struct pmu_snapshot *pmu_snapshot_read(struct pmu *pmu)
{
	struct pmu_snapshot *page = &pmu->state.page;

	if (!pmu->environment->memory_read(pmu->opaque, pmu->state.snapshot_address, page,
					   sizeof(*page)))
		return NULL;
	return page;
}

static bool write_word(struct pmu *pmu, size_t offset, uint64_t word)
{
	return pmu->environment->memory_write(pmu->opaque, pmu->state.snapshot_address + offset,
					      &word, sizeof(word));
}

void pmu_snapshot_note(struct pmu *pmu, struct pmu_snapshot_taking *taking, unsigned int slot,
		       unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];

	/* Before 6.12.113 the snapshot is one of the reads that add up. */
	if (pmu_has(pmu, PMU_COUNT_NOT_FOLDED) && counter->open)
		pmu_value(pmu, index);
	if (pmu_has(pmu, PMU_FW_STOP_FORGETS) && pmu_is_firmware(pmu, index))
		pmu_value(pmu, index);
	taking->changed = true;
	taking->overflown |= pmu->state.overflown;
	if (!pmu_has(pmu, PMU_PAGE_CACHED)) {
		taking->failed |= !write_word(
			pmu, offsetof(struct pmu_snapshot, values) + slot * sizeof(uint64_t),
			counter->value);
		return;
	}
	pmu->state.page.values[slot] = counter->value;
	if (pmu->state.overflown >> index & 1)
		pmu->state.page.overflow |= 1ull << slot;
}

void pmu_snapshot_forget(struct pmu *pmu, struct pmu_snapshot_taking *taking, unsigned int slot)
{
	if (!pmu_has(pmu, PMU_RESET_HIDES_OVERFLOW))
		return;
	taking->changed = true;
	pmu->state.page.overflow &= ~(1ull << slot);
}

/* "All logical overflown counters relative to the counter_idx_base": those that run on, too. */
static uint64_t all_overflown(struct pmu *pmu)
{
	for (unsigned int i = 0; i < pmu->config.hw_counters; i++) {
		if (pmu->state.counters[i].running && pmu->state.counters[i].armed)
			pmu_source_count(pmu, i);
	}
	return pmu->state.overflown;
}

/* As the guest gets it: bit i is the counter base + i. */
static uint64_t overflow_bits(struct pmu *pmu, const struct pmu_snapshot_taking *taking)
{
	uint64_t overflown = taking->overflown | all_overflown(pmu);

	if (overflown == 0 && pmu->state.unserved)
		overflown = 1ull << PMU_INDEX_TIME;
	return taking->base < 64 ? overflown >> taking->base : 0;
}

bool pmu_snapshot_finish(struct pmu *pmu, struct pmu_snapshot_taking *taking)
{
	if (!taking->changed)
		return true;
	if (!pmu_has(pmu, PMU_PAGE_CACHED)) {
		taking->failed |= !write_word(pmu, offsetof(struct pmu_snapshot, overflow),
					      overflow_bits(pmu, taking));
		return !taking->failed;
	}
	return pmu->environment->memory_write(pmu->opaque, pmu->state.snapshot_address,
					      &pmu->state.page, sizeof(pmu->state.page)) ||
	       pmu_has(pmu, PMU_PAGE_ERROR_IGNORED);
}
