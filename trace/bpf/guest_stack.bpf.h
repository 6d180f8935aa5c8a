/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The stack of a guest that has just left, copied while it stands still, for whoever follows its
 * frame pointers later. Its pages are found by the guest's own tables, and those in what the VMM
 * gave to KVM as memory: kvm_memslots() holds for every VMM. Memory that is not there, or is being
 * changed, makes the copy shorter or wrong, never more.
 */
#ifndef VHART_GUEST_STACK_BPF_H
#define VHART_GUEST_STACK_BPF_H

#include "base/riscv.h"
#include "trace/bpf/guest_memory.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* one beside each record, where rules.stacks wants it */
	__type(key, __u32);
	__type(value, struct exit_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.pieces for each vCPU, the same */
	__type(key, __u32);
	__type(value, struct stack_piece);
} pieces SEC(".maps");

struct kernel_root kernel_root;

#define NAPOT_MASK ((1ull << NAPOT_SHIFT) - 1)

#define UPPER_HALF 63
/* A kernel's own code is so near to its trap handler; so is the stack that it began on. */
#define CODE_REACH (1ull << 31)

struct stack_space {
	const struct kvm *kvm;
	__u64 satp, stvec;
	__u64 by_kernel;	  /* the root is kernel_root, not satp's */
	struct guest_slot memory; /* what was looked at last */
};

/*
 * Global functions are verified once, and not for each call on each path to it: the two that look
 * into memory are.
 */
__u64 host_address(struct stack_space *space, __u64 address);
int walk(struct stack_space *space, __u64 address, __u64 *physical);

/* Where the VMM has it, whose thread this is; 0: there is no memory. */
__noinline __u64 host_address(struct stack_space *space, __u64 address)
{
	struct guest_slot *memory;

	if (!space)
		return 0;
	memory = &space->memory;
	if (address - memory->first >= memory->size && !find_memory(space->kvm, address, memory))
		return 0;
	return memory->host + (address - memory->first);
}

/* The entry for ADDRESS in TABLE, whose entries map 1 << SHIFT bytes each. False: no valid one. */
static __always_inline bool read_entry(struct stack_space *space, __u64 table, __u64 address,
				       __u64 shift, bool root, __u64 *entry)
{
	__u64 index = address >> shift & 0x1FF;
	__u64 host;

	if (root && space->by_kernel) {
		*entry = kernel_root.entries[index & (KERNEL_ENTRIES - 1)];
	} else {
		host = host_address(space, table + 8 * index);
		if (!host || bpf_probe_read_user(entry, sizeof(*entry), (const void *)host))
			return false;
	}
	return *entry & PTE_V;
}

/* As base/guest_walk.c, which says more. */
__noinline int walk(struct stack_space *space, __u64 address, __u64 *physical)
{
	__u64 mode, table;

	if (!space || !physical)
		return 0;
	mode = space->satp >> SATP_MODE_SHIFT;
	table = (space->satp & SATP_PPN) << 12;
	*physical = address;
	if (!mode)
		return 1;
	if (mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return 0;
	for (int level = 4; level >= 0; level--) {
		__u64 shift = 12 + 9 * level, entry = 0, mask;
		int top = (int)mode - 6;

		if (level > top)
			continue;
		if (!read_entry(space, table, address, shift, level == top, &entry))
			return 0;
		table = (entry >> PTE_PPN_SHIFT & SATP_PPN) << 12;
		if (!(entry & (PTE_R | PTE_X)))
			continue;
		mask = entry & PTE_N ? NAPOT_MASK : (1ull << shift) - 1;
		*physical = (table & ~mask) | (address & mask);
		return 1;
	}
	return 0;
}

/*
 * ADDRESS was found by the root in satp, which is good, then. Not where the first tables of a boot
 * would do too, which map the kernel's code and data alone and are given back.
 */
static __always_inline void keep_root(struct stack_space *space, __u64 address)
{
	__u64 table = (space->satp & SATP_PPN) << 12;
	__u64 upper;

	if (!(space->satp >> SATP_MODE_SHIFT) || !(address >> UPPER_HALF) ||
	    address - (space->stvec - CODE_REACH) < 2 * CODE_REACH)
		return;
	upper = host_address(space, table + 8 * KERNEL_ENTRIES);
	kernel_root.satp = 0;
	barrier();
	if (!upper || bpf_probe_read_user(kernel_root.entries, sizeof(kernel_root.entries),
					  (const void *)upper))
		return;
	kernel_root.kvm = (__u64)space->kvm;
	kernel_root.stvec = space->stvec;
	barrier();
	kernel_root.satp = space->satp;
}

/* Where ADDRESS is, in memory. */
static __always_inline bool finds(struct stack_space *space, __u64 address, __u64 *physical)
{
	return walk(space, address, physical) && host_address(space, *physical);
}

/*
 * KVM has the guest's satp only as of when the vCPU last gave way (kvm_arch_vcpu_put()): the root
 * of a process that may be gone, and whose pages are others' then.
 */
static __always_inline bool find_stack(struct stack_space *space, __u64 address, __u64 *physical)
{
	__u64 satp = space->satp;

	if (kernel_root.satp && address >> UPPER_HALF && kernel_root.kvm == (__u64)space->kvm &&
	    kernel_root.stvec == space->stvec) {
		space->satp = kernel_root.satp;
		space->by_kernel = 1;
		if (finds(space, address, physical))
			return true;
	}
	space->satp = satp;
	space->by_kernel = 0;
	if (!finds(space, address, physical))
		return false;
	keep_root(space, address);
	return true;
}

/* Where piece NUMBER of the stacks of vCPU INDEX is written. */
static __always_inline struct stack_piece *piece_at(__u32 index, __u64 number)
{
	__u32 entry = index * rules.pieces + number % rules.pieces;

	return bpf_map_lookup_elem(&pieces, &entry);
}

/*
 * The stack that sp is in, from sp's piece up to where a stack of Linux ends. USER_SATP: the guest
 * was in a process, and so much of its stack is copied as there may be; 0: it was in its kernel.
 */
static __noinline int copy_stack(const struct kvm_vcpu *vcpu, __u32 index, struct exit_stack *stack,
				 __u64 user_satp)
{
	struct stack_space space = {0};
	__u64 physical = 0, host = 0;

	if (!stack)
		return 0;
	space.kvm = BPF_CORE_READ(vcpu, kvm);
	space.satp = user_satp ? user_satp : BPF_CORE_READ(vcpu, arch.guest_csr.vsatp);
	space.stvec = BPF_CORE_READ(vcpu, arch.guest_csr.vstvec);
	for (__u32 i = 0; i < STACK_PIECES; i++) {
		__u64 address = stack->base + i * STACK_PIECE;
		struct stack_piece *piece = piece_at(index, stack->first + i);

		if (!piece || (user_satp ? i == USER_STACK_PIECES : i && address % STACK_SIZE == 0))
			break;
		if (!i || address % GUEST_PAGE == 0) {
			if (!(i || user_satp ? walk(&space, address, &physical)
					     : find_stack(&space, address, &physical)))
				break;
			host = host_address(&space, physical);
		} else {
			host += STACK_PIECE;
		}
		if (!host || bpf_probe_read_user(piece, sizeof(*piece), (const void *)host))
			break;
		stack->pieces = i + 1;
	}
	return 0;
}

#endif
