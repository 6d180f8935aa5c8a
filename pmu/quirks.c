/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A kernel's quirks are those of its version: a stable series changes, too. The versions are those
 * of Debian's packages whose source was read (linux-source-6.12 6.12.107-1, 6.12.111-1, 6.12.113-1,
 * 6.12.115-2 and 6.12.117-1, linux-source-7.2 7.2.12-1: arch/riscv/kvm/vcpu_pmu.c, vcpu_sbi_pmu.c).
 */

#include "pmu/quirks.h"

#define OLDEST	  LINUX_VERSION(6, 12, 107)
#define LAST_6_12 LINUX_VERSION(6, 12, 117)
#define NEWEST	  LINUX_VERSION(7, 2, 12)
/* KVM folds what it counted since 6.12.113 (112 was not seen). */
#define LAST_UNFOLDED LINUX_VERSION(6, 12, 111)

/* Where a row holds: profiles that are no kernel's, and kernels, first and last. */
#define ALL_LINUX                                                                                  \
	0,                                                                                         \
	{                                                                                          \
		OLDEST, NEWEST                                                                     \
	}
#define ALL_LINUX_BEST                                                                             \
	1 << PMU_BEST,                                                                             \
	{                                                                                          \
		OLDEST, NEWEST                                                                     \
	}
#define ALL_6_12                                                                                   \
	0,                                                                                         \
	{                                                                                          \
		OLDEST, LAST_6_12                                                                  \
	}
#define TO_6_12_111                                                                                \
	0,                                                                                         \
	{                                                                                          \
		OLDEST, LAST_UNFOLDED                                                              \
	}
#define ONLY_BEST 1 << PMU_BEST, {0, 0}

/* In the order of the enum. Those of BEST alone are kindnesses to guests. */
const struct pmu_quirk_info pmu_quirks[PMU_QUIRKS] = {
	{PMU_WIDE_FID, "wide-fid", "all 64 bits of a6 are the FID", ALL_LINUX},
	{PMU_NO_EVENT_INFO, "no-event-info", "there is no event_get_info", ALL_6_12},
	{PMU_TIME_IN_SET, "time-in-set", "a set may contain index 1, which is no counter",
	 ALL_LINUX},
	{PMU_BASE_WRAPS, "base-wraps", "base + bit may wrap past 2^64 to a counter", ALL_6_12},
	{PMU_RESERVED_FLAGS_IGNORED, "reserved-flags-ignored",
	 "reserved flags of config, start and stop are ignored", ALL_LINUX},
	/* OpenSBI refuses these. KVM does not, and the guests that sweep all counters at boot are
	 * tested there. */
	{PMU_IDLE_SET_ACCEPTED, "idle-set-accepted",
	 "start and stop of a set without a configured counter succeed", ALL_LINUX_BEST},
	{PMU_INFO_OF_NO_COUNTER, "info-of-no-counter", "counter_get_info(N to 63) gives 0",
	 ALL_LINUX},
	{PMU_INFO_OF_64, "info-of-64", "counter_get_info(64) says whether event 0xF0001 is started",
	 ALL_6_12},
	{PMU_EVENT_BITS_IGNORED, "event-bits-ignored",
	 "event_idx above bit 19, codes of raw events and high data bits are ignored", ALL_LINUX},
	{PMU_UNUSED_DATA_IGNORED, "unused-data-ignored",
	 "event_data of an event that has none is ignored", ALL_LINUX_BEST},
	{PMU_NO_EVENT_IS_CYCLES, "no-event-is-cycles", "event 0 counts cycles", ALL_LINUX},
	{PMU_NO_RAW_V2, "no-raw-v2", "there are no raw events v2", ALL_6_12},
	{PMU_STANDARD_FW_ONLY, "standard-fw-only",
	 "firmware events are codes 0 to 21, each taken as countable", ALL_LINUX},
	{PMU_FIXED_STOLEN, "fixed-stolen",
	 "cycles and instructions take 0 and 2 whatever the set, even from a running event",
	 ALL_LINUX},
	{PMU_SKIP_NEEDS_CONFIGURED, "skip-needs-configured",
	 "SKIP_MATCH on a counter that is not configured fails", ALL_LINUX},
	{PMU_SKIP_TAKES_ANY_EVENT, "skip-takes-any-event",
	 "SKIP_MATCH does not ask whether the counter can count the event", ALL_LINUX},
	{PMU_CONFIG_FAILS_LATE, "config-fails-late",
	 "an event that cannot be had drops the counter's old one; the counter stays configured",
	 ALL_LINUX},
	{PMU_CONFIG_UNTRIED, "config-untried",
	 "an event for which the host has no free counter is configured, and counts nothing",
	 ALL_LINUX},
	{PMU_CONFIG_KEEPS_OVERFLOW, "config-keeps-overflow",
	 "a new event leaves the overflow bit of the old one", ALL_LINUX},
	{PMU_AUTO_START_UNMARKED, "auto-start-unmarked",
	 "AUTO_START lets a hardware counter count, but it is not started", ALL_LINUX},
	{PMU_FW_CLEAR_IGNORED, "fw-clear-ignored", "CLEAR_VALUE leaves firmware counters alone",
	 ALL_LINUX},
	{PMU_FW_STATE_PER_EVENT, "fw-state-per-event",
	 "two firmware counters of one event share value and start", ALL_LINUX},
	{PMU_SFENCE_NOT_COUNTED, "sfence-not-counted",
	 "remote sfence.vma calls are counted as events of hfence.vvma alone", ALL_LINUX},
	{PMU_START_OVERWRITES, "start-overwrites",
	 "start changes the value and clears the overflow of a counter that runs already",
	 ALL_LINUX},
	/* Linux does not look at the error of a start, nor at the page when stop then says that the
	 * counter was stopped already: perf shows what the page has from the event before
	 * (pmu_sbi_ctr_start, pmu_sbi_ctr_stop). */
	{PMU_START_COUNTS_NOTHING, "start-counts-nothing",
	 "start of a counter that the host has taken away succeeds, and it counts nothing",
	 ALL_LINUX_BEST},
	{PMU_SET_VALUE_WINS, "set-value-wins",
	 "start with SET_INIT_VALUE and INIT_SNAPSHOT takes the former", ALL_LINUX},
	{PMU_PERIOD_KEPT, "period-kept",
	 "start at a value with no valid period goes on with the rest of the old one", ALL_LINUX},
	/* Linux's driver restarts after an overflow with the base 64 * 64, its loop variable having
	 * run out (drivers/perf/riscv_pmu_sbi.c:pmu_sbi_start_ovf_ctrs_snapshot). */
	{PMU_RESTART_AT_4096, "restart-at-4096",
	 "start with INIT_SNAPSHOT and base 4096 is one with base 0", ONLY_BEST},
	{PMU_COUNT_NOT_FOLDED, "count-not-folded",
	 "every read adds all that was counted since config; start does not forget it",
	 TO_6_12_111},
	{PMU_FW_STOP_FORGETS, "fw-stop-forgets",
	 "a firmware counter goes on from its last read, not from its stop", TO_6_12_111},
	{PMU_SNAPSHOT_ENDS_AT_ERROR, "snapshot-ends-at-error",
	 "counters after one that was stopped already are not in the snapshot", ALL_LINUX},
	{PMU_RESET_HIDES_OVERFLOW, "reset-hides-overflow",
	 "stop with RESET and TAKE_SNAPSHOT shows no overflow", ALL_LINUX},
	/* Linux's overflow handler takes any error for nothing having been written, and then
	 * samples zeros (pmu_sbi_stop_hw_ctrs). */
	{PMU_PARTLY_STOPPED_IS_STOPPED, "partly-stopped-is-stopped",
	 "stop with TAKE_SNAPSHOT succeeds when any counter of the set was running", ONLY_BEST},
	/* When Linux switches to another task while an overflow's interrupt waits, it resets that
	 * counter; the handler then finds no overflow, and leaves those of the next task stopped
	 * (pmu_sbi_ovf_handler). Bit 1 is time, which is no counter of the PMU: it says only that
	 * there was one. */
	{PMU_UNSERVED_IS_SHOWN, "unserved-is-shown",
	 "bit 1 stands for an overflow whose counter began anew, until INIT_SNAPSHOT", ONLY_BEST},
	{PMU_PAGE_CACHED, "page-cached",
	 "the whole page is written from a copy, with what it held and stale overflow bits",
	 ALL_LINUX},
	{PMU_PAGE_ERROR_IGNORED, "page-error-ignored",
	 "stop succeeds when the page cannot be written", TO_6_12_111},
	{PMU_PAGE_ZEROED, "page-zeroed", "snapshot_set_shmem fills the page with zeros", ALL_LINUX},
	{PMU_PAGE_UNALIGNED, "page-unaligned", "the page may be at any address", ALL_LINUX},
	/* Linux disables the page of a hart that goes offline, and does not set it again when the
	 * hart is back (drivers/perf/riscv_pmu_sbi.c: snapshot_set_done): nothing counts there. */
	{PMU_PAGE_REMEMBERED, "page-remembered",
	 "start and stop with a snapshot, when the page was disabled, use the one before",
	 ONLY_BEST},
	{PMU_FW_READ_OF_HW, "fw-read-of-hw", "counter_fw_read reads hardware counters", ALL_LINUX},
	{PMU_FW_READ_NEEDS_EVENT, "fw-read-needs-event",
	 "counter_fw_read refuses a counter that is not configured", ALL_LINUX},
	{PMU_FW_READ_HI_UNCHECKED, "fw-read-hi-unchecked", "counter_fw_read_hi takes any index",
	 ALL_LINUX},
	{PMU_FW_READ_TO_31, "fw-read-to-31", "firmware codes 22 to 31 read as 0", ALL_6_12},
	{PMU_CSR_NEEDS_EVENT, "csr-needs-event",
	 "CSRs of counters without event trap, those of firmware counters exist", ALL_LINUX},
	{PMU_WIDE_VALUES, "wide-values", "values are not cut to the counter's width", ALL_LINUX},
	{PMU_USER_READS_ALL, "user-reads-all", "reads from user mode do not ask scounteren",
	 ALL_LINUX},
	{PMU_EVENT_INFO_LOOSE, "event-info-loose",
	 "event_get_info ignores reserved bits, knows every firmware code, fails on bad memory",
	 ALL_LINUX},
	{PMU_RESET_KEEPS_STARTED, "reset-keeps-started",
	 "a counter that ran when its hart was reset passes for started", ALL_LINUX},
};

/* The version whose behaviour a kernel's profile is: of its span the last. */
static uint32_t version_of(enum pmu_profile profile)
{
	static const uint32_t versions[PMU_PROFILES] = {
		[PMU_LINUX_7_2] = NEWEST,
		[PMU_LINUX_6_12] = LAST_6_12,
		[PMU_LINUX_6_12_107] = LAST_UNFOLDED,
	};

	return versions[profile];
}

static bool has_quirk(enum pmu_profile profile, const struct pmu_quirk_info *quirk)
{
	uint32_t version = version_of(profile);

	if (version == 0)
		return quirk->profiles >> profile & 1;
	return version >= quirk->kernels.from && version <= quirk->kernels.upto;
}

uint64_t pmu_profile_quirks(enum pmu_profile profile)
{
	uint64_t quirks = 0;

	for (unsigned int i = 0; i < PMU_QUIRKS; i++) {
		if (has_quirk(profile, &pmu_quirks[i]))
			quirks |= 1ull << pmu_quirks[i].bit;
	}
	return quirks;
}
