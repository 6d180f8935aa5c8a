/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where the memory of a guest is in its VMM's process, as KVM knows it: of any VMM. */
#ifndef VHART_GUEST_MEMORY_BPF_H
#define VHART_GUEST_MEMORY_BPF_H

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

#define GUEST_PAGE_BITS 12
#define GUEST_PAGE	(1ull << GUEST_PAGE_BITS)
/* A tree of so many levels holds more than KVM's slots. */
#define SLOT_LEVELS 20

/* A slot: guest-physical FIRST and what follows is at HOST. */
struct guest_slot {
	__u64 first, size, host;
};

/* search_memslots(): the slot that guest-physical ADDRESS is in. False: none. */
static __always_inline bool find_memory(const struct kvm *kvm, __u64 address,
					struct guest_slot *memory)
{
	const struct kvm_memslots *slots = BPF_CORE_READ(kvm, memslots[0]);
	const struct rb_node *node = BPF_CORE_READ(slots, gfn_tree.rb_node);
	__u64 offset = bpf_core_field_offset(struct kvm_memory_slot, gfn_node) +
		       (BPF_CORE_READ(slots, node_idx) & 1) * bpf_core_type_size(struct rb_node);

	for (int level = 0; level < SLOT_LEVELS && node; level++) {
		const struct kvm_memory_slot *slot = (const void *)((__u64)node - offset);
		__u64 first = BPF_CORE_READ(slot, base_gfn) << GUEST_PAGE_BITS;
		__u64 size = BPF_CORE_READ(slot, npages) << GUEST_PAGE_BITS;

		if (address < first) {
			node = BPF_CORE_READ(node, rb_left);
		} else if (address - first >= size) {
			node = BPF_CORE_READ(node, rb_right);
		} else {
			memory->first = first;
			memory->size = size;
			memory->host = BPF_CORE_READ(slot, userspace_addr);
			return true;
		}
	}
	return false;
}

#endif
