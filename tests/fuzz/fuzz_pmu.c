/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any sequence of what a guest and its host can do to a PMU, under any profile or any set of
 * quirks. The simulated environment aborts when its contract is broken; here, when a source is
 * leaked, or when what was saved and restored is not what was there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/riscv.h"
#include "pmu/quirks.h"
#include "tests/pmu/simulated.h"

#define PAGE (SIMULATED_RAM + SIMULATED_PAGE * 4096ull)

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

/* One byte chooses: a small number, or what sits at an edge; 0xFF is followed by a whole one. */
static uint64_t take_argument(struct input *input, const struct pmu *pmu)
{
	const uint64_t edges[] = {
		pmu->config.hw_counters,
		pmu->config.hw_counters + PMU_FW_COUNTERS,
		pmu->config.hw_counters + PMU_FW_COUNTERS - 1,
		4096,
		PAGE,
		PAGE + 8,
		PAGE + 16,
		SIMULATED_RAM + SIMULATED_PAGES * 4096ull - 2048,
		SIMULATED_ROM,
		UINT64_MAX,
		-1000ull,
		1ull << 63,
		(1ull << 63) + 1,
		((1ull << (pmu->config.hw_counters + PMU_FW_COUNTERS)) - 1) & ~2ull,
		0xF0005,
		0xF0006,
		0xFFFFF,
		0x20000,
		0x30000,
		0x10019,
		1ull << 32,
		1ull << 60,
	};
	uint8_t choice = (uint8_t)take(input, 1);

	if (choice == 0xFF)
		return take(input, 8);
	if (choice >= 0x80)
		return edges[choice % (sizeof(edges) / sizeof(edges[0]))];
	return choice;
}

static void check_sources(const struct simulated *simulated)
{
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		if (simulated->sources[i].open != (simulated->pmu.state.counters[i].open != 0))
			abort();
		if (simulated->sources[i].open &&
		    simulated->sources[i].running !=
			    (simulated->pmu.state.counters[i].running != 0))
			abort();
	}
}

static void make_call(struct input *input, struct simulated *simulated)
{
	uint64_t fid = take(input, 1), args[6] = {0};
	struct pmu_result result;

	for (unsigned int i = 0; i < 5; i++)
		args[i] = take_argument(input, &simulated->pmu);
	result = pmu_call(&simulated->pmu, fid, args);
	if (result.error > 0 || result.error < -9 || (result.error && result.value))
		abort();
	if (fid == PMU_COUNTER_CONFIG_MATCHING && !result.error &&
	    (result.value >= PMU_MAX_COUNTERS ||
	     !simulated->pmu.state.counters[result.value].configured))
		abort();
}

/* What is packed again is the same. */
static void pack_and_unpack(const struct pmu_config *config, struct pmu_state *state)
{
	uint8_t packed[PMU_PACKED_SIZE], again[PMU_PACKED_SIZE];

	pmu_pack(config, state, packed);
	if (pmu_unpack(config, packed, sizeof(packed), state))
		abort();
	pmu_pack(config, state, again);
	if (memcmp(packed, again, sizeof(packed)) != 0)
		abort();
}

/* A restored PMU reads as the one that was saved. */
static void save_and_restore(struct simulated *simulated, bool profile)
{
	struct simulated copy = *simulated;
	struct pmu_state state;

	copy.pmu.opaque = &copy;
	pmu_save(&simulated->pmu, &state);
	pack_and_unpack(&simulated->pmu.config, &state);
	if (!pmu_restore(&copy.pmu, &state)) {
		/* A source may have become unavailable; nothing else may be wrong. (In a mixture of
		 * quirks states come about that no profile has.) */
		if (profile && !simulated->refused && !simulated->lost && !simulated->no_firmware)
			abort();
		if (simulated_open_sources(&copy))
			abort();
		return;
	}
	check_sources(&copy);
	for (unsigned int i = 0; i < 32; i++) {
		uint64_t left = 0, right = 0;
		bool read = pmu_read_csr(&simulated->pmu, CSR_CYCLE + i, &left);

		if (read != pmu_read_csr(&copy.pmu, CSR_CYCLE + i, &right))
			abort();
		/* A lost source says what it last knew, which a new one does not. */
		if (left != right && !simulated->lost && !simulated->no_firmware)
			abort();
	}
	pmu_reset(&copy.pmu);
}

/* A state from a file that something wrote into. */
static void restore_damaged(struct input *input, struct simulated *simulated)
{
	struct pmu_state state;
	unsigned int damages = 1 + (unsigned int)take(input, 1) % 8;

	pmu_save(&simulated->pmu, &state);
	for (unsigned int i = 0; i < damages; i++) {
		/* Counters and tallies more often than the page. */
		size_t offset = take(input, 2) % (offsetof(struct pmu_state, page) + 64);

		((uint8_t *)&state)[offset] = (uint8_t)take(input, 1);
	}
	if (!pmu_restore(&simulated->pmu, &state) && simulated_open_sources(simulated))
		abort();
}

static void step(struct input *input, struct simulated *simulated, bool profile)
{
	uint64_t value;

	switch (take(input, 1) % 16) {
	case 0: pmu_read_csr(&simulated->pmu, (unsigned int)take(input, 2), &value); break;
	case 1: pmu_overflow(&simulated->pmu, (unsigned int)take(input, 1)); break;
	case 2: simulated_work(simulated, take(input, 2)); break;
	case 3: simulated->firmware[take(input, 1) % PMU_FW_EVENTS]++; break;
	case 4: simulated->platform[take(input, 1) % SIMULATED_PLATFORMS]++; break;
	case 5: simulated->refused = take(input, 4) & take(input, 4); break;
	case 6: simulated->lost = take(input, 4) & take(input, 4); break;
	case 7: simulated->no_firmware = (uint32_t)(take(input, 4) & take(input, 4)); break;
	case 8: simulated->late = take(input, 1) & 1; break;
	case 9: simulated->unplugged = take(input, 1) & 1; break;
	case 10:
		simulated_poke(simulated, PAGE + take(input, 2) % 1024 * 8,
			       take_argument(input, &simulated->pmu));
		break;
	case 11: save_and_restore(simulated, profile); break;
	case 12: restore_damaged(input, simulated); break;
	case 13:
		if (take(input, 1) % 4 == 0)
			pmu_reset(&simulated->pmu);
		break;
	default: make_call(input, simulated); break;
	}
	check_sources(simulated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct simulated simulated;
	uint8_t profile = (uint8_t)take(&input, 1) % 8;
	bool is_profile = profile < PMU_PROFILES;
	uint64_t quirks = is_profile ? pmu_profile_quirks(profile) : take(&input, 8);
	unsigned int hw_counters = 3 + (unsigned int)take(&input, 1) % 30;

	simulated_init(&simulated, quirks, hw_counters, (unsigned int)take(&input, 1) % 64);
	while (input.left)
		step(&input, &simulated, is_profile);
	pmu_reset(&simulated.pmu);
	if (simulated_open_sources(&simulated))
		abort();
	return 0;
}
