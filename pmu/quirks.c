/* SPDX-License-Identifier: Apache-2.0 */
#include "pmu/quirks.h"

#include <string.h>

enum {
	BEST = 1 << PMU_BEST,
	L72 = 1 << PMU_LINUX_7_2,
	L612 = 1 << PMU_LINUX_6_12,
	LINUX = L72 | L612,
};

/* In the order of the enum. Those of LINUX were read in arch/riscv/kvm/vcpu_pmu.c and
 * vcpu_sbi_pmu.c; those of BEST alone are kindnesses to guests. */
const struct pmu_quirk_info pmu_quirks[PMU_QUIRKS] = {
	{PMU_WIDE_FID, "wide-fid", "all 64 bits of a6 are the FID", LINUX},
	{PMU_NO_EVENT_INFO, "no-event-info", "there is no event_get_info", L612},
	{PMU_TIME_IN_SET, "time-in-set", "a set may contain index 1, which is no counter", LINUX},
	{PMU_BASE_WRAPS, "base-wraps", "base + bit may wrap past 2^64 to a counter", L612},
	{PMU_RESERVED_FLAGS_IGNORED, "reserved-flags-ignored",
	 "reserved flags of config, start and stop are ignored", LINUX},
	/* OpenSBI refuses these. KVM does not, and the guests that sweep all counters at boot are
	 * tested there. */
	{PMU_IDLE_SET_ACCEPTED, "idle-set-accepted",
	 "start and stop of a set without a configured counter succeed", LINUX | BEST},
	{PMU_INFO_OF_NO_COUNTER, "info-of-no-counter", "counter_get_info(N to 63) gives 0", LINUX},
	{PMU_INFO_OF_64, "info-of-64", "counter_get_info(64) says whether event 0xF0001 is started",
	 L612},
	{PMU_EVENT_BITS_IGNORED, "event-bits-ignored",
	 "event_idx above bit 19, codes of raw events and high data bits are ignored", LINUX},
	{PMU_UNUSED_DATA_IGNORED, "unused-data-ignored",
	 "event_data of an event that has none is ignored", LINUX | BEST},
	{PMU_NO_EVENT_IS_CYCLES, "no-event-is-cycles", "event 0 counts cycles", LINUX},
	{PMU_NO_RAW_V2, "no-raw-v2", "there are no raw events v2", L612},
	{PMU_STANDARD_FW_ONLY, "standard-fw-only",
	 "firmware events are codes 0 to 21, each taken as countable", LINUX},
	{PMU_FIXED_STOLEN, "fixed-stolen",
	 "cycles and instructions take 0 and 2 whatever the set, even from a running event", LINUX},
	{PMU_SKIP_NEEDS_CONFIGURED, "skip-needs-configured",
	 "SKIP_MATCH on a counter that is not configured fails", LINUX},
	{PMU_SKIP_TAKES_ANY_EVENT, "skip-takes-any-event",
	 "SKIP_MATCH does not ask whether the counter can count the event", LINUX},
	{PMU_CONFIG_FAILS_LATE, "config-fails-late",
	 "an event that cannot be had drops the counter's old one; the counter stays configured",
	 LINUX},
	{PMU_CONFIG_KEEPS_OVERFLOW, "config-keeps-overflow",
	 "a new event leaves the overflow bit of the old one", LINUX},
	{PMU_AUTO_START_UNMARKED, "auto-start-unmarked",
	 "AUTO_START lets a hardware counter count, but it is not started", LINUX},
	{PMU_FW_CLEAR_IGNORED, "fw-clear-ignored", "CLEAR_VALUE leaves firmware counters alone",
	 LINUX},
	{PMU_FW_STATE_PER_EVENT, "fw-state-per-event",
	 "two firmware counters of one event share value and start", LINUX},
	{PMU_START_OVERWRITES, "start-overwrites",
	 "start changes the value and clears the overflow of a counter that runs already", LINUX},
	{PMU_SET_VALUE_WINS, "set-value-wins",
	 "start with SET_INIT_VALUE and INIT_SNAPSHOT takes the former", LINUX},
	{PMU_PERIOD_KEPT, "period-kept",
	 "start at a value with no valid period goes on with the rest of the old one", LINUX},
	/* Linux's driver restarts after an overflow with the base 64 * 64, its loop variable having
	 * run out (drivers/perf/riscv_pmu_sbi.c:pmu_sbi_start_ovf_ctrs_snapshot). */
	{PMU_RESTART_AT_4096, "restart-at-4096",
	 "start with INIT_SNAPSHOT and base 4096 is one with base 0", BEST},
	{PMU_COUNT_NOT_FOLDED, "count-not-folded",
	 "every read adds all that was counted since config; start does not forget it", L612},
	{PMU_FW_STOP_FORGETS, "fw-stop-forgets",
	 "a firmware counter goes on from its last read, not from its stop", L612},
	{PMU_SNAPSHOT_ENDS_AT_ERROR, "snapshot-ends-at-error",
	 "counters after one that was stopped already are not in the snapshot", LINUX},
	{PMU_RESET_HIDES_OVERFLOW, "reset-hides-overflow",
	 "stop with RESET and TAKE_SNAPSHOT shows no overflow", LINUX},
	/* Linux's overflow handler takes any error for nothing having been written, and then
	 * samples zeros (pmu_sbi_stop_hw_ctrs). */
	{PMU_PARTLY_STOPPED_IS_STOPPED, "partly-stopped-is-stopped",
	 "stop with TAKE_SNAPSHOT succeeds when any counter of the set was running", BEST},
	{PMU_PAGE_CACHED, "page-cached",
	 "the whole page is written from a copy, with what it held and stale overflow bits", LINUX},
	{PMU_PAGE_ERROR_IGNORED, "page-error-ignored",
	 "stop succeeds when the page cannot be written", L612},
	{PMU_PAGE_ZEROED, "page-zeroed", "snapshot_set_shmem fills the page with zeros", LINUX},
	{PMU_PAGE_UNALIGNED, "page-unaligned", "the page may be at any address", LINUX},
	/* Linux disables the page of a hart that goes offline, and does not set it again when the
	 * hart is back (drivers/perf/riscv_pmu_sbi.c: snapshot_set_done): nothing counts there. */
	{PMU_PAGE_REMEMBERED, "page-remembered",
	 "start and stop with a snapshot, when the page was disabled, use the one before", BEST},
	{PMU_FW_READ_OF_HW, "fw-read-of-hw", "counter_fw_read reads hardware counters", LINUX},
	{PMU_FW_READ_NEEDS_EVENT, "fw-read-needs-event",
	 "counter_fw_read refuses a counter that is not configured", LINUX},
	{PMU_FW_READ_HI_UNCHECKED, "fw-read-hi-unchecked", "counter_fw_read_hi takes any index",
	 LINUX},
	{PMU_FW_READ_TO_31, "fw-read-to-31", "firmware codes 22 to 31 read as 0", L612},
	{PMU_CSR_NEEDS_EVENT, "csr-needs-event",
	 "CSRs of counters without event trap, those of firmware counters exist", LINUX},
	{PMU_WIDE_VALUES, "wide-values", "values are not cut to the counter's width", LINUX},
	{PMU_USER_READS_ALL, "user-reads-all", "reads from user mode do not ask scounteren", LINUX},
	{PMU_EVENT_INFO_LOOSE, "event-info-loose",
	 "event_get_info ignores reserved bits, knows every firmware code, fails on bad memory",
	 LINUX},
	{PMU_RESET_KEEPS_STARTED, "reset-keeps-started",
	 "a counter that ran when its hart was reset passes for started", LINUX},
};

static const char *const names[PMU_PROFILES] = {
	[PMU_BEST] = "best",
	[PMU_SPEC] = "spec",
	[PMU_LINUX_7_2] = "linux-7.2",
	[PMU_LINUX_6_12] = "linux-6.12",
};

const char *pmu_profile_name(enum pmu_profile profile)
{
	return profile < PMU_PROFILES ? names[profile] : NULL;
}

bool pmu_profile_find(const char *name, enum pmu_profile *profile)
{
	for (unsigned int i = 0; i < PMU_PROFILES; i++) {
		if (strcmp(name, names[i]) == 0) {
			*profile = i;
			return true;
		}
	}
	return false;
}

uint64_t pmu_profile_quirks(enum pmu_profile profile)
{
	uint64_t quirks = 0;

	for (unsigned int i = 0; i < PMU_QUIRKS; i++) {
		if (pmu_quirks[i].profiles >> profile & 1)
			quirks |= 1ull << pmu_quirks[i].bit;
	}
	return quirks;
}
