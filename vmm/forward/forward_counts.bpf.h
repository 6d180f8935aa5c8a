/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Exits by cause, and firmware events that are calls which KVM answers, of each hart. */
#ifndef VHART_FORWARD_COUNTS_BPF_H
#define VHART_FORWARD_COUNTS_BPF_H

#include "base/sbi_spec.h"
#include "vmm/forward/forward.bpf.h"

/* Privileged specification: scause of the hypervisor extension. */

const volatile __u32 hart_count;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* hart_count: set at load time */
	__type(key, __u32);
	__type(value, struct forward_counts);
} counts SEC(".maps");

/* ---- exits: counted by the thread of the hart's vCPU only ---- */

static __always_inline void count_exit(__u32 hart, __u64 scause)
{
	struct forward_counts *of = bpf_map_lookup_elem(&counts, &hart);

	if (of)
		of->exits[(scause >> 63) * 32 + (scause & 31)]++;
}

static __always_inline void count_halt(__u32 hart)
{
	struct forward_counts *of = bpf_map_lookup_elem(&counts, &hart);

	if (of)
		of->halts++;
}

/* ---- calls ---- */

static __always_inline void count_firmware(__u32 hart, __u32 code)
{
	struct forward_counts *of = bpf_map_lookup_elem(&counts, &hart);

	/* Atomic: other vCPUs' threads count here what they send to this hart. */
	if (of && code < FORWARD_FW_EVENTS)
		__sync_fetch_and_add(&of->firmware[code], 1);
}

/*
 * SBI 3.0, 3.1: a hart mask and its base; base -1 is all harts. Plain loops, because the verifier
 * allows callbacks only where BPF is compiled; and simple ones, because it walks through each
 * round.
 */
static __always_inline void count_receivers(__u64 mask, __u64 base, __u32 code)
{
	if (base == ~0ull) {
		for (__u32 hart = 0; hart < FORWARD_MAX_HARTS && hart < hart_count; hart++)
			count_firmware(hart, code);
	} else if (base < FORWARD_MAX_HARTS) {
		for (__u32 bit = 0; bit < 64; bit++, mask >>= 1)
			if (mask & 1)
				count_firmware(base + bit, code);
	}
}

/* A0 is the kernel's copy of the register; a0 to a7 lie together. */
static __always_inline void count_call(__u32 hart, const unsigned long *a0)
{
	__u64 args[8], eid, fid;
	__u32 sent;

	if (bpf_probe_read_kernel(args, sizeof(args), a0))
		return;
	eid = args[7];
	fid = args[6];
	if (eid == SBI_EID_TIME && fid == 0) {
		count_firmware(hart, FORWARD_FW_SET_TIMER);
		return;
	}
	if (eid == SBI_EID_IPI && fid == 0)
		sent = FORWARD_FW_IPI_SENT;
	else if (eid == SBI_EID_RFENCE && fid <= 2)
		/* remote_fence_i, remote_sfence_vma, remote_sfence_vma_asid */
		sent = FORWARD_FW_FENCE_I_SENT + 2 * fid;
	else
		return;
	count_firmware(hart, sent);
	count_receivers(args[0], args[1], sent + 1);
}

#endif
