/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The forward at KVM's tracepoints, for kernels without BPF trampolines. */
#include "base/riscv.h"
#include "vmm/forward/forward_calls.bpf.h"
#include "vmm/forward/forward_entered.bpf.h"

/* Privileged specification: scause of the hypervisor extension. */

/* A pointer out of a map is just a number to the verifier: helpers read through it. */
static __always_inline void on_ecall(const struct entered *now, __u64 pc)
{
	const struct kvm_vcpu *vcpu = now->vcpu;
	unsigned long eid;

	if (!bpf_core_read(&eid, sizeof(eid), &vcpu->arch.guest_context.a7) &&
	    forward_may_want(&rules, eid))
		on_call(now->hart, pc, eid,
			__builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
}

static __always_inline void on_instruction(const struct entered *now, __u64 pc, __u64 instruction)
{
	const struct kvm_vcpu *vcpu = now->vcpu;
	unsigned long sstatus;

	if (forward_reads_counter(instruction) &&
	    !bpf_core_read(&sstatus, sizeof(sstatus), &vcpu->arch.guest_context.sstatus))
		on_counter(now->hart, pc, instruction, 0, sstatus);
}

SEC("tp_btf/kvm_exit")
int BPF_PROG(on_exit, struct kvm_cpu_trap *trap)
{
	__u32 zero = 0;
	const struct entered *now = bpf_map_lookup_elem(&entered, &zero);

	if (!now || !trap || !now->ours)
		return 0;
	if (trap->scause == CAUSE_VIRTUAL_SUPERVISOR_ECALL)
		on_ecall(now, trap->sepc);
	else if (trap->scause == CAUSE_VIRTUAL_INSTRUCTION && rules.counter_reads)
		on_instruction(now, trap->sepc, trap->stval);
	return 0;
}
