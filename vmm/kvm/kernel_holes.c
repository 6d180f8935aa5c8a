/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Read in arch/riscv/kvm/vcpu_pmu.c of Debian's packages (pmu/quirks.c says which), and tried in
 * lab hosts with guest-images/pmu_holes.c. A span ends with the last version that has it.
 */

#include "vmm/kvm/kernel_holes.h"

#define OLDEST	  LINUX_VERSION(6, 12, 107)
#define LAST_6_12 LINUX_VERSION(6, 12, 117)
#define LAST_7_2  LINUX_VERSION(7, 2, 12)

#define SPAN_6_12	 {OLDEST, LAST_6_12}
#define SPAN_6_12_TO_115 {OLDEST, LINUX_VERSION(6, 12, 115)}
#define SPAN_7_2	 {LAST_7_2, LAST_7_2}

const struct kernel_hole kernel_holes[KERNEL_HOLES] = {
	/* kvm_pmu_validate_counter_mask() lets base + bit wrap. */
	[HOLE_PMU_BASE] = {HOLE_BY_KVM_PMU,
			   "crash this host's kernel by one SBI call: PMU, FID 2, 3 or 4, with a "
			   "counter_idx_base near 2^64",
			   {SPAN_6_12},
			   "7.2.12"},
	/* pmu_ctr_read() takes 0xFFFF for the code of no event. */
	[HOLE_PMU_READ] =
		{HOLE_BY_KVM_PMU,
		 "read memory of this host's kernel, or crash it, by counter_fw_read of a "
		 "counter without an event",
		 {SPAN_6_12},
		 "7.2.12"},
	[HOLE_PMU_SKIP] = {HOLE_BY_KVM_PMU,
			   "read memory of this host's kernel by SKIP_MATCH of a cache event on a "
			   "firmware counter",
			   {SPAN_6_12},
			   "7.2.12"},
	/* kvm_riscv_vcpu_pmu_snapshot_set_shmem() frees what it keeps. */
	[HOLE_PMU_PAGE_END] = {HOLE_BY_KVM_PMU,
			       "make this host's kernel free memory twice by a snapshot page that "
			       "runs out of RAM",
			       {SPAN_6_12_TO_115},
			       "6.12.117, 7.2.12"},
	/* The address of the page before is kept, its copy is not. */
	[HOLE_PMU_PAGE_AFTER] =
		{HOLE_BY_KVM_PMU,
		 "crash this host's kernel by a snapshot page that is refused after "
		 "one that was taken",
		 {SPAN_7_2},
		 "6.12.117"},
	[HOLE_PMU_PAGE_LEAK] = {HOLE_BY_KVM_PMU,
				"use up this host's memory, 4 KiB with each snapshot page that it "
				"sets",
				{SPAN_6_12_TO_115, SPAN_7_2},
				"6.12.117"},
	[HOLE_PMU_INFO] = {HOLE_BY_KVM_PMU,
			   "make this host's kernel allocate up to 2 GiB for the time of one "
			   "event_get_info",
			   {SPAN_7_2},
			   "6.12.117, which has no such call"},
	[HOLE_PMU_LOG] = {HOLE_BY_KVM_PMU,
			  "fill this host's kernel log by reads of counters that do not exist",
			  {SPAN_6_12, SPAN_7_2},
			  NULL},
	/* As HOLE_PMU_READ: the vCPU's PMU is there though its extension is disabled. */
	[HOLE_CSR_READ] =
		{HOLE_ALWAYS,
		 "read memory of this host's kernel, or crash it, or fill its log, by "
		 "reading hpmcounterN, on harts whose counters have gaps in their numbers",
		 {SPAN_6_12},
		 "7.2.12"},
};

enum hole_state kernel_hole_state(const struct kernel_hole *hole, uint32_t version)
{
	for (unsigned int i = 0; i < HOLE_SPANS; i++) {
		if (version >= hole->versions[i].from && version <= hole->versions[i].upto)
			return HOLE_OPEN;
	}
	return pmu_kernel_match(version).known ? HOLE_MENDED : HOLE_UNKNOWN;
}

const char *kernel_pmu_exposes(const char *release)
{
	uint32_t version;

	if (!linux_version_parse(release, &version))
		return "perhaps hurt this host: the source of this kernel was not read";
	for (unsigned int i = 0; i < KERNEL_HOLES; i++) {
		const struct kernel_hole *hole = &kernel_holes[i];

		if (hole->way != HOLE_BY_KVM_PMU)
			continue;
		switch (kernel_hole_state(hole, version)) {
		case HOLE_OPEN: return hole->what;
		case HOLE_UNKNOWN:
			return "perhaps hurt this host: the source of this kernel was not read";
		case HOLE_MENDED: break;
		}
	}
	return NULL;
}
