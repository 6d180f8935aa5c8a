/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the running kernel by its version. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "pmu/kernels.h"
#include "vmm/probe.h"

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
		probe_set(finding, PROBE_OK, "--pmu-profile %s", pmu_profile_name(match.profile));
	else
		probe_set(finding, PROBE_UNKNOWN,
			  "--pmu-profile %s, perhaps: this kernel's source was not read",
			  pmu_profile_name(match.profile));
}
