/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What a guest writes to its console, as it was at the call: later its buffer holds something else.
 * Read where the VMM's process sees it, so with any VMM.
 */
#ifndef VHART_EXITS_TEXT_BPF_H
#define VHART_EXITS_TEXT_BPF_H

struct rb_node {
	struct rb_node *rb_right, *rb_left;
} __attribute__((preserve_access_index));
struct rb_root {
	struct rb_node *rb_node;
} __attribute__((preserve_access_index));
struct kvm_memslots {
	struct rb_root gfn_tree;
	int node_idx;
} __attribute__((preserve_access_index));
struct kvm_memory_slot {
	struct rb_node gfn_node[2];
	unsigned long long base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* one a record, where rules.text wants it */
	__type(key, __u32);
	__type(value, struct exit_text);
} texts SEC(".maps");

#define GUEST_PAGE_BITS 12
/* A tree of so many levels holds more than KVM's slots. */
#define SLOT_LEVELS 20

struct buffer {
	__u64 host; /* 0: there is none */
	__u64 size; /* as far as the slot goes */
};

/* search_memslots(): where the process sees guest physical ADDRESS. */
static __always_inline struct buffer find_buffer(const struct kvm *kvm, __u64 address)
{
	__u64 page = address >> GUEST_PAGE_BITS, offset;
	const struct kvm_memslots *slots = BPF_CORE_READ(kvm, memslots[0]);
	const struct rb_node *node = BPF_CORE_READ(slots, gfn_tree.rb_node);

	offset = bpf_core_field_offset(struct kvm_memory_slot, gfn_node) +
		 (BPF_CORE_READ(slots, node_idx) & 1) * bpf_core_type_size(struct rb_node);
	for (int level = 0; level < SLOT_LEVELS && node; level++) {
		const struct kvm_memory_slot *slot = (const void *)((__u64)node - offset);
		__u64 first = BPF_CORE_READ(slot, base_gfn), pages = BPF_CORE_READ(slot, npages);

		if (page < first) {
			node = BPF_CORE_READ(node, rb_left);
		} else if (page - first >= pages) {
			node = BPF_CORE_READ(node, rb_right);
		} else {
			__u64 within = address - (first << GUEST_PAGE_BITS);

			return (struct buffer){
				.host = BPF_CORE_READ(slot, userspace_addr) + within,
				.size = (pages << GUEST_PAGE_BITS) - within,
			};
		}
	}
	return (struct buffer){0};
}

/* The arguments are a size and an address in two registers. */
static __always_inline void record_text(__u32 index, const struct exit_ring *ring,
					struct exit_record *record, const struct kvm_vcpu *vcpu)
{
	__u32 entry = index * rules.ring + (ring->head & (rules.ring - 1));
	struct buffer buffer = find_buffer(BPF_CORE_READ(vcpu, kvm), record->args[1]);
	__u64 size = record->args[0];
	struct exit_text *text;

	if (!buffer.host || record->args[2])
		return;
	if (size > buffer.size)
		size = buffer.size;
	if (size > rules.text)
		size = rules.text;
	if (size > RECORD_LONG_TEXT)
		size = RECORD_LONG_TEXT;
	if (bpf_probe_read_user(record->text, size < RECORD_TEXT ? size : RECORD_TEXT,
				(const void *)buffer.host) < 0)
		return;
	record->text_size = size;
	record->known |= RECORD_BYTES;
	text = rules.text > RECORD_TEXT ? bpf_map_lookup_elem(&texts, &entry) : NULL;
	if (text)
		bpf_probe_read_user(text->bytes, size, (const void *)buffer.host);
}

#endif
