/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * One exit by itself, for trace and samples: its record is begun at kvm_exit and complete at
 * kvm_entry. Part of exits.bpf.h, whose maps and rules it uses.
 */
#ifndef VHART_EXITS_RECORD_BPF_H
#define VHART_EXITS_RECORD_BPF_H

/* When this CPU last took the interrupt of the PMU: exits_lcofi.bpf.c. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} overflows SEC(".maps");

/* Which of all records is the next of vCPU INDEX. */
static __always_inline __u32 next_entry(__u32 index, const struct exit_ring *ring)
{
	return index * rules.ring + ring->head % rules.ring;
}

/* Where it is written. */
static __always_inline struct exit_record *record_at(__u32 index, const struct exit_ring *ring)
{
	__u32 entry = next_entry(index, ring);

	return bpf_map_lookup_elem(&records, &entry);
}

#include "base/riscv.h"
#include "trace/bpf/exits_text.bpf.h"
#include "trace/bpf/guest_stack.bpf.h"
#include "trace/bpf/guest_task.bpf.h"

/* A register of the guest: KVM has them from x0 on one after another. */
static __always_inline __u64 guest_register(const struct kvm_vcpu *vcpu, __u32 number)
{
	const unsigned long *zero = __builtin_preserve_access_index(&vcpu->arch.guest_context.zero);
	unsigned long value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), zero + (number & 31));
	return value;
}

/*
 * The path of the guest's LCOFI when it goes on. Most take it from an exit for the host's
 * interrupt. One that came as the guest left for something else, and one that the VMM found when
 * the guest stopped its counter, have another exit.
 */
static __always_inline void record_lcofi(struct exit_record *record, const struct exit_ring *ring)
{
	__u32 zero = 0;
	__u64 *overflowed = bpf_map_lookup_elem(&overflows, &zero);

	record->lcofi = (struct exit_lcofi){.injected = ring->injected};
	if (overflowed && *overflowed > ring->entered)
		record->lcofi.overflowed = *overflowed;
	if (ring->injected)
		record->lcofi.by = ring->by;
	/* No mask holds in user mode; what it is in the guest's kernel KVM does not know. */
	record->lcofi.taken = ring->injected && !(record->sstatus & SSTATUS_SPP);
	record->known |= RECORD_LCOFI;
}

/* What was there for one exit is not for the next. */
static __always_inline void forget_lcofi(struct exit_ring *ring, __u64 now)
{
	ring->injected = 0;
	ring->by = LCOFI_BY_KVM;
	ring->entered = now;
}

/* Of a guest that was in its kernel, or in a process whose SATP is known. False: there is no room
 * for it. */
static __always_inline bool keep_stack(__u32 index, struct exit_ring *ring,
				       const struct kvm_vcpu *vcpu, __u64 sstatus, __u64 satp)
{
	const bool user = !(sstatus & SSTATUS_SPP);
	__u32 entry = next_entry(index, ring);
	struct exit_stack *stack = bpf_map_lookup_elem(&stacks, &entry);

	if (!stack)
		return false;
	stack->ra = guest_register(vcpu, 1);
	stack->sp = guest_register(vcpu, 2);
	stack->fp = guest_register(vcpu, 8);
	stack->base = stack->sp & ~(__u64)(STACK_PIECE - 1);
	stack->pieces = 0;
	stack->first = ring->pieces_head;
	if (!user || satp) {
		const __u64 most = user ? USER_STACK_PIECES : stack_pieces(stack->base);

		if (stack->first + most - ring->pieces_tail > rules.pieces)
			return false;
		copy_stack(vcpu, index, stack, user ? satp : 0);
	}
	ring->pieces_next = stack->first + stack->pieces;
	return true;
}

/* Which one the guest ran. Returns its satp; 0: not known, or it was in its kernel. */
static __always_inline __u64 keep_task(__u32 index, const struct exit_ring *ring,
				       const struct exit_vcpu *seen, __u64 sstatus)
{
	__u32 entry = next_entry(index, ring);
	struct exit_task *task = bpf_map_lookup_elem(&tasks, &entry);

	if (!task)
		return 0;
	read_task(seen->kvm, seen->vcpu_id, !(sstatus & SSTATUS_SPP), task);
	return task->address ? task->satp : 0;
}

/* At the entry, when all is known. */
static __always_inline bool is_traced(__u32 row, const struct exit_ring *ring)
{
	return rules.traced & exit_class(row) || (rules.lcofi && ring->injected);
}

static __always_inline void record_exit(__u32 index, struct exit_vcpu *seen,
					const struct kvm_vcpu *vcpu,
					const struct kvm_cpu_trap *trap, __u64 now)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);
	struct exit_record *record;
	__u64 satp = 0;

	if (!ring)
		return;
	ring->open = 0;
	ring->sampled = seen->due;
	seen->due = 0;
	if (!ring->sampled && !exit_may_be_traced(rules.traced, rules.lcofi, seen->row))
		return;
	if (ring->head - ring->tail >= rules.ring) {
		ring->open = 2;
		return;
	}
	record = record_at(index, ring);
	if (!record)
		return;
	ring->open = 1;
	record->exited = now;
	record->pc = trap->sepc;
	record->scause = trap->scause;
	record->stval = trap->stval;
	record->htval = trap->htval;
	record->htinst = trap->htinst;
	record->known = 0;
	record->samples = ring->sampled;
	if (rules.sampled)
		seen->stvec = vcpu->arch.guest_csr.vstvec;
	bpf_probe_read_kernel(&record->sstatus, sizeof(record->sstatus),
			      __builtin_preserve_access_index(&vcpu->arch.guest_context.sstatus));
	if (rules.tasks)
		satp = keep_task(index, ring, seen, record->sstatus);
	if (rules.stacks && !keep_stack(index, ring, vcpu, record->sstatus, satp)) {
		ring->open = 2;
		return;
	}
	if (seen->row >= EXIT_SBI) {
		bpf_probe_read_kernel(
			record->args, sizeof(record->args),
			__builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
		record->known |= RECORD_ARGS;
		if (seen->row == EXIT_CONSOLE_WRITE && rules.text)
			record_text(index, ring, record, vcpu);
	} else if (seen->row == EXIT_STORE_FAULT && record->htinst & 1) {
		/* A transformed store has rs2 in its place. */
		record->data = guest_register(vcpu, record->htinst >> 20);
		record->known = RECORD_DATA;
	}
}

#define RUN_SBI 35u /* KVM_EXIT_RISCV_SBI */

/*
 * An SBI call's exit goes to userspace: for its answer, or for a signal, and then this is KVM's
 * answer, which the VMM may change (vmm/forward/forward.bpf.h).
 */
static __always_inline void record_detour(const struct exit_vcpu *seen, __u32 reason)
{
	__u32 tid = seen->thread, index;
	const struct runner *runner = bpf_map_lookup_elem(&runners, &tid);
	const struct kvm_vcpu *vcpu;
	struct exit_record *record;
	struct exit_ring *ring;

	if (!runner)
		return;
	index = runner->index;
	ring = bpf_map_lookup_elem(&rings, &index);
	record = ring && ring->open == 1 ? record_at(index, ring) : NULL;
	if (!record || record->known & (RECORD_BY_VMM | RECORD_DATA))
		return;
	if (reason == RUN_SBI) {
		record->known |= RECORD_BY_VMM;
		return;
	}
	vcpu = (const struct kvm_vcpu *)runner->vcpu;
	bpf_probe_read_kernel(&record->data, sizeof(record->data),
			      __builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
	record->known |= RECORD_DATA;
}

/* The vCPU has made the guest's LCOFI pending itself. */
static __always_inline void note_own(__u32 index, __u64 now)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);

	if (!ring)
		return;
	ring->injected = now;
	ring->by = LCOFI_BY_STUB;
}

/* The VMM says that it has done it, and how. */
static __always_inline void note_mark(__u32 index, __u8 mark, __u64 now)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);

	if (!ring)
		return;
	ring->by = mark & RUN_MARK_LCOFI_BY;
	if (!ring->injected)
		ring->injected = now;
}

/* What the hardware did not tell of an access that was made is what KVM decoded. */
static __always_inline void record_decoded(struct exit_record *record, const struct exit_vcpu *seen,
					   const struct kvm_vcpu *vcpu)
{
	bool store = seen->row == EXIT_STORE_MMIO;
	__u64 length = record->next_pc - record->pc;

	if ((seen->row == EXIT_CSR_READ || seen->row == EXIT_CSR_WRITE) && !record->stval)
		record->stval = seen->told.csr_insn;
	if ((!store && seen->row != EXIT_LOAD_MMIO) || record->htinst ||
	    (length != 4 && length != 2))
		return;
	record->htinst = exit_decoded_access(BPF_CORE_READ(vcpu, arch.mmio_decode.insn),
					     BPF_CORE_READ(vcpu, arch.mmio_decode.len), store);
	if (store) {
		record->data = guest_register(vcpu, record->htinst >> 20);
		record->known = RECORD_DATA;
	}
}

/* With what the guest goes on. */
static __always_inline void record_registers(struct exit_record *record, struct exit_ring *ring,
					     const struct exit_vcpu *seen,
					     const struct kvm_vcpu *vcpu)
{
	bpf_probe_read_kernel(&record->next_pc, sizeof(record->next_pc),
			      __builtin_preserve_access_index(&vcpu->arch.guest_context.sepc));
	record_decoded(record, seen, vcpu);
	if (seen->row >= EXIT_SBI) {
		bpf_probe_read_kernel(
			record->result, sizeof(record->result),
			__builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
		if (record->to_vmm &&
		    BPF_CORE_READ(vcpu, run, request_interrupt_window) & RUN_MARK_SCRIPT)
			record->known |= RECORD_BY_SCRIPT;
	} else if (seen->row == EXIT_CSR_READ) {
		record->data = guest_register(vcpu, record->stval >> 7);
		record->known = RECORD_DATA;
	} else if (seen->row == EXIT_LOAD_MMIO && record->htinst & 1) {
		record->data = guest_register(vcpu, record->htinst >> 7);
		record->known = RECORD_DATA;
	}
}

/* VCPU is NULL where the guest does not go on. */
static __always_inline void complete_record(__u32 index, struct exit_ring *ring,
					    const struct exit_vcpu *seen,
					    const struct kvm_vcpu *vcpu, __u64 now,
					    const struct spent *spent)
{
	__u64 open = ring->open;
	struct exit_record *record;

	if (!open)
		return;
	ring->open = 0;
	if (!ring->sampled && !is_traced(seen->row, ring))
		return;
	if (open == 2) {
		ring->lost++;
		ring->lost_since++;
		return;
	}
	record = record_at(index, ring);
	if (!record)
		return;
	record->lost = ring->lost_since;
	ring->lost_since = 0;
	record->entered = now;
	record->ns = spent->ns;
	record->vmm_ns = spent->vmm_ns;
	record->halted_ns = spent->halted_ns;
	record->row = seen->row;
	record->to_vmm = spent->to_vmm;
	record->left_after = seen->left < seen->exited ? 0 : seen->left - seen->exited;
	record->next_pc = 0;
	if (vcpu)
		record_registers(record, ring, seen, vcpu);
	if (rules.lcofi && (ring->injected || seen->row == EXIT_IRQ + IRQ_LCOFI))
		record_lcofi(record, ring);
	if (rules.stacks)
		ring->pieces_head = ring->pieces_next;
	/* The collector reads it as soon as head has moved. */
	barrier();
	ring->head++;
}

static __always_inline void record_entry(__u32 index, const struct exit_vcpu *seen,
					 const struct kvm_vcpu *vcpu, __u64 now,
					 const struct spent *spent)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);

	if (!ring)
		return;
	complete_record(index, ring, seen, vcpu, now, spent);
	if (rules.lcofi)
		forget_lcofi(ring, now);
}

#endif
