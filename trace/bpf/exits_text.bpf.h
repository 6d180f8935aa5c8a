/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What a guest writes to its console, as it was at the call: later its buffer holds something else.
 * Read where the VMM's process sees it, so with any VMM.
 */
#ifndef VHART_EXITS_TEXT_BPF_H
#define VHART_EXITS_TEXT_BPF_H

#include "trace/bpf/guest_memory.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* one a record, where rules.text wants it */
	__type(key, __u32);
	__type(value, struct exit_text);
} texts SEC(".maps");

/* The arguments are a size and an address in two registers. */
static __always_inline void record_text(__u32 index, const struct exit_ring *ring,
					struct exit_record *record, const struct kvm_vcpu *vcpu)
{
	__u32 entry = next_entry(index, ring);
	__u64 size = record->args[0], within;
	struct guest_slot memory = {0};
	struct exit_text *text;
	const void *host;

	if (record->args[2] || !find_memory(BPF_CORE_READ(vcpu, kvm), record->args[1], &memory))
		return;
	within = record->args[1] - memory.first;
	host = (const void *)(memory.host + within);
	if (size > memory.size - within)
		size = memory.size - within;
	if (size > rules.text)
		size = rules.text;
	if (size > RECORD_LONG_TEXT)
		size = RECORD_LONG_TEXT;
	if (bpf_probe_read_user(record->text, size < RECORD_TEXT ? size : RECORD_TEXT, host) < 0)
		return;
	record->text_size = size;
	record->known |= RECORD_BYTES;
	text = rules.text > RECORD_TEXT ? bpf_map_lookup_elem(&texts, &entry) : NULL;
	if (text)
		bpf_probe_read_user(text->bytes, size, host);
}

#endif
