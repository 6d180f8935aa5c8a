/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The forward at KVM's own functions: an exit that does not matter costs nothing, and what is
 * raised is pending when the function goes on. Needs a kernel with BPF trampolines.
 */
#include "vmm/forward/forward_calls.bpf.h"

SEC("fentry/kvm_riscv_vcpu_sbi_ecall")
int BPF_PROG(on_ecall, struct kvm_vcpu *vcpu)
{
	unsigned long eid = vcpu->arch.guest_context.a7;

	if (forward_may_want(&rules, eid) && is_ours(vcpu))
		on_call(vcpu->vcpu_id, 0, eid, &vcpu->arch.guest_context.a0);
	return 0;
}

/*
 * After KVM has emulated the instruction: where the hardware does not say which it was, that KVM
 * made an illegal-instruction trap of it tells it from WFI, which must not be disturbed.
 */
SEC("fexit/kvm_riscv_vcpu_virtual_insn")
int BPF_PROG(on_instruction, struct kvm_vcpu *vcpu, struct kvm_run *run, struct kvm_cpu_trap *trap,
	     int result)
{
	__u64 pc = trap->sepc, instruction = trap->stval, next_pc;

	if (result != 1 || (instruction && !forward_reads_counter(instruction)))
		return 0;
	next_pc = vcpu->arch.guest_context.sepc;
	if ((instruction || next_pc != pc + 4) && is_ours(vcpu))
		on_counter(vcpu->vcpu_id, pc, instruction, next_pc,
			   vcpu->arch.guest_context.sstatus);
	return 0;
}
