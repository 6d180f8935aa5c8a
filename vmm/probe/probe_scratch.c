/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

bool scratch_for_check(struct scratch *scratch, const struct probe *probe,
		       struct probe_finding *finding)
{
	const char *step;
	int result;

	if (probe->kvm_fd < 0) {
		probe_set(finding, PROBE_UNKNOWN, "KVM cannot be asked");
		finding->cost = finding->fix = NULL;
		return false;
	}
	result = scratch_open(scratch, probe->kvm_fd, &step);
	if (result == 0)
		return true;
	probe_set(finding, PROBE_UNKNOWN, "%s: %s", step, strerror(-result));
	finding->cost = finding->fix = NULL;
	scratch_close(scratch);
	return false;
}
