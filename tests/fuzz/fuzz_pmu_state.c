/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a PMU as bytes of anybody: a good one that something wrote into, the head too, or
 * that is cut. What is taken can be saved again, and then is the same as long as nothing counts.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/pmu/simulated.h"

#define COUNTERS 8u

struct input {
	const uint8_t *bytes;
	size_t left;
};

static uint64_t take(struct input *input, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && input->left; i++, input->left--)
		value |= (uint64_t)*input->bytes++ << 8 * i;
	return value;
}

static void call(struct pmu *pmu, uint64_t fid, uint64_t index, uint64_t flags, uint64_t value)
{
	const uint64_t args[6] = {index, 1, flags, value};

	pmu_call(pmu, fid, args);
}

/* A counter of each kind that runs, one that stands. */
static void set_up(struct simulated *simulated, uint64_t quirks)
{
	struct pmu *pmu = &simulated->pmu;

	simulated_init(simulated, quirks, COUNTERS, 63);
	call(pmu, PMU_COUNTER_CONFIG_MATCHING, 2, 0, PMU_EVENT_IDX_INSTRUCTIONS);
	call(pmu, PMU_COUNTER_CONFIG_MATCHING, 3, 0, 0x20000);
	call(pmu, PMU_COUNTER_CONFIG_MATCHING, COUNTERS, 0, 0xF0005);
	call(pmu, PMU_COUNTER_START, 2, PMU_START_SET_INIT_VALUE, -1000ull);
	call(pmu, PMU_COUNTER_START, COUNTERS, 0, 0);
	simulated_work(simulated, 400);
}

static void check_again(struct pmu *pmu)
{
	uint8_t first[PMU_PACKED_SIZE], second[PMU_PACKED_SIZE];
	struct pmu_state state;

	pmu_save(pmu, &state);
	pmu_pack(&pmu->config, &state, first);
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++)
		pmu_shown(&pmu->config, &state, i);
	if (pmu_unpack(&pmu->config, first, sizeof(first), &state) || !pmu_restore(pmu, &state))
		abort();
	pmu_save(pmu, &state);
	pmu_pack(&pmu->config, &state, second);
	if (memcmp(first, second, sizeof(first)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint8_t packed[PMU_PACKED_SIZE];
	struct simulated simulated;
	struct pmu_state state;
	size_t cut = 0;

	set_up(&simulated, pmu_profile_quirks((enum pmu_profile)(take(&input, 1) % PMU_PROFILES)));
	if (take(&input, 1) % 16 == 0)
		cut = take(&input, 2) % sizeof(packed);
	pmu_save(&simulated.pmu, &state);
	pmu_pack(&simulated.pmu.config, &state, packed);
	while (input.left) {
		size_t offset = take(&input, 2) % sizeof(packed);

		packed[offset] = (uint8_t)take(&input, 1);
	}
	if (!pmu_unpack(&simulated.pmu.config, packed, sizeof(packed) - cut, &state)) {
		if (pmu_restore(&simulated.pmu, &state))
			check_again(&simulated.pmu);
		else if (simulated_open_sources(&simulated))
			abort();
	}
	pmu_reset(&simulated.pmu);
	if (simulated_open_sources(&simulated))
		abort();
	return 0;
}
