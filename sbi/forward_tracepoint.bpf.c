/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The forward at KVM's tracepoints, for kernels without BPF trampolines. kvm_exit does not say
 * which vCPU it is about: kvm_entry on the same CPU did, because the kernel lets a thread neither
 * change its CPU nor another one in between the two (kvm_arch_vcpu_ioctl_run()).
 */
#include "sbi/forward_calls.bpf.h"
#include "sbi/forward_exits.bpf.h"

/* Privileged specification: scause of the hypervisor extension; WFI. */
#define CAUSE_VIRTUAL_SUPERVISOR_ECALL 10
#define CAUSE_VIRTUAL_INSTRUCTION      22
#define INSTRUCTION_WFI		       0x10500073u

struct entered {
	const struct kvm_vcpu *vcpu;
	__u32 hart, ours;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct entered);
} entered SEC(".maps");

SEC("tp_btf/kvm_entry")
int BPF_PROG(on_entry, struct kvm_vcpu *vcpu)
{
	__u32 zero = 0;
	struct entered *now = bpf_map_lookup_elem(&entered, &zero);

	if (!now || !vcpu)
		return 0;
	now->vcpu = vcpu;
	now->hart = vcpu->vcpu_id;
	now->ours = is_ours((__u64)vcpu->kvm);
	return 0;
}

/* A pointer out of a map is just a number to the verifier: helpers read through it. */
static __always_inline void on_ecall(const struct entered *now, __u64 pc)
{
	const struct kvm_vcpu *vcpu = now->vcpu;
	unsigned long eid;

	if (!bpf_core_read(&eid, sizeof(eid), &vcpu->arch.guest_context.a7) &&
	    forward_may_want(&rules, eid))
		on_call(now->hart, pc,
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
	if (rules.counts && counting) {
		count_exit(now->hart, trap->scause);
		if (trap->scause == CAUSE_VIRTUAL_INSTRUCTION && trap->stval == INSTRUCTION_WFI)
			count_halt(now->hart);
	}
	if (trap->scause == CAUSE_VIRTUAL_SUPERVISOR_ECALL)
		on_ecall(now, trap->sepc);
	else if (trap->scause == CAUSE_VIRTUAL_INSTRUCTION && rules.counter_reads)
		on_instruction(now, trap->sepc, trap->stval);
	return 0;
}
