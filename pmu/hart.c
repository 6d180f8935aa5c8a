/* SPDX-License-Identifier: Apache-2.0 */
/* The PMU of one hart: its beginning, its calls, its end. */

#include <string.h>

#include "pmu/internal.h"

static struct pmu_result num_counters(struct pmu *pmu, const uint64_t *args)
{
	(void)args;
	return (struct pmu_result){SBI_SUCCESS, pmu_counters(pmu)};
}

static struct pmu_result (*const functions[PMU_FUNCTIONS])(struct pmu *, const uint64_t *) = {
	[PMU_NUM_COUNTERS] = num_counters,
	[PMU_COUNTER_GET_INFO] = pmu_get_info,
	[PMU_COUNTER_CONFIG_MATCHING] = pmu_config_matching,
	[PMU_COUNTER_START] = pmu_start,
	[PMU_COUNTER_STOP] = pmu_stop,
	[PMU_COUNTER_FW_READ] = pmu_fw_read,
	[PMU_COUNTER_FW_READ_HI] = pmu_fw_read_hi,
	[PMU_SNAPSHOT_SET_SHMEM] = pmu_set_shmem,
	[PMU_EVENT_GET_INFO] = pmu_event_info,
};

static unsigned int clamp(unsigned int value, unsigned int low, unsigned int high)
{
	return value < low ? low : value > high ? high : value;
}

void pmu_init(struct pmu *pmu, const struct pmu_config *config,
	      const struct pmu_environment *environment, void *opaque)
{
	memset(pmu, 0, sizeof(*pmu));
	pmu->config.quirks = config->quirks;
	pmu->config.hw_counters = clamp(config->hw_counters, 3, 32);
	pmu->config.hw_width = clamp(config->hw_width, 0, 63);
	pmu->environment = environment;
	pmu->opaque = opaque;
}

struct pmu_result pmu_call(struct pmu *pmu, uint64_t fid, const uint64_t args[6])
{
	/* SBI 3.0, chapter 3: function IDs are 32 bits, whatever the register is. */
	if (!pmu_has(pmu, PMU_WIDE_FID))
		fid = (uint32_t)fid;
	if (fid >= PMU_FUNCTIONS)
		return (struct pmu_result){SBI_ERR_NOT_SUPPORTED, 0};
	return functions[fid](pmu, args);
}

/* vcpu_pmu.c:kvm_riscv_vcpu_pmu_deinit */
static void kvm_reset(struct pmu *pmu)
{
	struct pmu_state *state = &pmu->state;

	for (unsigned int i = 0; i < pmu_counters(pmu); i++) {
		if (!state->counters[i].configured)
			continue;
		state->counters[i].configured = false;
		state->counters[i].value = 0;
	}
	memset(state->tallies, 0, sizeof(state->tallies));
	memset(&state->page, 0, sizeof(state->page));
	state->overflown = 0;
	state->has_snapshot = false;
	state->snapshot_address = 0;
}

void pmu_reset(struct pmu *pmu)
{
	uint64_t page = pmu->state.snapshot_address;

	for (unsigned int i = 0; i < pmu->config.hw_counters; i++) {
		/* No interrupt for what is no more. */
		pmu->state.counters[i].armed = false;
		pmu_source_close(pmu, i);
	}
	if (pmu_has(pmu, PMU_RESET_KEEPS_STARTED))
		kvm_reset(pmu);
	else
		memset(&pmu->state, 0, sizeof(pmu->state));
	if (pmu_has(pmu, PMU_PAGE_REMEMBERED))
		pmu->state.snapshot_address = page;
}
