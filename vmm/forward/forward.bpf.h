/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the BPF programs at functions and those at tracepoints share. */
#ifndef VHART_FORWARD_BPF_H
#define VHART_FORWARD_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "base/own_run.h"
#include "vmm/forward/forward_map.h"

/* Of the kernel's types only what is read here; the offsets are found at load time (CO-RE). */
struct kvm_cpu_context {
	unsigned long sepc, a0, a7, sstatus;
} __attribute__((preserve_access_index));
struct kvm_vcpu_arch {
	struct kvm_cpu_context guest_context;
} __attribute__((preserve_access_index));
struct kvm_run {
	unsigned char request_interrupt_window;
	unsigned long long cr8;
} __attribute__((preserve_access_index));
struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_run *run;
	int vcpu_id;
	struct kvm_vcpu_arch arch;
} __attribute__((preserve_access_index));
struct kvm_cpu_trap {
	unsigned long sepc, scause, stval;
} __attribute__((preserve_access_index));

/* Only GPL-compatible programs may look into the kernel's structs. */
const char forward_license[] SEC("license") = "GPL";

/* What forward_attach_vcpu() puts into kvm_run: a process may have several VMs. */
const volatile __u64 own_machine;
__u32 own_tgid; /* as the first PID namespace has it */
__u64 own_kvm;	/* the struct kvm of our VM, once seen */

/* Run once, at load time: what our process is called here, also from a container. */
SEC("syscall")
int who_am_i(void *context)
{
	own_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* VCPU is a pointer that BPF can follow. */
static __always_inline bool is_ours(const struct kvm_vcpu *vcpu)
{
	__u64 kvm = (__u64)vcpu->kvm;

	if (kvm == own_kvm)
		return true;
	if (own_kvm || bpf_get_current_pid_tgid() >> 32 != own_tgid ||
	    vcpu->run->cr8 != own_machine)
		return false;
	own_kvm = kvm;
	return true;
}

#endif
