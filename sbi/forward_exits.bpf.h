/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Exits by cause, of each hart. Its vCPU's thread is the only one that counts them. */
#ifndef VHART_FORWARD_EXITS_BPF_H
#define VHART_FORWARD_EXITS_BPF_H

#include "sbi/forward.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* as many as there are harts: set at load time */
	__type(key, __u32);
	__type(value, struct forward_exits);
} exits SEC(".maps");

static __always_inline void count_exit(__u32 hart, __u64 scause)
{
	struct forward_exits *of = bpf_map_lookup_elem(&exits, &hart);

	if (of)
		of->causes[(scause >> 63) * 32 + (scause & 31)]++;
}

static __always_inline void count_halt(__u32 hart)
{
	struct forward_exits *of = bpf_map_lookup_elem(&exits, &hart);

	if (of)
		of->halts++;
}

#endif
