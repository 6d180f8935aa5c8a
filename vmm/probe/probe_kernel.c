/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the running kernel by its version. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "pmu/kernels.h"
#include "vmm/kvm/kernel_holes.h"
#include "vmm/probe/probe.h"

/* The running kernel's version; false, with FINDING made, when it does not tell. */
static bool running_version(struct utsname *name, uint32_t *version, struct probe_finding *finding)
{
	if (uname(name) < 0)
		probe_set(finding, PROBE_UNKNOWN, "uname: %s", strerror(errno));
	else if (!linux_version_parse(name->release, version))
		probe_set(finding, PROBE_UNKNOWN, "this kernel calls its version %s",
			  name->release);
	else
		return true;
	finding->cost = finding->fix = NULL;
	return false;
}

void probe_pmu_profile(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	struct pmu_kernel_match match;
	struct utsname name;
	uint32_t version;

	(void)probe;
	(void)check;
	if (!running_version(&name, &version, finding))
		return;
	match = pmu_kernel_match(version);
	if (match.known)
		probe_set(finding, PROBE_OK, "--pmu-profile %s, by the kernel's version",
			  pmu_profile_name(match.profile));
	else
		probe_set(finding, PROBE_UNKNOWN,
			  "--pmu-profile %s, perhaps: this kernel's source was not read",
			  pmu_profile_name(match.profile));
}

/* By the version alone: what is deadly is not tried. */
static void check_hole(struct probe *probe, const struct probe_check *check,
		       struct probe_finding *finding)
{
	const struct kernel_hole *hole = &kernel_holes[check->number];
	struct utsname name;
	uint32_t version;

	(void)probe;
	if (!running_version(&name, &version, finding))
		return;
	switch (kernel_hole_state(hole, version)) {
	case HOLE_MENDED: probe_set(finding, PROBE_OK, "by its version, not in this kernel"); break;
	case HOLE_OPEN:
		probe_set(finding, PROBE_LIMITED, "%s: a guest can %s; mended: %s",
			  hole->way == HOLE_ALWAYS ? "always" : "with --pmu kvm", hole->what,
			  hole->mended ? hole->mended : "in no version that is known");
		break;
	case HOLE_UNKNOWN:
		probe_set(finding, PROBE_UNKNOWN, "this kernel's source was not read");
		finding->cost = finding->fix = NULL;
		break;
	}
}

#define NO_KVM_PMU "leave the PMU to vhart (--pmu vmm, the default), or hide it (--pmu off)"

const struct probe_check probe_hole_checks[] = {
	{"holes.pmu_base", "counter base", check_hole, HOLE_PMU_BASE, NULL, NO_KVM_PMU},
	{"holes.pmu_read", "firmware counter read", check_hole, HOLE_PMU_READ, NULL, NO_KVM_PMU},
	{"holes.pmu_skip", "SKIP_MATCH", check_hole, HOLE_PMU_SKIP, NULL, NO_KVM_PMU},
	{"holes.pmu_page_end", "page out of RAM", check_hole, HOLE_PMU_PAGE_END, NULL, NO_KVM_PMU},
	{"holes.pmu_page_after", "page after page", check_hole, HOLE_PMU_PAGE_AFTER, NULL,
	 NO_KVM_PMU},
	{"holes.pmu_page_leak", "pages that leak", check_hole, HOLE_PMU_PAGE_LEAK, NULL,
	 NO_KVM_PMU},
	{"holes.pmu_info", "event_get_info", check_hole, HOLE_PMU_INFO, NULL, NO_KVM_PMU},
	{"holes.pmu_log", "kernel log", check_hole, HOLE_PMU_LOG, NULL, NO_KVM_PMU},
	{"holes.csr_read", "counter CSRs", check_hole, HOLE_CSR_READ, NULL,
	 "run a host kernel that has it mended: no VMM can keep a guest from it"},
	{0},
};
