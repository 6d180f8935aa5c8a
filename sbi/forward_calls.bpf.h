/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How a call and a counter read get into the slot of their hart, and what calls are counted. */
#ifndef VHART_FORWARD_CALLS_BPF_H
#define VHART_FORWARD_CALLS_BPF_H

#include "sbi/forward.bpf.h"

const volatile struct forward_rules rules;
const volatile __u32 signal_number;
const volatile __u32 hart_count;

__u32 counting; /* forward_count() was called */

/* As many entries as there are harts, set at load time; so has the next. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct forward_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct forward_firmware);
} firmware SEC(".maps");

/* KVM_RUN returns EINTR before the guest runs again. */
static __always_inline void interrupt(struct forward_slot *slot)
{
	if (bpf_send_signal_thread(signal_number))
		slot->lost++;
	else
		slot->sequence++;
}

/* ---- counting what KVM answers itself ---- */

static __always_inline void count_firmware(__u32 hart, __u32 code)
{
	struct forward_firmware *of = bpf_map_lookup_elem(&firmware, &hart);

	/* Atomic: other vCPUs' threads count here what they send to this hart. */
	if (of && code < FORWARD_FW_EVENTS)
		__sync_fetch_and_add(&of->events[code], 1);
}

/*
 * SBI 3.0, 3.1: a hart mask and its base; base -1 is all harts. A loop over the harts that there
 * are, not bpf_loop(): callbacks are refused where BPF is not compiled.
 */
static __always_inline void count_receivers(const uint64_t args[8], __u32 code)
{
	__u64 mask = args[0], base = args[1];

	for (__u32 hart = 0; hart < FORWARD_MAX_HARTS && hart < hart_count; hart++) {
		__u64 bit = hart - base;

		if (base == ~0ull || (bit < 64 && mask >> (bit & 63) & 1))
			count_firmware(hart, code);
	}
}

static __always_inline void count_call(__u32 hart, const uint64_t args[8])
{
	__u64 eid = args[7], fid = args[6];

	if (eid == FORWARD_EID_TIME && fid == 0) {
		count_firmware(hart, FORWARD_FW_SET_TIMER);
	} else if (eid == FORWARD_EID_IPI && fid == 0) {
		count_firmware(hart, FORWARD_FW_IPI_SENT);
		count_receivers(args, FORWARD_FW_IPI_SENT + 1);
	} else if (eid == FORWARD_EID_RFENCE && fid <= 2) {
		/* remote_fence_i, remote_sfence_vma, remote_sfence_vma_asid */
		count_firmware(hart, FORWARD_FW_FENCE_I_SENT + 2 * fid);
		count_receivers(args, FORWARD_FW_FENCE_I_SENT + 2 * fid + 1);
	}
}

/* ---- what came ---- */

/*
 * A call of our VM whose EID is one of those that are looked for. A0 is the kernel's copy of the
 * register; a0 to a7 lie together, as KVM_GET_ONE_REG numbers them. They are copied in one piece
 * because each load through a kernel pointer is a function call where BPF is not compiled.
 */
static __always_inline void on_call(__u32 hart, __u64 pc, const unsigned long *a0)
{
	struct forward_slot *slot = bpf_map_lookup_elem(&slots, &hart);
	const uint64_t *args;

	if (!slot)
		return;
	args = slot->args;
	if (bpf_probe_read_kernel(slot->args, sizeof(slot->args), a0)) {
		slot->lost++;
	} else if (forward_wants(&rules, args[7], args[6], args[0], args[2])) {
		slot->kind = FORWARD_CALL;
		slot->pc = pc;
		interrupt(slot);
	} else if (rules.counts && counting) {
		count_call(hart, args);
	}
}

/* NEXT_PC: where KVM goes on; 0 when it has not emulated the instruction yet. */
static __always_inline void on_counter(__u32 hart, __u64 pc, __u64 instruction, __u64 next_pc,
				       __u64 sstatus)
{
	struct forward_slot *slot = bpf_map_lookup_elem(&slots, &hart);

	if (!slot)
		return;
	slot->kind = FORWARD_COUNTER;
	slot->pc = pc;
	slot->instruction = instruction;
	slot->next_pc = next_pc;
	slot->sstatus = sstatus;
	interrupt(slot);
}

#endif
