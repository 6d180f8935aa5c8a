/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * How a vCPU's events become its counts (exits_map.h), whoever sees them: BPF programs, a reader of
 * perf's tracepoints, or the VMM itself. Events come in their order, with times that do not go
 * back. Pure, and compiled for BPF too; who writes for another process puts each event between
 * fold_begin() and fold_end().
 */
#ifndef VHART_EXIT_FOLD_H
#define VHART_EXIT_FOLD_H

#include "trace/exits/exits_map.h"

/* In BPF a call costs more than most of what is done here. */
#define exit_fold static inline __attribute__((always_inline))
/* Against the compiler: BPF has no other. */
#define exit_fold_barrier() __asm__ volatile("" ::: "memory")

/* Odd from here on, and at the end even: also where two threads that share a vCPU met here. */
exit_fold void fold_begin(struct exit_vcpu *vcpu)
{
	vcpu->sequence |= 1;
	exit_fold_barrier();
}

exit_fold void fold_end(struct exit_vcpu *vcpu)
{
	exit_fold_barrier();
	vcpu->sequence = (vcpu->sequence | 1) + 1;
}

/* What went by since the last event was spent in the state that it left. */
exit_fold void fold_enter_state(struct exit_vcpu *vcpu, uint64_t state, uint64_t now)
{
	uint64_t left = vcpu->state;

	if (left < VCPU_STATES)
		vcpu->ns[left] += now - vcpu->since;
	vcpu->since = now;
	vcpu->state = state;
}

/*
 * The same for all that can happen between an exit and the next entry. In most exits nothing does:
 * so it is not before that the times at the exit are kept.
 */
exit_fold void fold_take_detour(struct exit_vcpu *vcpu, uint64_t state, uint64_t now)
{
	if (vcpu->open == EXIT_DIRECT) {
		vcpu->open = EXIT_DETOUR;
		vcpu->to_vmm = 0;
		vcpu->at_exit[VCPU_KERNEL] = vcpu->ns[VCPU_KERNEL];
		vcpu->at_exit[VCPU_VMM] = vcpu->ns[VCPU_VMM];
		vcpu->at_exit[VCPU_HALTED] = vcpu->ns[VCPU_HALTED];
		vcpu->at_exit[VCPU_BLOCKED] = vcpu->ns[VCPU_BLOCKED];
	}
	fold_enter_state(vcpu, state, now);
}

struct spent {
	uint64_t ns, vmm_ns, halted_ns;
	uint64_t to_vmm;
};

exit_fold void fold_add_time(struct exit_times *times, uint64_t interval, uint64_t ns)
{
	uint64_t bucket = exit_bucket(ns);

	times->count++;
	times->ns += ns;
	if (times->interval != interval) {
		times->interval = interval;
		times->min = ns;
		times->max = ns;
	} else if (ns < times->min) {
		times->min = ns;
	} else if (ns > times->max) {
		times->max = ns;
	}
	if (bucket < EXIT_BUCKETS)
		times->buckets[bucket]++;
}

exit_fold void fold_add_detour(struct exit_times *times, const struct spent *spent)
{
	times->to_vmm += spent->to_vmm != 0;
	times->vmm_ns += spent->vmm_ns;
	times->halted_ns += spent->halted_ns;
}

/* What the exit that is being handled took. */
exit_fold struct spent fold_spent_in(const struct exit_vcpu *vcpu)
{
	struct spent spent = {.to_vmm = vcpu->to_vmm};

	spent.vmm_ns = vcpu->ns[VCPU_VMM] - vcpu->at_exit[VCPU_VMM];
	spent.ns = vcpu->ns[VCPU_KERNEL] - vcpu->at_exit[VCPU_KERNEL] + spent.vmm_ns;
	spent.halted_ns = vcpu->ns[VCPU_HALTED] - vcpu->at_exit[VCPU_HALTED];
	return spent;
}

/* Before exit_came(), where entries and exits are seen: the guest ran until NOW. */
exit_fold void fold_guest_ran(struct exit_counts *counts, uint64_t now)
{
	if (counts->vcpu.state == VCPU_GUEST)
		fold_add_time(&counts->times[EXIT_RUNS], counts->vcpu.interval,
			      now - counts->vcpu.since);
}

/* kvm_exit: the guest left. */
exit_fold void exit_came(struct exit_vcpu *vcpu, uint64_t row, uint64_t pc, uint64_t now)
{
	vcpu->exits++;
	if (vcpu->state != VCPU_GUEST)
		vcpu->orphans++;
	fold_enter_state(vcpu, VCPU_KERNEL, now);
	vcpu->row = row;
	vcpu->open = EXIT_DIRECT;
	vcpu->exited = now;
	vcpu->pc = pc;
}

/*
 * The row of an exit whose instruction the hardware did not tell: by what KVM has counted since,
 * NOW. It counts before it sleeps.
 */
exit_fold void fold_instruction_told(struct exit_vcpu *vcpu, const struct exit_told *now)
{
	if (vcpu->row != EXIT_VIRTUAL_UNTOLD)
		return;
	if (now->wrs != vcpu->told.wrs)
		vcpu->row = EXIT_WRS;
	else if (now->wfi != vcpu->told.wfi)
		vcpu->row = EXIT_WFI;
	else if (now->csr != vcpu->told.csr)
		vcpu->row = exit_virtual_row(now->csr_insn);
}

/* kvm_userspace_exit: KVM_RUN returns for REASON; IS_MMIO: it did not fail, for a device. */
exit_fold void exit_to_vmm(struct exit_vcpu *vcpu, uint32_t reason, bool is_mmio, uint64_t now)
{
	fold_take_detour(vcpu, VCPU_VMM, now);
	if (vcpu->left < vcpu->exited)
		vcpu->left = vcpu->since;
	vcpu->to_vmm = 1 + reason;
	if (is_mmio)
		vcpu->row = exit_mmio_row(vcpu->row);
}

/* Of WANTED ns that were counted as STATE since the exit: how many there were. They are no more. */
exit_fold uint64_t fold_take(struct exit_vcpu *vcpu, uint32_t state, uint64_t wanted)
{
	uint64_t have = vcpu->ns[state] - vcpu->at_exit[state];

	if (wanted > have)
		wanted = have;
	vcpu->ns[state] -= wanted;
	return wanted;
}

/* kvm_vcpu_halt(): the last NS were a halt, some asleep and some looking whether it ends soon. */
exit_fold void fold_halt_ended(struct exit_vcpu *vcpu, uint64_t ns, uint64_t now)
{
	uint64_t halted;

	fold_take_detour(vcpu, VCPU_KERNEL, now);
	/* Of virtual instructions only WFI halts. */
	if (vcpu->row == EXIT_VIRTUAL_UNTOLD)
		vcpu->row = EXIT_WFI;
	if (vcpu->left < vcpu->exited)
		vcpu->left = vcpu->since - ns;
	if (!vcpu->open)
		return;
	halted = fold_take(vcpu, VCPU_BLOCKED, ns);
	halted += fold_take(vcpu, VCPU_KERNEL, ns - halted);
	vcpu->ns[VCPU_HALTED] += halted;
}

/* By far the most exits: KVM handled it in one go, and nobody wants more of it. */
exit_fold void fold_finish_plain(struct exit_counts *counts, uint64_t now)
{
	uint64_t ns = now - counts->vcpu.exited, row = counts->vcpu.row;

	counts->vcpu.ns[VCPU_KERNEL] += ns;
	if (row < EXIT_ROWS)
		fold_add_time(&counts->times[row], counts->vcpu.interval, ns);
}

/* kvm_entry: the guest runs again. False: no exit of a known kind was over. SPENT: what it took. */
exit_fold bool fold_finish_exit(struct exit_counts *counts, struct spent *spent, uint64_t now)
{
	struct exit_vcpu *vcpu = &counts->vcpu;
	uint64_t row = vcpu->row;

	*spent = (struct spent){.ns = now - vcpu->exited};
	fold_enter_state(vcpu, VCPU_GUEST, now);
	if (vcpu->open == EXIT_NONE)
		vcpu->orphans++;
	if ((vcpu->open != EXIT_DIRECT && vcpu->open != EXIT_DETOUR) || row >= EXIT_ROWS)
		return false;
	if (vcpu->open == EXIT_DETOUR) {
		*spent = fold_spent_in(vcpu);
		fold_add_detour(&counts->times[row], spent);
	}
	fold_add_time(&counts->times[row], vcpu->interval, spent->ns);
	return true;
}

/*
 * The thread ends, and with it the exit that it was in: a reset, a hart's stop, the VM's end. What
 * follows is another life's. False: it was in none. SPENT: what the exit took.
 */
exit_fold bool fold_vcpu_ended(struct exit_counts *counts, struct spent *spent, uint64_t now)
{
	struct exit_vcpu *vcpu = &counts->vcpu;
	uint64_t row = vcpu->row;
	bool in_exit = (vcpu->open == EXIT_DIRECT || vcpu->open == EXIT_DETOUR) && row < EXIT_ROWS;

	fold_take_detour(vcpu, VCPU_GONE, now);
	*spent = fold_spent_in(vcpu);
	vcpu->open = in_exit ? EXIT_ENDED : EXIT_UNSEEN;
	if (!in_exit)
		return false;
	fold_add_detour(&counts->times[row], spent);
	fold_add_time(&counts->times[row], vcpu->interval, spent->ns);
	return true;
}

/*
 * When watching begins, at NOW, the vCPU NUMBER sleeps in thread TID, in STATE and SINCE then (0:
 * that is not known, and taken to be NOW).
 */
exit_fold void fold_vcpu_asleep(struct exit_vcpu *vcpu, uint32_t number, uint32_t tid,
				uint64_t state, uint64_t since, uint64_t now)
{
	vcpu->vcpu_id = number;
	vcpu->tid = tid;
	vcpu->thread = tid;
	vcpu->state = state;
	vcpu->before = state == VCPU_VMM ? VCPU_VMM : VCPU_KERNEL;
	vcpu->row = EXIT_ROWS;
	vcpu->open = EXIT_UNSEEN;
	vcpu->exited = since ? since : now;
	vcpu->since = now;
	vcpu->first = now;
}

/* The guest runs. */
exit_fold void fold_guest_entered(struct exit_vcpu *vcpu, uint64_t now)
{
	vcpu->state = VCPU_GUEST;
	vcpu->since = now;
	vcpu->open = EXIT_NONE;
}

#endif
