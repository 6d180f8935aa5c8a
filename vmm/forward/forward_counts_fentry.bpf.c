/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts at KVM's functions. */
#include "base/riscv.h"
#include "vmm/forward/forward_counts.bpf.h"

SEC("fentry/kvm_riscv_vcpu_exit")
int BPF_PROG(on_exit, struct kvm_vcpu *vcpu, struct kvm_run *run, struct kvm_cpu_trap *trap)
{
	__u64 cause;
	__u32 hart;

	/* What it did for this process the guest did not do. */
	if (!is_ours(vcpu) || run->request_interrupt_window == RUN_MARK_OWN)
		return 0;
	cause = trap->scause;
	hart = vcpu->vcpu_id;
	count_exit(hart, cause);
	if (cause == CAUSE_VIRTUAL_SUPERVISOR_ECALL)
		count_call(hart, &vcpu->arch.guest_context.a0);
	return 0;
}

SEC("fentry/kvm_riscv_vcpu_wfi")
int BPF_PROG(on_wfi, struct kvm_vcpu *vcpu)
{
	if (is_ours(vcpu))
		count_halt(vcpu->vcpu_id);
	return 0;
}
