/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Where the time of every vCPU goes, and why it left its guest: at tracepoints that every kernel
 * from 6.11 on has (KVM's, and sched_switch). Everything is added up here; nothing is lost
 * (kvm_arch_vcpu_ioctl_run() has the order of events).
 */
#ifndef VHART_EXITS_BPF_H
#define VHART_EXITS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "base/own_run.h"
#include "trace/exits/exit_fold.h"

/* Of the kernel's types only what is read here; the offsets are found at load time (CO-RE). */
struct kvm_cpu_context {
	unsigned long zero, a0, a1, a6, a7, sepc, sstatus;
} __attribute__((preserve_access_index));
struct kvm_vcpu_csr {
	unsigned long vstvec, vsatp;
} __attribute__((preserve_access_index));
struct kvm_mmio_decode {
	unsigned long insn;
	int len;
} __attribute__((preserve_access_index));
struct kvm_csr_decode {
	unsigned long insn;
} __attribute__((preserve_access_index));
struct kvm_vcpu_arch {
	struct kvm_cpu_context guest_context;
	struct kvm_vcpu_csr guest_csr;
	struct kvm_mmio_decode mmio_decode;
	struct kvm_csr_decode csr_decode;
} __attribute__((preserve_access_index));
struct kvm_guest_timer {
	unsigned long long time_delta;
} __attribute__((preserve_access_index));
struct kvm_arch {
	struct kvm_guest_timer timer;
} __attribute__((preserve_access_index));
struct kvm {
	struct kvm_memslots *memslots[1];
	struct kvm_arch arch;
} __attribute__((preserve_access_index));
struct kvm_run {
	unsigned char request_interrupt_window;
} __attribute__((preserve_access_index));
struct kvm_vcpu_stat {
	unsigned long long wfi_exit_stat, wrs_exit_stat, csr_exit_user, csr_exit_kernel;
} __attribute__((preserve_access_index));
struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_run *run;
	int vcpu_id;
	struct kvm_vcpu_stat stat;
	struct kvm_vcpu_arch arch;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct kvm_cpu_trap {
	unsigned long sepc, scause, stval, htval, htinst;
} __attribute__((preserve_access_index));

const char exits_license[] SEC("license") = "GPL";

const volatile struct exit_rules rules;

__u32 vcpu_count; /* so many were seen */
__u64 keys_lost;  /* exits that no room was left for in `keyed` */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.vcpus */
	__type(key, __u32);
	__type(value, struct exit_counts);
} vcpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* 0 is not allowed; more where rules.key wants it */
	__type(key, struct exit_key_name);
	__type(value, struct exit_times);
} keyed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.vcpus, where exits are traced */
	__type(key, __u32);
	__type(value, struct exit_ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.vcpus * rules.ring, where exits are traced */
	__type(key, __u32);
	__type(value, struct exit_record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct known_name);
	__type(value, __u32);
} known SEC(".maps");

/*
 * Which vCPU a thread runs, by its id as the first PID namespace has it. (Task storage would be
 * made for this, but 7.2 gives the current task to compiled programs only.)
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct runner);
} runners SEC(".maps");

/*
 * What was entered last on this CPU. Between kvm_entry and kvm_exit the kernel lets a thread
 * neither change its CPU nor another one in, so that this is the vCPU of which kvm_exit does not
 * say which it is (kvm_arch_vcpu_ioctl_run()). At all other events it is the likely one.
 */
struct entry {
	/*
	 * With its type, so that a register of the guest is one load and not a call. NULL: it is
	 * not watched, or the CPU has run another thread since.
	 */
	struct kvm_vcpu __kptr_untrusted *vcpu;
	__u64 last; /* the same, and also then */
	__u32 tid;
	__u32 index;
	__u32 watched;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct entry);
} entered SEC(".maps");

static const struct exit_times no_times;

/* ---- whose event it is ---- */

static __always_inline struct entry *last_entered(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&entered, &zero);
}

/* The vCPU that thread TID runs, if it is watched and has not moved to another one. */
static __always_inline struct exit_vcpu *vcpu_of(__u32 tid)
{
	const struct entry *last = last_entered();
	const struct runner *runner;
	struct exit_counts *counts;
	__u32 index;

	if (last && last->tid == tid) {
		if (!last->watched)
			return NULL;
		index = last->index;
	} else {
		runner = bpf_map_lookup_elem(&runners, &tid);
		if (!runner || !runner->watched)
			return NULL;
		index = runner->index;
	}
	counts = bpf_map_lookup_elem(&vcpus, &index);
	return counts && counts->vcpu.thread == tid ? &counts->vcpu : NULL;
}

static __always_inline struct exit_vcpu *current_vcpu(void)
{
	return vcpu_of((__u32)bpf_get_current_pid_tgid());
}

/* ---- one exit is over ---- */

static __always_inline bool is_csr(__u64 row)
{
	return row == EXIT_CSR_READ || row == EXIT_CSR_WRITE;
}

static __always_inline bool has_key(__u64 row)
{
	if (rules.key == KEY_MMIO)
		return row == EXIT_LOAD_MMIO || row == EXIT_STORE_MMIO;
	if (rules.key == KEY_CSR)
		return is_csr(row);
	if (rules.key == KEY_FINDINGS)
		return row == EXIT_LOAD_MMIO || row == EXIT_STORE_MMIO || is_csr(row);
	return rules.key == KEY_PC;
}

/*
 * An SBI call failed, and its error is its key. VCPU goes on behind the ecall, or it was not
 * answered: the kernel is to see it once more, or the hart begins elsewhere. (The old calls have no
 * error.)
 */
static __always_inline bool call_failed(struct exit_vcpu *seen, const struct kvm_vcpu *vcpu)
{
	if (rules.key != KEY_FINDINGS || !vcpu || seen->row < EXIT_SBI + SBI_ROW_BASE ||
	    BPF_CORE_READ(vcpu, arch.guest_context.sepc) != seen->pc + 4)
		return false;
	seen->key = BPF_CORE_READ(vcpu, arch.guest_context.a0);
	return (__s64)seen->key < 0;
}

static __always_inline void add_keyed(__u32 index, const struct exit_vcpu *vcpu,
				      const struct spent *spent)
{
	struct exit_key_name name = {.value = vcpu->key, .vcpu = index, .row = vcpu->row};
	struct exit_times *times = bpf_map_lookup_elem(&keyed, &name);

	if (!times) {
		bpf_map_update_elem(&keyed, &name, &no_times, BPF_NOEXIST);
		times = bpf_map_lookup_elem(&keyed, &name);
	}
	if (!times) {
		__sync_fetch_and_add(&keys_lost, 1);
		return;
	}
	fold_add_time(times, vcpu->interval, spent->ns);
	fold_add_detour(times, spent);
}

#include "base/riscv.h"
#include "trace/bpf/exits_record.bpf.h"

static __always_inline void add_apart(__u32 index, struct exit_vcpu *vcpu,
				      const struct kvm_vcpu *entering, __u64 now,
				      const struct spent *spent)
{
	if (rules.key != KEY_NONE && (has_key(vcpu->row) || call_failed(vcpu, entering)))
		add_keyed(index, vcpu, spent);
	if (rules.traced || rules.sampled)
		record_entry(index, vcpu, entering, now, spent);
}

static __always_inline void count_exit(__u32 index, struct exit_counts *counts,
				       const struct kvm_vcpu *entering, __u64 now)
{
	struct spent spent;

	if (fold_finish_exit(counts, &spent, now) && counts->vcpu.apart)
		add_apart(index, &counts->vcpu, entering, now, &spent);
}

/* ---- a vCPU is seen for the first time, or in another thread ---- */

static __always_inline bool is_watched(const struct bpf_pidns_info *process)
{
	return !rules.tgid || process->tgid == rules.tgid;
}

static __always_inline bool process_of(struct bpf_pidns_info *process)
{
	__u64 ids = bpf_get_current_pid_tgid();

	if (bpf_get_ns_current_pid_tgid(rules.pid_namespace_device, rules.pid_namespace_inode,
					process, sizeof(*process)) == 0)
		return true;
	/* It is outside the namespace of whoever watches: all that it can be called. */
	process->tgid = ids >> 32;
	process->pid = (__u32)ids;
	return !rules.tgid;
}

/*
 * A VM that resets may be made anew, with threads of its own: the vCPU that had this number in its
 * process, and whose thread has ended, lives on. -1: there is none.
 */
static __always_inline int index_of_life_before(const struct known_name *number)
{
	const __u32 *found = bpf_map_lookup_elem(&known, number);
	struct known_name old = *number;
	struct exit_counts *counts;
	__u32 index;

	if (!found)
		return -1;
	index = *found;
	counts = bpf_map_lookup_elem(&vcpus, &index);
	/* One that slept when watching began is known by its number only. */
	if (!counts || (counts->vcpu.state != VCPU_GONE && counts->vcpu.kvm))
		return -1;
	old.kvm = counts->vcpu.kvm;
	bpf_map_delete_elem(&known, &old);
	return index;
}

static __always_inline int index_of(const struct known_name *name)
{
	struct known_name number = {0};
	const __u32 *found;
	__u32 index;
	int before;

	if (!name)
		return -1;
	found = bpf_map_lookup_elem(&known, name);
	if (found)
		return *found;
	number.tgid = name->tgid;
	number.vcpu_id = name->vcpu_id;
	before = index_of_life_before(&number);
	index = before < 0 ? __sync_fetch_and_add(&vcpu_count, 1) : before;
	if (index >= rules.vcpus)
		return -1;
	bpf_map_update_elem(&known, name, &index, BPF_ANY);
	bpf_map_update_elem(&known, &number, &index, BPF_ANY);
	return index;
}

/* Fills HERE for its thread, which enters VCPU. */
static __always_inline void adopt(struct entry *here, struct kvm_vcpu *vcpu)
{
	struct bpf_pidns_info process = {0};
	struct known_name name = {0};
	struct exit_counts *counts;
	struct exit_vcpu *seen;
	__u64 now;
	__u32 index;
	int found;

	here->watched = 0;
	if (!process_of(&process) || !is_watched(&process))
		return;
	name.kvm = (__u64)vcpu->kvm;
	name.tgid = process.tgid;
	name.vcpu_id = vcpu->vcpu_id;
	found = index_of(&name);
	index = found;
	counts = found < 0 ? NULL : bpf_map_lookup_elem(&vcpus, &index);
	if (!counts)
		return;
	seen = &counts->vcpu;
	here->index = index;
	here->watched = 1;
	if (seen->first && seen->state != VCPU_GONE && seen->kvm)
		return;
	fold_begin(seen);
	now = bpf_ktime_get_ns();
	seen->kvm = name.kvm;
	seen->tgid = name.tgid;
	seen->vcpu_id = name.vcpu_id;
	bpf_probe_read_kernel(&seen->time_delta, sizeof(seen->time_delta),
			      __builtin_preserve_access_index(&vcpu->kvm->arch.timer.time_delta));
	if (!seen->first)
		seen->state = VCPU_GONE;
	fold_enter_state(seen, VCPU_KERNEL, now);
	seen->open = EXIT_UNSEEN;
	seen->apart = rules.apart;
	if (!seen->first)
		seen->first = now;
	fold_end(seen);
}

/* Another thread ran VCPU last, or none: now it is thread TID, the current one. */
static __always_inline void move_to(struct exit_vcpu *vcpu, __u32 tid)
{
	struct bpf_pidns_info process = {0};

	process_of(&process);
	vcpu->tid = process.pid;
	vcpu->thread = tid;
}

/* Another vCPU than this CPU had last, or in another thread. */
static __always_inline void look_up(struct entry *here, __u32 tid, struct kvm_vcpu *vcpu)
{
	const struct runner *runner = bpf_map_lookup_elem(&runners, &tid);
	struct runner made = {.vcpu = (__u64)vcpu, .tid = tid};

	here->last = (__u64)vcpu;
	here->tid = tid;
	if (runner && runner->vcpu == (__u64)vcpu) {
		here->index = runner->index;
		here->watched = runner->watched;
		return;
	}
	adopt(here, vcpu);
	made.index = here->index;
	made.watched = here->watched;
	bpf_map_update_elem(&runners, &tid, &made, BPF_ANY);
}

/* This CPU enters VCPU, and did something else before. False: it is not watched. */
static __always_inline bool find_vcpu(struct entry *here, struct kvm_vcpu *vcpu)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (here->last != (__u64)vcpu || here->tid != tid)
		look_up(here, tid, vcpu);
	if (!here->watched) {
		here->vcpu = NULL;
		return false;
	}
	here->vcpu = vcpu;
	return true;
}

/*
 * ---- events ----
 *
 * Where an event makes a line of vhart trace, its time is read behind fold_begin(): who finds the
 * vCPU unchanging after T knows that nothing from before T is still to come.
 */

/* The program that began at BEGAN is done with VCPU. */
static __always_inline void note_cost(struct exit_vcpu *vcpu, __u64 began)
{
	if (!(vcpu->exits & (EXITS_PER_TIMED - 1)) && vcpu->exits)
		vcpu->own_ns += bpf_ktime_get_ns() - began;
}

/*
 * The hardware need not tell which virtual instruction it was; KVM then reads it where only KVM can
 * (HLVX), and counts it. So what it has counted when the guest goes on tells it too.
 */
static __always_inline struct exit_told told_of(const struct kvm_vcpu *vcpu)
{
	return (struct exit_told){
		.wfi = vcpu->stat.wfi_exit_stat,
		.wrs = vcpu->stat.wrs_exit_stat,
		.csr = vcpu->stat.csr_exit_user + vcpu->stat.csr_exit_kernel,
		.csr_insn = vcpu->arch.csr_decode.insn,
	};
}

static __always_inline void learn_instruction(struct exit_vcpu *vcpu, const struct exit_told *now)
{
	fold_instruction_told(vcpu, now);
	vcpu->told.csr_insn = now->csr_insn;
	if (rules.key == KEY_CSR || rules.key == KEY_FINDINGS)
		vcpu->key = now->csr_insn >> 20 & 0xFFF;
}

/*
 * The same in the middle of an exit, where a pointer is but a number: when thread TID falls asleep
 * in KVM, or leaves it and may not come back.
 */
static __always_inline void learn_midway(struct exit_vcpu *vcpu, __u32 tid)
{
	const struct runner *runner = bpf_map_lookup_elem(&runners, &tid);
	const struct kvm_vcpu *of;
	struct exit_told now;

	if (!runner || !runner->vcpu)
		return;
	of = (const void *)runner->vcpu;
	now.wfi = BPF_CORE_READ(of, stat.wfi_exit_stat);
	now.wrs = BPF_CORE_READ(of, stat.wrs_exit_stat);
	now.csr = BPF_CORE_READ(of, stat.csr_exit_user) + BPF_CORE_READ(of, stat.csr_exit_kernel);
	now.csr_insn = BPF_CORE_READ(of, arch.csr_decode.insn);
	learn_instruction(vcpu, &now);
}

SEC("tp_btf/kvm_entry")
int BPF_PROG(on_entry, struct kvm_vcpu *entering)
{
	struct entry *here = last_entered();
	struct exit_counts *counts;
	struct exit_vcpu *vcpu;
	__u32 index;
	__u64 now;
	__u8 mark;

	if (!entering || !here)
		return 0;
	if (here->vcpu != entering && !find_vcpu(here, entering))
		return 0;
	index = here->index;
	counts = bpf_map_lookup_elem(&vcpus, &index);
	if (!counts)
		return 0;
	vcpu = &counts->vcpu;
	mark = entering->run->request_interrupt_window;
	vcpu->own = mark == RUN_MARK_OWN;
	if (vcpu->own)
		return 0;
	fold_begin(vcpu);
	now = bpf_ktime_get_ns();
	/* The mark is about what the VMM did: it stays while KVM handles further exits. */
	if (mark & RUN_MARK_LCOFI && rules.lcofi && vcpu->open == EXIT_DETOUR && vcpu->to_vmm)
		note_mark(index, mark, now);
	if (vcpu->thread != here->tid)
		move_to(vcpu, here->tid);
	if (vcpu->row == EXIT_VIRTUAL_UNTOLD) {
		const struct exit_told told = told_of(entering);

		learn_instruction(vcpu, &told);
	}
	if (vcpu->open == EXIT_DIRECT && !vcpu->apart)
		fold_finish_plain(counts, now);
	else
		count_exit(index, counts, entering, now);
	fold_guest_entered(vcpu, now);
	note_cost(vcpu, now);
	fold_end(vcpu);
	return 0;
}

static __always_inline void note_key(struct exit_vcpu *vcpu, __u64 stval, __u64 htval)
{
	if (rules.key == KEY_CSR || (rules.key == KEY_FINDINGS && is_csr(vcpu->row)))
		vcpu->key = stval >> 20 & 0xFFF;
	else if (rules.key == KEY_MMIO || rules.key == KEY_FINDINGS)
		vcpu->key = exit_guest_address(htval, stval);
	else if (rules.key == KEY_PC)
		vcpu->key = vcpu->pc;
}

SEC("tp_btf/kvm_exit")
int BPF_PROG(on_exit, struct kvm_cpu_trap *trap)
{
	const struct entry *here = last_entered();
	__u64 now, scause, stval = 0, htval = 0, htinst = 0, eid = 0, fid = 0;
	const struct kvm_vcpu *left;
	struct exit_counts *counts;
	struct exit_vcpu *vcpu;
	__u32 index;

	if (!trap || !here)
		return 0;
	left = here->vcpu;
	if (!left)
		return 0;
	index = here->index;
	counts = bpf_map_lookup_elem(&vcpus, &index);
	if (!counts)
		return 0;
	vcpu = &counts->vcpu;
	scause = trap->scause;
	if (vcpu->own) {
		if (rules.lcofi && !(scause & CAUSE_INTERRUPT))
			note_own(index, bpf_ktime_get_ns());
		return 0;
	}
	fold_begin(vcpu);
	now = bpf_ktime_get_ns();
	if (scause == CAUSE_VIRTUAL_SUPERVISOR_ECALL) {
		eid = left->arch.guest_context.a7;
		fid = left->arch.guest_context.a6;
	} else if (!(scause & CAUSE_INTERRUPT)) {
		stval = trap->stval;
		htval = trap->htval;
		htinst = trap->htinst;
	}
	fold_guest_ran(counts, now);
	exit_came(vcpu, exit_row(scause, stval, htinst, eid, fid), trap->sepc, now);
	if (vcpu->row == EXIT_VIRTUAL_UNTOLD)
		vcpu->told = told_of(left);
	if (vcpu->apart) {
		note_key(vcpu, stval, htval);
		if (rules.key != KEY_NONE)
			vcpu->stvec = left->arch.guest_csr.vstvec;
		if (rules.traced || rules.sampled)
			record_exit(index, vcpu, left, trap, now);
	}
	if (!(vcpu->exits & (EXITS_PER_TIMED - 1)))
		vcpu->timed++;
	note_cost(vcpu, now);
	fold_end(vcpu);
	return 0;
}

/*
 * The event that samples overflowed in this thread. Its interrupt is taken behind the guest's exit
 * and before kvm_exit, whatever the exit's cause is called: that exit's sepc is where the guest
 * was. (perf's own sample has a host address before 6.13.)
 */
SEC("perf_event")
int on_overflow(void *context)
{
	struct exit_vcpu *vcpu = current_vcpu();

	if (!vcpu)
		return 0;
	vcpu->overflows++;
	if (vcpu->state == VCPU_GUEST)
		vcpu->due++;
	return 0;
}

#define RUN_MMIO 6u /* KVM_EXIT_MMIO */

SEC("tp_btf/kvm_userspace_exit")
int BPF_PROG(on_userspace, __u32 reason, int result)
{
	struct exit_vcpu *vcpu = current_vcpu();
	__u64 now;

	if (!vcpu)
		return 0;
	now = bpf_ktime_get_ns();
	fold_begin(vcpu);
	if (vcpu->row == EXIT_VIRTUAL_UNTOLD)
		learn_midway(vcpu, vcpu->thread);
	if (vcpu->own)
		fold_take_detour(vcpu, VCPU_VMM, now);
	else
		exit_to_vmm(vcpu, reason, reason == RUN_MMIO && result >= 0, now);
	if (rules.traced && vcpu->row >= EXIT_SBI)
		record_detour(vcpu, reason);
	note_cost(vcpu, now);
	fold_end(vcpu);
	return 0;
}

/* kvm_vcpu_halt(): the last NS were a halt, some asleep and some looking whether it ends soon. */
SEC("tp_btf/kvm_vcpu_wakeup")
int BPF_PROG(on_wakeup, __u64 ns)
{
	struct exit_vcpu *vcpu = current_vcpu();

	if (!vcpu)
		return 0;
	fold_begin(vcpu);
	fold_halt_ended(vcpu, ns, bpf_ktime_get_ns());
	fold_end(vcpu);
	return 0;
}

/* linux/sched.h: __TASK_STOPPED, __TASK_TRACED, TASK_DEAD. */
#define TASK_STOPPED_OR_TRACED (4u | 8u)
#define TASK_DEAD	       0x80u

/* Thread TID, of a vCPU, ends. */
static __always_inline void end_thread(__u32 tid, __u64 now)
{
	const struct runner *runner = bpf_map_lookup_elem(&runners, &tid);
	struct exit_counts *counts;
	struct spent spent;
	__u32 index;

	if (!runner)
		return;
	index = runner->index;
	bpf_map_delete_elem(&runners, &tid);
	counts = bpf_map_lookup_elem(&vcpus, &index);
	if (!counts)
		return;
	fold_begin(&counts->vcpu);
	if (fold_vcpu_ended(counts, &spent, now) && counts->vcpu.apart)
		add_apart(index, &counts->vcpu, NULL, now, &spent);
	fold_end(&counts->vcpu);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct entry *here = last_entered();
	__u32 tid = prev->pid;
	struct exit_vcpu *vcpu = vcpu_of(tid);
	__u64 now = 0, state;

	if (here)
		here->vcpu = NULL;

	if (vcpu) {
		now = bpf_ktime_get_ns();
		vcpu->before = vcpu->state;
		if (preempt || !prev_state || prev_state & TASK_STOPPED_OR_TRACED)
			state = VCPU_WAITING;
		else
			state = vcpu->state == VCPU_VMM ? VCPU_VMM : VCPU_BLOCKED;
		/* One that sleeps in userspace may have left the vCPU to another thread. */
		if (prev_state & TASK_DEAD) {
			end_thread(tid, now);
		} else if (state != VCPU_VMM) {
			fold_begin(vcpu);
			if (vcpu->row == EXIT_VIRTUAL_UNTOLD)
				learn_midway(vcpu, tid);
			fold_take_detour(vcpu, state, now);
			note_cost(vcpu, now);
			fold_end(vcpu);
		}
	}
	vcpu = vcpu_of(next->pid);
	if (vcpu) {
		fold_begin(vcpu);
		fold_take_detour(vcpu, vcpu->before, now ? now : bpf_ktime_get_ns());
		fold_end(vcpu);
	}
	return 0;
}

#endif
