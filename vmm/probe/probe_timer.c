/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether KVM keeps a deadline that a guest sets by the SBI. With Sstc, kvm_sbi_ext_time_handler()
 * ends in kvm_riscv_vcpu_update_vstimecmp(), which on Linux 6.12.117 and 7.2.12 writes vstimecmp of
 * the CPU and not the vCPU's copy (next_cycles). A vCPU that leaves the CPU before the guest runs
 * again gets the copy, with the deadline of before.
 */
#include <string.h>

#include "vmm/kvm/kvm.h"
#include "vmm/kvm/scratch.h"
#include "vmm/probe/probe.h"

/* Most of the guest's time is KVM's, in its calls: most interruptions are at one. */
#define INTERRUPTIONS 100u

static void tell_disturbed(const struct scratch *scratch, bool exited,
			   const struct scratch_outcome *outcome, struct probe_finding *finding)
{
	char text[96];

	if (exited && scratch->run->exit_reason == KVM_EXIT_MMIO) {
		probe_set(finding, PROBE_LIMITED,
			  "KVM forgets one when the vCPU leaves its CPU before the guest goes on");
	} else if (!exited && outcome->end == SCRATCH_SPUN) {
		probe_set(finding, PROBE_OK, "kept by a vCPU that was interrupted %u times",
			  INTERRUPTIONS);
	} else if (exited) {
		probe_set(finding, PROBE_UNKNOWN, "KVM_RUN: exit reason %u",
			  scratch->run->exit_reason);
	} else {
		scratch_explain(outcome, text, sizeof(text));
		probe_set(finding, PROBE_UNKNOWN, "%s", text);
	}
}

static void disturb(struct scratch *scratch, struct probe_finding *finding)
{
	struct scratch_outcome outcome;
	uint64_t sstc = 0;
	bool exited;
	int result = kvm_get_reg(scratch->vcpu_fd, KVM_ISA_REG(KVM_RISCV_ISA_EXT_SSTC), &sstc);

	if (result < 0 || sstc == 0) {
		probe_set(finding, PROBE_OK, "kept by KVM's own timer: the vCPU has no Sstc");
		return;
	}
	result = scratch_begin_deadlines(scratch);
	if (result < 0) {
		probe_set(finding, PROBE_UNKNOWN, "the vCPU's pc: %s", strerror(-result));
		return;
	}
	exited = scratch_disturb(scratch, INTERRUPTIONS, &outcome);
	tell_disturbed(scratch, exited, &outcome, finding);
}

void probe_timer(struct probe *probe, const struct probe_check *check,
		 struct probe_finding *finding)
{
	struct scratch scratch;

	(void)check;
	if (!scratch_for_check(&scratch, probe, finding))
		return;
	disturb(&scratch, finding);
	if (finding->state == PROBE_UNKNOWN)
		finding->cost = finding->fix = NULL;
	scratch_close(&scratch);
}
