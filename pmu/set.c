/* SPDX-License-Identifier: Apache-2.0 */
/* Counter indices, and the sets of them that three functions take. */
#include "pmu/internal.h"

uint64_t pmu_last_value(const struct pmu *pmu, unsigned int index)
{
	if (index < PMU_INDEX_FIRST || pmu_is_firmware(pmu, index))
		return UINT64_MAX;
	return UINT64_MAX >> (63 - pmu->config.hw_width);
}

/*
 * vcpu_pmu.c:kvm_pmu_validate_counter_mask. Only the sum of base and highest bit is compared on
 * 6.12; where the lowest bit's sum is no counter the kernel reads out of bounds, and the answer
 * here is the one of later kernels.
 */
static bool kvm_set_valid(const struct pmu *pmu, const struct pmu_set *set)
{
	uint64_t first = set->base + (unsigned int)__builtin_ctzll(set->mask);
	uint64_t last = set->base + 63 - (unsigned int)__builtin_clzll(set->mask);

	if (last >= pmu_counters(pmu))
		return false;
	if (pmu_has(pmu, PMU_BASE_WRAPS))
		return first <= last;
	return set->base < pmu_counters(pmu);
}

bool pmu_set_valid(const struct pmu *pmu, const struct pmu_set *set)
{
	const unsigned int counters = pmu_counters(pmu);

	if (set->mask == 0)
		return false;
	if (pmu_has(pmu, PMU_TIME_IN_SET))
		return kvm_set_valid(pmu, set);
	/* Linux has every counter in the set at each switch of tasks: no loop over them. */
	if (set->base >= counters ||
	    (counters - set->base < 64 && set->mask >> (counters - set->base)))
		return false;
	return set->base > PMU_INDEX_TIME || !(set->mask >> (PMU_INDEX_TIME - set->base) & 1);
}

bool pmu_set_configured(const struct pmu *pmu, const struct pmu_set *set)
{
	uint64_t rest = set->mask;
	unsigned int slot, index;

	while (pmu_set_next(set, &rest, &slot, &index)) {
		if (pmu->state.counters[index].configured)
			return true;
	}
	return false;
}

bool pmu_set_next(const struct pmu_set *set, uint64_t *rest, unsigned int *slot,
		  unsigned int *index)
{
	if (*rest == 0)
		return false;
	/* The likely one first: without Zbb, counting zeros is a function. */
	*slot = *rest & 1 ? 0 : (unsigned int)__builtin_ctzll(*rest);
	*index = (unsigned int)(set->base + *slot);
	*rest &= *rest - 1;
	return true;
}
