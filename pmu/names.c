/* SPDX-License-Identifier: Apache-2.0 */

#include "pmu/names.h"

#include <stdio.h>

#include "pmu/internal.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* By code (section 11.1). */
static const char *const hardware[] = {
	NULL,
	"cycles",
	"instructions",
	"cache-references",
	"cache-misses",
	"branches",
	"branch-misses",
	"bus-cycles",
	"stalled-cycles-frontend",
	"stalled-cycles-backend",
	"ref-cycles",
};

/* Section 11.2: cache_id, op_id with result_id. */
static const char *const caches[] = {
	"L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node",
};
static const char *const cache_results[] = {
	"loads", "load-misses", "stores", "store-misses", "prefetches", "prefetch-misses",
};

/* By code (section 11.5). */
static const char *const firmware[PMU_FW_EVENTS] = {
	"fw-misaligned-load",
	"fw-misaligned-store",
	"fw-access-load",
	"fw-access-store",
	"fw-illegal-insn",
	"fw-set-timer",
	"fw-ipi-sent",
	"fw-ipi-received",
	"fw-fence-i-sent",
	"fw-fence-i-received",
	"fw-sfence-vma-sent",
	"fw-sfence-vma-received",
	"fw-sfence-vma-asid-sent",
	"fw-sfence-vma-asid-received",
	"fw-hfence-gvma-sent",
	"fw-hfence-gvma-received",
	"fw-hfence-gvma-vmid-sent",
	"fw-hfence-gvma-vmid-received",
	"fw-hfence-vvma-sent",
	"fw-hfence-vvma-received",
	"fw-hfence-vvma-asid-sent",
	"fw-hfence-vvma-asid-received",
};

void pmu_event_name(char *to, size_t size, uint64_t event_idx, uint64_t data)
{
	unsigned int code = event_idx & 0xFFFF;

	switch (event_idx >> 16) {
	case PMU_EVENT_HARDWARE:
		if (code == 0 || code >= ARRAY_LEN(hardware))
			break;
		snprintf(to, size, "%s", hardware[code]);
		return;
	case PMU_EVENT_CACHE:
		if (code >> 3 >= ARRAY_LEN(caches) || (code & 7) >= ARRAY_LEN(cache_results))
			break;
		snprintf(to, size, "%s-%s", caches[code >> 3], cache_results[code & 7]);
		return;
	case PMU_EVENT_RAW:
	case PMU_EVENT_RAW_V2: snprintf(to, size, "raw:0x%lx", (unsigned long)data); return;
	case PMU_EVENT_FIRMWARE:
		if (code == PMU_FW_PLATFORM)
			snprintf(to, size, "platform:0x%lx", (unsigned long)data);
		else if (code < PMU_FW_EVENTS)
			snprintf(to, size, "%s", firmware[code]);
		else
			break;
		return;
	default: break;
	}
	snprintf(to, size, "event:0x%lx", (unsigned long)event_idx);
}
