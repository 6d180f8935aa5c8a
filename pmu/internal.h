/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: indices and sets, sources, one function per FID. */
#ifndef VHART_PMU_INTERNAL_H
#define VHART_PMU_INTERNAL_H

#include "base/sbi_spec.h"
#include "pmu/pmu.h"
#include "pmu/quirks.h"

#define PMU_INDEX_CYCLE	  0u
#define PMU_INDEX_TIME	  1u /* not a counter, though counted in N */
#define PMU_INDEX_INSTRET 2u
#define PMU_INDEX_FIRST	  3u /* the first programmable one */

/* ---- indices and sets (set.c) ---- */

static inline unsigned int pmu_counters(const struct pmu *pmu) /* N */
{
	return pmu->config.hw_counters + PMU_FW_COUNTERS;
}

static inline bool pmu_is_hardware(const struct pmu *pmu, uint64_t index)
{
	return index < pmu->config.hw_counters && index != PMU_INDEX_TIME;
}

static inline bool pmu_is_firmware(const struct pmu *pmu, uint64_t index)
{
	return index >= pmu->config.hw_counters && index < pmu_counters(pmu);
}

/* The last value of counter INDEX, before it wraps to 0. */
uint64_t pmu_last_value(const struct pmu *pmu, unsigned int index);

/* The parameters counter_idx_base and counter_idx_mask of three functions. */
struct pmu_set {
	uint64_t base, mask;
};

/* All its counters exist. */
bool pmu_set_valid(const struct pmu *pmu, const struct pmu_set *set);
bool pmu_set_configured(const struct pmu *pmu, const struct pmu_set *set);

/*
 * Walks the counters of a valid set in ascending order: with REST = set->mask at first, takes the
 * lowest bit of REST; its number is the counter's place in the snapshot page.
 */
bool pmu_set_next(const struct pmu_set *set, uint64_t *rest, unsigned int *slot,
		  unsigned int *index);

/* ---- events (events.c) ---- */

/*
 * What event_idx and event_data name. INVALID_PARAM: reserved bits; NOT_SUPPORTED: no event of the
 * text; *EVENT is then not to be counted, and only its type says something.
 */
int pmu_event_decode(const struct pmu *pmu, uint64_t event_idx, uint64_t data,
		     struct pmu_event *event);
bool pmu_event_countable(const struct pmu *pmu, const struct pmu_event *event);

#define PMU_FAR_PERIOD (1ull << 60)

/* ---- sources of hardware counters (source.c) ---- */

bool pmu_source_open(struct pmu *pmu, unsigned int index, const struct pmu_event *event);
void pmu_source_close(struct pmu *pmu, unsigned int index);
bool pmu_source_start(struct pmu *pmu, unsigned int index);
void pmu_source_stop(struct pmu *pmu, unsigned int index);
/* All that the source has counted; finds an overflow whose signal has not come yet. */
uint64_t pmu_source_count(struct pmu *pmu, unsigned int index);
/* The counter begins anew: an overflow before that is none of its own any more. */
void pmu_forget_overflow(struct pmu *pmu, unsigned int index);
/* Decides when the counter, standing at its value, overflows. */
void pmu_arm(struct pmu *pmu, unsigned int index);
void pmu_arm_as_configured(struct pmu *pmu, unsigned int index);
/* Moves what was counted into the value. */
void pmu_fold(struct pmu *pmu, unsigned int index);

/* ---- firmware counters (firmware.c) ---- */

/* NULL: KVM keeps none for this event code. */
struct pmu_tally *pmu_tally(struct pmu *pmu, unsigned int index, unsigned int code);
bool pmu_tally_start(struct pmu *pmu, struct pmu_tally *tally, const struct pmu_event *event);
/* Moves what was counted into the value. */
void pmu_tally_fold(struct pmu *pmu, struct pmu_tally *tally, const struct pmu_event *event);

/* ---- reads (read.c) ---- */

uint64_t pmu_value(struct pmu *pmu, unsigned int index);

/* ---- the snapshot page (snapshot.c) ---- */

/* Whether start and stop may name the snapshot. */
bool pmu_snapshot_usable(const struct pmu *pmu);

/* The guest's page as it is now; NULL: it cannot be read. */
const struct pmu_snapshot *pmu_snapshot_read(struct pmu *pmu);

/* One TAKE_SNAPSHOT: the counters are noted one by one, then the page is written. */
struct pmu_snapshot_taking {
	uint64_t base;
	uint64_t overflown; /* by index, as it was before any reset */
	bool changed, failed;
};

void pmu_snapshot_note(struct pmu *pmu, struct pmu_snapshot_taking *taking, unsigned int slot,
		       unsigned int index);
/* The counter at SLOT was reset. */
void pmu_snapshot_forget(struct pmu *pmu, struct pmu_snapshot_taking *taking, unsigned int slot);
bool pmu_snapshot_finish(struct pmu *pmu, struct pmu_snapshot_taking *taking);

/* ---- the functions ---- */

struct pmu_result pmu_get_info(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_config_matching(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_start(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_stop(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_fw_read(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_fw_read_hi(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_set_shmem(struct pmu *pmu, const uint64_t *args);
struct pmu_result pmu_event_info(struct pmu *pmu, const uint64_t *args);

#endif
