/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The tracepoint kvm_exit does not say which vCPU it is about: kvm_entry on the same CPU did,
 * because the kernel lets a thread neither change its CPU nor another one in between the two
 * (kvm_arch_vcpu_ioctl_run()).
 */
#ifndef VHART_FORWARD_ENTERED_BPF_H
#define VHART_FORWARD_ENTERED_BPF_H

#include "vmm/forward/forward.bpf.h"

struct entered {
	const struct kvm_vcpu *vcpu;
	__u32 hart, ours;
	__u32 own; /* it runs for this process: own_run.h */
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
	now->ours = is_ours(vcpu);
	now->own = vcpu->run->request_interrupt_window == RUN_MARK_OWN;
	return 0;
}

#endif
