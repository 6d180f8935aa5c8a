/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a watcher cannot do with less: a program at each exit and one at each entry, which read the
 * clock. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const char empty_license[] SEC("license") = "GPL";

__u64 last;

SEC("tp_btf/kvm_entry")
int on_entry(void *context)
{
	last = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/kvm_exit")
int on_exit(void *context)
{
	last = bpf_ktime_get_ns();
	return 0;
}
