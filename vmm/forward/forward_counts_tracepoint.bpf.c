/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts at KVM's tracepoints, for kernels without BPF trampolines. */
#include "base/riscv.h"
#include "vmm/forward/forward_counts.bpf.h"
#include "vmm/forward/forward_entered.bpf.h"

#define INSTRUCTION_WFI 0x10500073u

SEC("tp_btf/kvm_exit")
int BPF_PROG(on_exit, struct kvm_cpu_trap *trap)
{
	__u32 zero = 0;
	const struct entered *now = bpf_map_lookup_elem(&entered, &zero);
	const struct kvm_vcpu *vcpu;

	if (!now || !trap || !now->ours || now->own)
		return 0;
	vcpu = now->vcpu;
	count_exit(now->hart, trap->scause);
	if (trap->scause == CAUSE_VIRTUAL_INSTRUCTION && trap->stval == INSTRUCTION_WFI)
		count_halt(now->hart);
	if (trap->scause == CAUSE_VIRTUAL_SUPERVISOR_ECALL)
		count_call(now->hart,
			   __builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
	return 0;
}
