/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts exits at KVM's functions: attached when somebody wants to know, for every exit pays. */
#include "sbi/forward_exits.bpf.h"

SEC("fentry/kvm_riscv_vcpu_exit")
int BPF_PROG(on_exit, struct kvm_vcpu *vcpu, struct kvm_run *run, struct kvm_cpu_trap *trap)
{
	if (is_ours((__u64)vcpu->kvm))
		count_exit(vcpu->vcpu_id, trap->scause);
	return 0;
}

SEC("fentry/kvm_riscv_vcpu_wfi")
int BPF_PROG(on_wfi, struct kvm_vcpu *vcpu)
{
	if (is_ours((__u64)vcpu->kvm))
		count_halt(vcpu->vcpu_id);
	return 0;
}
