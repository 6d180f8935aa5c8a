/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The stack of a guest that has just left, copied while it stands still, for whoever follows its
 * frame pointers later. Its pages are found by the guest's own tables, and those in what the VMM
 * gave to KVM as memory: kvm_memslots() holds for every VMM. Memory that is not there, or is being
 * changed, makes the copy shorter or wrong, never more.
 */
#ifndef VHART_GUEST_STACK_BPF_H
#define VHART_GUEST_STACK_BPF_H

#include "trace/guest_memory.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* one beside each record, where rules.stacks wants it */
	__type(key, __u32);
	__type(value, struct exit_stack);
} stacks SEC(".maps");

struct guest_tables kernel_tables;

/* Privileged spec, "Virtual Address Translation Process". */
#define SATP_MODE_SHIFT 60
#define SATP_SV39	8
#define SATP_SV57	10
#define PPN_MASK	((1ull << 44) - 1)
#define PTE_V		1ull
#define PTE_R		2ull
#define PTE_X		8ull
#define PTE_N		(1ull << 63)
#define NAPOT_MASK	0xFFFFull /* Svnapot has 64 KiB alone */

struct guest_space {
	const struct kvm *kvm;
	__u64 satp;
	struct guest_memory memory; /* what was looked at last */
};

/* Where the VMM has it, whose thread this is; NULL: there is no memory. */
static __always_inline const void *host_address(struct guest_space *space, __u64 address)
{
	struct guest_memory *memory = &space->memory;

	if (address - memory->first >= memory->size && !find_memory(space->kvm, address, memory))
		return NULL;
	return (const void *)(memory->host + (address - memory->first));
}

/* As guest_walk.c, which says more. */
static __noinline int walk(struct guest_space *space, __u64 address, __u64 *physical)
{
	__u64 mode = space->satp >> SATP_MODE_SHIFT;
	__u64 table = (space->satp & PPN_MASK) << 12;

	*physical = address;
	if (!mode)
		return 1;
	if (mode < SATP_SV39 || mode > SATP_SV57)
		return 0;
	for (int level = 4; level >= 0; level--) {
		__u64 shift = 12 + 9 * level, entry = 0, mask;
		const void *host;

		if (level > (int)mode - 6)
			continue;
		host = host_address(space, table + 8 * (address >> shift & 0x1FF));
		if (!host || bpf_probe_read_user(&entry, sizeof(entry), host) || !(entry & PTE_V))
			return 0;
		table = (entry >> 10 & PPN_MASK) << 12;
		if (!(entry & (PTE_R | PTE_X)))
			continue;
		mask = entry & PTE_N ? NAPOT_MASK : (1ull << shift) - 1;
		*physical = (table & ~mask) | (address & mask);
		return 1;
	}
	return 0;
}

/*
 * KVM has the guest's satp only as of when the vCPU last gave way (kvm_arch_vcpu_put()): the tables
 * of a process that may be gone. Those of the kernel itself stay, and are found by them once.
 */
static __always_inline void find_tables(struct guest_space *space)
{
	__u64 mode = space->satp >> SATP_MODE_SHIFT, physical = 0, again = 0;

	if (!kernel_tables.address || !mode)
		return;
	if (!kernel_tables.satp && walk(space, kernel_tables.address, &physical)) {
		space->satp = mode << SATP_MODE_SHIFT | physical >> 12;
		/* They map themselves, as they map all of the kernel. */
		if (walk(space, kernel_tables.address, &again) && again == physical)
			kernel_tables.satp = space->satp;
	}
	if (kernel_tables.satp)
		space->satp = kernel_tables.satp;
}

/* The stack that sp is in, from sp's page up to where a stack of Linux ends. */
static __noinline int copy_stack(const struct kvm_vcpu *vcpu, struct exit_stack *stack)
{
	struct guest_space space = {0};
	__u64 physical = 0;

	if (!stack)
		return 0;
	space.kvm = BPF_CORE_READ(vcpu, kvm);
	space.satp = BPF_CORE_READ(vcpu, arch.guest_csr.vsatp);
	find_tables(&space);
	stack->base = stack->sp & ~(__u64)(STACK_PAGE - 1);
	stack->pages = 0;
	for (__u32 i = 0; i < STACK_PAGES; i++) {
		__u64 address = stack->base + i * STACK_PAGE;
		const void *host;

		if (i && address % (STACK_PAGES * STACK_PAGE) == 0)
			break;
		if (!walk(&space, address, &physical))
			break;
		host = host_address(&space, physical);
		if (!host || bpf_probe_read_user(stack->bytes + i * STACK_PAGE, STACK_PAGE, host))
			break;
		stack->pages = i + 1;
	}
	return 0;
}

#endif
