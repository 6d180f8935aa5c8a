/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How a call and a counter read get into the slot of their hart. */
#ifndef VHART_FORWARD_CALLS_BPF_H
#define VHART_FORWARD_CALLS_BPF_H

#include "vmm/forward/forward.bpf.h"

const volatile struct forward_rules rules;
const volatile __u32 signal_number;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* as many as there are harts: set at load time */
	__type(key, __u32);
	__type(value, struct forward_slot);
} slots SEC(".maps");

/* KVM_RUN returns EINTR before the guest runs again. */
static __always_inline void interrupt(struct forward_slot *slot)
{
	if (bpf_send_signal_thread(signal_number))
		slot->lost++;
	else
		slot->sequence++;
}

/*
 * A call of our VM whose EID is one of those that are looked for. PC is 0 where it is not known
 * without a load of its own: the hart's registers have it as long as the call waits. A0 is the
 * kernel's copy of the register; a0 to a7 lie together, as KVM_GET_ONE_REG numbers them. They are
 * copied in one piece because each load through a kernel pointer is a function call where BPF is
 * not compiled.
 */
static __always_inline void on_call(__u32 hart, __u64 pc, __u64 eid, const unsigned long *a0)
{
	struct forward_slot *slot = bpf_map_lookup_elem(&slots, &hart);
	const uint64_t *args;

	if (!slot)
		return;
	args = slot->args;
	if (bpf_probe_read_kernel(slot->args, sizeof(slot->args), a0)) {
		slot->lost++;
	} else if (forward_wants_all(&rules, eid) ||
		   forward_wants(&rules, eid, args[6], args[0], args[2])) {
		slot->kind = FORWARD_CALL;
		slot->pc = pc;
		interrupt(slot);
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
