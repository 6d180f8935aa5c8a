/* SPDX-License-Identifier: Apache-2.0 */
/* A saved state as bytes and as what it shows. */
#include <string.h>

#include "pmu/internal.h"

#define MAGIC	"vhartPMU"
#define VERSION 1u

/* Bits of a counter's flags, and of the state's. */
enum { NO_USER, NO_SUPERVISOR, CONFIGURED, STARTED, OPEN, RUNNING, ARMED, COUNTER_FLAGS };
enum { UNSERVED, HAS_SNAPSHOT, STATE_FLAGS };

/* ---- both ways ---- */

/* Where bytes are written to, or read from. Numbers are little-endian. */
struct bytes {
	uint8_t *to;
	const uint8_t *from; /* NULL: they are written */
	bool wrong;	     /* what was read has bits that mean nothing */
};

static void number(struct bytes *bytes, uint64_t *value, unsigned int size)
{
	uint64_t read = 0;

	for (unsigned int i = 0; i < size; i++) {
		if (bytes->from)
			read |= (uint64_t)*bytes->from++ << 8 * i;
		else
			*bytes->to++ = (uint8_t)(*value >> 8 * i);
	}
	if (bytes->from)
		*value = read;
}

static void narrow(struct bytes *bytes, uint32_t *value)
{
	uint64_t wide = *value;

	number(bytes, &wide, 4);
	*value = (uint32_t)wide;
}

static void flags(struct bytes *bytes, uint8_t *const *flag, unsigned int count)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < count; i++)
		bits |= (uint64_t)(*flag[i] != 0) << i;
	number(bytes, &bits, 1);
	bytes->wrong |= bits >> count != 0;
	for (unsigned int i = 0; i < count; i++)
		*flag[i] = bits >> i & 1;
}

static void counter(struct bytes *bytes, struct pmu_counter *counter)
{
	uint8_t *const all[COUNTER_FLAGS] = {
		[NO_USER] = &counter->event.no_user,
		[NO_SUPERVISOR] = &counter->event.no_supervisor,
		[CONFIGURED] = &counter->configured,
		[STARTED] = &counter->started,
		[OPEN] = &counter->open,
		[RUNNING] = &counter->running,
		[ARMED] = &counter->armed,
	};

	narrow(bytes, &counter->event.type);
	narrow(bytes, &counter->event.code);
	number(bytes, &counter->event.data, 8);
	flags(bytes, all, COUNTER_FLAGS);
	number(bytes, &counter->value, 8);
	number(bytes, &counter->base, 8);
	number(bytes, &counter->carried, 8);
	number(bytes, &counter->overflow_at, 8);
}

/* Not its base, which is that of the counts of where it was saved. */
static void tally(struct bytes *bytes, struct pmu_tally *tally)
{
	uint8_t *const started[] = {&tally->started};

	number(bytes, &tally->value, 8);
	flags(bytes, started, 1);
}

static void page(struct bytes *bytes, struct pmu_snapshot *page)
{
	number(bytes, &page->overflow, 8);
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++)
		number(bytes, &page->values[i], 8);
	for (unsigned int i = 0; i < sizeof(page->reserved) / sizeof(page->reserved[0]); i++)
		number(bytes, &page->reserved[i], 8);
}

static void whole(struct bytes *bytes, struct pmu_state *state)
{
	uint8_t *const all[STATE_FLAGS] = {
		[UNSERVED] = &state->unserved,
		[HAS_SNAPSHOT] = &state->has_snapshot,
	};

	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++)
		counter(bytes, &state->counters[i]);
	for (unsigned int i = 0; i < PMU_FW_COUNTERS; i++)
		tally(bytes, &state->tallies[i]);
	number(bytes, &state->overflown, 8);
	flags(bytes, all, STATE_FLAGS);
	number(bytes, &state->snapshot_address, 8);
	page(bytes, &state->page);
}

static void head(struct bytes *bytes, struct pmu_config *config, uint32_t *version)
{
	narrow(bytes, version);
	narrow(bytes, &config->hw_counters);
	narrow(bytes, &config->hw_width);
	number(bytes, &config->quirks, 8);
}

/* ---- one way and the other ---- */

void pmu_pack(const struct pmu_config *config, const struct pmu_state *state,
	      uint8_t packed[PMU_PACKED_SIZE])
{
	struct bytes bytes = {.to = packed + sizeof(MAGIC) - 1};
	struct pmu_config of = *config;
	struct pmu_state copy = *state;
	uint32_t version = VERSION;

	memcpy(packed, MAGIC, sizeof(MAGIC) - 1);
	head(&bytes, &of, &version);
	whole(&bytes, &copy);
}

const char *pmu_unpack(const struct pmu_config *config, const uint8_t *packed, size_t size,
		       struct pmu_state *state)
{
	struct bytes bytes = {.from = packed + sizeof(MAGIC) - 1};
	struct pmu_config of = {.quirks = 0};
	uint32_t version = 0;

	memset(state, 0, sizeof(*state));
	if (size != PMU_PACKED_SIZE)
		return "it has not the length of a PMU's state";
	if (memcmp(packed, MAGIC, sizeof(MAGIC) - 1) != 0)
		return "it does not begin as a PMU's state does";
	head(&bytes, &of, &version);
	if (version != VERSION)
		return "it is of another version of vhart";
	if (of.quirks != config->quirks)
		return "it is of a PMU with another profile";
	if (of.hw_counters != config->hw_counters || of.hw_width != config->hw_width)
		return "it is of a PMU with other counters";
	whole(&bytes, state);
	return bytes.wrong ? "it has flags that no PMU's state has" : NULL;
}

/* ---- what it shows ---- */

static const struct pmu_tally *tally_of(const struct pmu_config *config,
					const struct pmu_state *state, unsigned int index)
{
	unsigned int of = config->quirks >> PMU_FW_STATE_PER_EVENT & 1
				  ? state->counters[index].event.code
				  : index - config->hw_counters;

	return of < PMU_FW_COUNTERS ? &state->tallies[of] : NULL;
}

static uint64_t mask_of(const struct pmu_config *config, unsigned int index)
{
	if (index < PMU_INDEX_FIRST || index >= config->hw_counters ||
	    config->quirks >> PMU_WIDE_VALUES & 1)
		return UINT64_MAX;
	return UINT64_MAX >> (63 - config->hw_width);
}

struct pmu_shown pmu_shown(const struct pmu_config *config, const struct pmu_state *state,
			   unsigned int index)
{
	const struct pmu_counter *counter = &state->counters[index];
	const struct pmu_tally *tally = NULL;
	struct pmu_shown shown = {
		.configured = counter->configured,
		.started = counter->started,
		.overflown = state->overflown >> index & 1,
		.event = counter->event,
		/* What is not open has counted nothing, and its base is 0. */
		.value = (counter->value + counter->carried - counter->base) &
			 mask_of(config, index),
		.left = counter->armed ? counter->overflow_at - counter->carried : PMU_NO_OVERFLOW,
	};

	if (index >= config->hw_counters)
		tally = tally_of(config, state, index);
	if (tally && counter->configured) {
		shown.started = tally->started;
		shown.value = tally->started ? tally->value : counter->value;
	}
	return shown;
}
