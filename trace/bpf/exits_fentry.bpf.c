/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * And at functions of KVM's that only a few exits pass: which faults are a device's, also one that
 * KVM plays itself, and when a thread comes back from userspace.
 */
#include "trace/bpf/exits.bpf.h"

static __always_inline int is_device(void)
{
	struct exit_vcpu *vcpu = current_vcpu();

	if (vcpu && !vcpu->own)
		vcpu->row = exit_mmio_row(vcpu->row);
	return 0;
}

SEC("fentry/kvm_riscv_vcpu_mmio_load")
int BPF_PROG(on_mmio_load)
{
	return is_device();
}

SEC("fentry/kvm_riscv_vcpu_mmio_store")
int BPF_PROG(on_mmio_store)
{
	return is_device();
}

SEC("fentry/kvm_arch_vcpu_ioctl_run")
int BPF_PROG(on_run, struct kvm_vcpu *run)
{
	struct exit_vcpu *vcpu = current_vcpu();
	__u64 now;

	if (!vcpu)
		return 0;
	now = bpf_ktime_get_ns();
	fold_begin(vcpu);
	fold_take_detour(vcpu, VCPU_KERNEL, now);
	note_cost(vcpu, now);
	fold_end(vcpu);
	return 0;
}
