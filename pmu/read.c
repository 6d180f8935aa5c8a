/* SPDX-License-Identifier: Apache-2.0 */
/* FIDs 5 and 6, counter_fw_read and its high half (SBI 3.0, sections 11.11, 11.12); the CSRs. */
#include "base/riscv.h"
#include "pmu/internal.h"

static uint64_t hardware_value(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	uint64_t value = counter->value + pmu_source_count(pmu, index) - counter->base;

	/* vcpu_pmu.c:pmu_ctr_read before 6.12.113: each read adds all that the perf event has. */
	if (pmu_has(pmu, PMU_COUNT_NOT_FOLDED))
		counter->value = value;
	if (!pmu_has(pmu, PMU_WIDE_VALUES))
		value &= pmu_last_value(pmu, index);
	return value;
}

uint64_t pmu_value(struct pmu *pmu, unsigned int index)
{
	struct pmu_counter *counter = &pmu->state.counters[index];
	struct pmu_tally *tally;

	if (!pmu_is_firmware(pmu, index))
		return hardware_value(pmu, index);
	tally = pmu_tally(pmu, index, counter->event.code);
	if (!tally)
		return 0;
	pmu_tally_fold(pmu, tally, &counter->event);
	counter->value = tally->value;
	return counter->value;
}

/* vcpu_pmu.c:pmu_ctr_read, behind fw_read and the CSRs. */
static bool kvm_read(struct pmu *pmu, uint64_t index, uint64_t *value)
{
	const struct pmu_counter *counter = &pmu->state.counters[index % PMU_MAX_COUNTERS];
	unsigned int last_code = pmu_has(pmu, PMU_FW_READ_TO_31) ? 31 : PMU_FW_EVENTS - 1;

	if (pmu_is_firmware(pmu, index)) {
		/* Where 6.12 reads out of bounds, as 7.2. */
		if (!counter->configured || counter->event.code > last_code)
			return false;
	} else if (!pmu_is_hardware(pmu, index) || !counter->open) {
		return false;
	}
	*value = pmu_value(pmu, (unsigned int)index);
	return true;
}

struct pmu_result pmu_fw_read(struct pmu *pmu, const uint64_t *args)
{
	uint64_t value = 0;
	bool read;

	if (pmu_is_firmware(pmu, args[0]) ? pmu_has(pmu, PMU_FW_READ_NEEDS_EVENT)
					  : pmu_has(pmu, PMU_FW_READ_OF_HW)) {
		read = kvm_read(pmu, args[0], &value);
	} else {
		read = pmu_is_firmware(pmu, args[0]);
		if (read)
			value = pmu_value(pmu, (unsigned int)args[0]);
	}
	return read ? (struct pmu_result){SBI_SUCCESS, value}
		    : (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
}

struct pmu_result pmu_fw_read_hi(struct pmu *pmu, const uint64_t *args)
{
	if (pmu_is_firmware(pmu, args[0]) || pmu_has(pmu, PMU_FW_READ_HI_UNCHECKED))
		return (struct pmu_result){SBI_SUCCESS, 0};
	return (struct pmu_result){SBI_ERR_INVALID_PARAM, 0};
}

bool pmu_read_csr(struct pmu *pmu, unsigned int csr, uint64_t *value)
{
	unsigned int index = csr - CSR_CYCLE;

	if (index > 31)
		return false;
	if (pmu_has(pmu, PMU_CSR_NEEDS_EVENT))
		return kvm_read(pmu, index, value);
	/* counter_info gave the guest these CSRs and no others. */
	if (!pmu_is_hardware(pmu, index))
		return false;
	*value = pmu_value(pmu, index);
	return true;
}

bool pmu_user_read_csr(struct pmu *pmu, unsigned int csr, uint64_t scounteren, uint64_t *value)
{
	/* vcpu_pmu.c:kvm_riscv_vcpu_pmu_read_hpm asks neither the mode nor scounteren. */
	if (!pmu_has(pmu, PMU_USER_READS_ALL) && !(scounteren >> (csr & 31) & 1))
		return false;
	return pmu_read_csr(pmu, csr, value);
}
