/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Where a vCPU that sleeps is in its guest: KVM keeps its registers behind its file, and nothing
 * but the kernel looks there. Run over the files of one process.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Of the kernel's types only what is read here; the offsets are found at load time (CO-RE). */
struct task_struct;
struct bpf_iter_meta;
struct file {
	void *private_data;
} __attribute__((preserve_access_index));
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} __attribute__((preserve_access_index));
struct kvm_cpu_context {
	unsigned long sepc;
} __attribute__((preserve_access_index));
struct kvm_vcpu_arch {
	struct kvm_cpu_context guest_context;
} __attribute__((preserve_access_index));
struct kvm_vcpu {
	struct kvm_vcpu_arch arch;
} __attribute__((preserve_access_index));

const char vcpu_pcs_license[] SEC("license") = "GPL";

__u32 asked; /* the file of a vCPU: /proc says so */
__u64 pc;

SEC("iter/task_file")
int on_file(struct bpf_iter__task_file *context)
{
	const struct file *file = context->file;
	const struct kvm_vcpu *vcpu;

	if (!context->task || !file || context->fd != asked)
		return 0;
	vcpu = BPF_CORE_READ(file, private_data);
	pc = BPF_CORE_READ(vcpu, arch.guest_context.sepc);
	return 0;
}
