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

#include "trace/exits_map.h"

/* Of the kernel's types only what is read here; the offsets are found at load time (CO-RE). */
struct kvm_cpu_context {
	unsigned long zero, a0, a1, a6, a7, sepc, sstatus;
} __attribute__((preserve_access_index));
struct kvm_vcpu_arch {
	struct kvm_cpu_context guest_context;
} __attribute__((preserve_access_index));
struct kvm_vcpu {
	struct kvm *kvm;
	int vcpu_id;
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

__u64 interval;	  /* the collector counts it up: minima and maxima begin anew */
__u32 vcpu_count; /* so many were seen */
__u64 keys_lost;  /* exits that no room was left for in `keyed` */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.vcpus */
	__type(key, __u32);
	__type(value, struct exit_vcpu);
} vcpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* rules.vcpus * EXIT_ROWS */
	__type(key, __u32);
	__type(value, struct exit_times);
} exits SEC(".maps");

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

/* Which index in `vcpus` a vCPU has, also when another thread runs it. */
struct known_name {
	__u64 kvm;
	__u32 tgid, vcpu_id;
};

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
struct runner {
	__u64 vcpu; /* struct kvm_vcpu */
	__u32 tid;
	__u32 index;
	__u32 watched;
};

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
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct runner);
} entered SEC(".maps");

static const struct exit_times no_times;

/* ---- change ---- */

static __always_inline void begin(struct exit_vcpu *vcpu)
{
	vcpu->sequence++;
	barrier();
}

static __always_inline void end(struct exit_vcpu *vcpu)
{
	barrier();
	vcpu->sequence++;
}

/* What went by since the last event was spent in the state that it left. */
static __always_inline void enter_state(struct exit_vcpu *vcpu, __u32 state, __u64 now)
{
	__u32 left = vcpu->state;

	if (left < VCPU_STATES)
		vcpu->ns[left] += now - vcpu->since;
	vcpu->since = now;
	vcpu->state = state;
}

static __always_inline struct runner *last_entered(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&entered, &zero);
}

/* The vCPU that thread TID runs, if it is watched and has not moved to another one. */
static __always_inline struct exit_vcpu *vcpu_of(__u32 tid)
{
	struct runner *runner = last_entered();
	struct exit_vcpu *vcpu;
	__u32 index;

	if (!runner || runner->tid != tid)
		runner = bpf_map_lookup_elem(&runners, &tid);
	if (!runner || !runner->watched)
		return NULL;
	index = runner->index;
	vcpu = bpf_map_lookup_elem(&vcpus, &index);
	return vcpu && vcpu->thread == tid ? vcpu : NULL;
}

static __always_inline struct exit_vcpu *current_vcpu(void)
{
	return vcpu_of((__u32)bpf_get_current_pid_tgid());
}

/* ---- one exit is over ---- */

static __always_inline void add_times(struct exit_times *times, const struct exit_vcpu *vcpu,
				      __u64 ns, __u64 vmm_ns, __u64 halted_ns)
{
	__u32 bucket = exit_bucket(ns);

	times->count++;
	times->to_vmm += vcpu->to_vmm != 0;
	times->ns += ns;
	times->vmm_ns += vmm_ns;
	times->halted_ns += halted_ns;
	if (times->interval != interval || times->count == 1) {
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

static __always_inline bool has_key(__u32 row)
{
	if (rules.key == KEY_MMIO)
		return row == EXIT_LOAD_MMIO || row == EXIT_STORE_MMIO;
	if (rules.key == KEY_CSR)
		return row == EXIT_CSR_READ || row == EXIT_CSR_WRITE;
	return rules.key == KEY_PC;
}

static __always_inline void add_keyed(__u32 index, const struct exit_vcpu *vcpu, __u64 ns,
				      __u64 vmm_ns, __u64 halted_ns)
{
	struct exit_key_name name = {.value = vcpu->key, .vcpu = index, .row = vcpu->row};
	struct exit_times *times = bpf_map_lookup_elem(&keyed, &name);

	if (!times) {
		bpf_map_update_elem(&keyed, &name, &no_times, BPF_NOEXIST);
		times = bpf_map_lookup_elem(&keyed, &name);
	}
	if (times)
		add_times(times, vcpu, ns, vmm_ns, halted_ns);
	else
		__sync_fetch_and_add(&keys_lost, 1);
}

/* ---- one exit by itself ---- */

/* Where the next record of vCPU INDEX is written. */
static __always_inline struct exit_record *record_at(__u32 index, const struct exit_ring *ring)
{
	__u32 entry = index * rules.ring + (ring->head & (rules.ring - 1));

	return bpf_map_lookup_elem(&records, &entry);
}

/* A register of the guest: KVM has them from x0 on one after another. */
static __always_inline __u64 guest_register(const struct kvm_vcpu *vcpu, __u32 number)
{
	const unsigned long *zero = __builtin_preserve_access_index(&vcpu->arch.guest_context.zero);
	unsigned long value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), zero + (number & 31));
	return value;
}

static __always_inline void record_exit(__u32 index, struct exit_vcpu *seen,
					const struct kvm_vcpu *vcpu,
					const struct kvm_cpu_trap *trap, __u64 now)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);
	struct exit_record *record;

	if (!ring)
		return;
	ring->open = 0;
	/* Faults may turn out to be devices'. */
	if (!(rules.traced & exit_class(seen->row)) &&
	    !(rules.traced & CLASS_MMIO && exit_class(seen->row) == CLASS_FAULT))
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
	bpf_probe_read_kernel(&record->sstatus, sizeof(record->sstatus),
			      __builtin_preserve_access_index(&vcpu->arch.guest_context.sstatus));
	if (seen->row >= EXIT_SBI) {
		bpf_probe_read_kernel(
			record->args, sizeof(record->args),
			__builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
		record->known = RECORD_ARGS;
	} else if (seen->row == EXIT_STORE_FAULT && record->htinst & 1) {
		/* A transformed store has rs2 in its place. */
		record->data = guest_register(vcpu, record->htinst >> 20);
		record->known = RECORD_DATA;
	}
}

static __always_inline void record_entry(__u32 index, const struct exit_vcpu *seen,
					 const struct kvm_vcpu *vcpu, __u64 now, __u64 ns,
					 __u64 vmm_ns, __u64 halted_ns)
{
	struct exit_ring *ring = bpf_map_lookup_elem(&rings, &index);
	struct exit_record *record;
	__u64 open;

	if (!ring || !ring->open)
		return;
	open = ring->open;
	ring->open = 0;
	if (!(rules.traced & exit_class(seen->row)))
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
	record->ns = ns;
	record->vmm_ns = vmm_ns;
	record->halted_ns = halted_ns;
	record->row = seen->row;
	record->to_vmm = seen->to_vmm;
	bpf_probe_read_kernel(&record->next_pc, sizeof(record->next_pc),
			      __builtin_preserve_access_index(&vcpu->arch.guest_context.sepc));
	if (seen->row >= EXIT_SBI) {
		bpf_probe_read_kernel(
			record->result, sizeof(record->result),
			__builtin_preserve_access_index(&vcpu->arch.guest_context.a0));
	} else if (seen->row == EXIT_CSR_READ) {
		record->data = guest_register(vcpu, record->stval >> 7);
		record->known = RECORD_DATA;
	} else if (seen->row == EXIT_LOAD_MMIO && record->htinst & 1) {
		record->data = guest_register(vcpu, record->htinst >> 7);
		record->known = RECORD_DATA;
	}
	/* The collector reads it as soon as head has moved. */
	barrier();
	ring->head++;
}

static __always_inline void finish_exit(__u32 index, struct exit_vcpu *vcpu,
					const struct kvm_vcpu *entering, __u64 now)
{
	__u64 vmm_ns = vcpu->ns[VCPU_VMM] - vcpu->at_exit[VCPU_VMM];
	__u64 ns = vcpu->ns[VCPU_KERNEL] - vcpu->at_exit[VCPU_KERNEL] + vmm_ns;
	__u64 halted_ns = vcpu->ns[VCPU_HALTED] - vcpu->at_exit[VCPU_HALTED];
	__u32 entry = index * EXIT_ROWS + vcpu->row;
	struct exit_times *times = bpf_map_lookup_elem(&exits, &entry);

	if (times)
		add_times(times, vcpu, ns, vmm_ns, halted_ns);
	if (rules.key != KEY_NONE && has_key(vcpu->row))
		add_keyed(index, vcpu, ns, vmm_ns, halted_ns);
	if (rules.traced)
		record_entry(index, vcpu, entering, now, ns, vmm_ns, halted_ns);
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

static __always_inline int index_of(const struct known_name *name)
{
	__u32 *found, index;

	if (!name)
		return -1;
	found = bpf_map_lookup_elem(&known, name);
	if (found)
		return *found;
	index = __sync_fetch_and_add(&vcpu_count, 1);
	if (index >= rules.vcpus)
		return -1;
	bpf_map_update_elem(&known, name, &index, BPF_ANY);
	return index;
}

/* Fills RUNNER for this thread, which enters VCPU. */
static __always_inline void adopt(struct runner *runner, __u32 tid, struct kvm_vcpu *vcpu,
				  __u64 now)
{
	struct bpf_pidns_info process = {0};
	struct known_name name = {0};
	struct exit_vcpu *seen;
	__u32 index;
	int found;

	runner->vcpu = (__u64)vcpu;
	runner->tid = tid;
	runner->watched = 0;
	if (!process_of(&process) || !is_watched(&process))
		return;
	name.kvm = (__u64)vcpu->kvm;
	name.tgid = process.tgid;
	name.vcpu_id = vcpu->vcpu_id;
	found = index_of(&name);
	index = found;
	seen = found < 0 ? NULL : bpf_map_lookup_elem(&vcpus, &index);
	if (!seen)
		return;
	runner->index = index;
	runner->watched = 1;
	begin(seen);
	seen->tid = process.pid;
	seen->thread = tid;
	if (!seen->first) {
		seen->kvm = name.kvm;
		seen->tgid = name.tgid;
		seen->vcpu_id = name.vcpu_id;
		seen->state = VCPU_KERNEL;
		seen->first = now;
		seen->since = now;
	}
	end(seen);
}

/* Another vCPU than this CPU had last, or in another thread. */
static __always_inline void find_runner(struct runner *here, __u32 tid, struct kvm_vcpu *vcpu,
					__u64 now)
{
	struct runner *runner = bpf_map_lookup_elem(&runners, &tid);

	if (runner && runner->vcpu == (__u64)vcpu) {
		*here = *runner;
		return;
	}
	adopt(here, tid, vcpu, now);
	bpf_map_update_elem(&runners, &tid, here, BPF_ANY);
}

/* ---- events ---- */

SEC("tp_btf/kvm_entry")
int BPF_PROG(on_entry, struct kvm_vcpu *entering)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid(), index;
	struct runner *runner = last_entered();
	__u64 now = bpf_ktime_get_ns();
	struct exit_vcpu *vcpu;

	if (!entering || !runner)
		return 0;
	if (runner->vcpu != (__u64)entering || runner->tid != tid)
		find_runner(runner, tid, entering, now);
	if (!runner->watched)
		return 0;
	index = runner->index;
	vcpu = bpf_map_lookup_elem(&vcpus, &index);
	if (!vcpu)
		return 0;
	begin(vcpu);
	enter_state(vcpu, VCPU_GUEST, now);
	vcpu->entries++;
	if (vcpu->open)
		finish_exit(index, vcpu, entering, now);
	else if (vcpu->entries > 1)
		vcpu->orphans++;
	vcpu->open = 0;
	end(vcpu);
	return 0;
}

/* The registers of a guest that has just left. */
struct call {
	unsigned long fid, eid;
};

SEC("tp_btf/kvm_exit")
int BPF_PROG(on_exit, struct kvm_cpu_trap *trap)
{
	const struct runner *runner = last_entered();
	__u64 now = bpf_ktime_get_ns(), scause, stval = 0, htval = 0, htinst = 0;
	const struct kvm_vcpu *left;
	struct call call = {0};
	struct exit_vcpu *vcpu;
	__u32 index;

	if (!trap || !runner || !runner->watched)
		return 0;
	index = runner->index;
	vcpu = bpf_map_lookup_elem(&vcpus, &index);
	if (!vcpu)
		return 0;
	scause = trap->scause;
	left = (const struct kvm_vcpu *)runner->vcpu;
	if (scause == CAUSE_SBI_CALL) {
		bpf_probe_read_kernel(
			&call, sizeof(call),
			__builtin_preserve_access_index(&left->arch.guest_context.a6));
	} else if (!(scause & CAUSE_INTERRUPT)) {
		stval = trap->stval;
		htval = trap->htval;
		htinst = trap->htinst;
	}
	begin(vcpu);
	vcpu->exits++;
	if (vcpu->state != VCPU_GUEST)
		vcpu->orphans++;
	enter_state(vcpu, VCPU_KERNEL, now);
	vcpu->row = exit_row(scause, stval, htinst, call.eid, call.fid);
	vcpu->open = 1;
	vcpu->to_vmm = 0;
	vcpu->exited = now;
	vcpu->at_exit[VCPU_KERNEL] = vcpu->ns[VCPU_KERNEL];
	vcpu->at_exit[VCPU_VMM] = vcpu->ns[VCPU_VMM];
	vcpu->at_exit[VCPU_HALTED] = vcpu->ns[VCPU_HALTED];
	vcpu->at_exit[VCPU_BLOCKED] = vcpu->ns[VCPU_BLOCKED];
	vcpu->pc = trap->sepc;
	if (rules.key == KEY_MMIO)
		vcpu->key = exit_guest_address(htval, stval);
	else if (rules.key == KEY_CSR)
		vcpu->key = stval >> 20 & 0xFFF;
	else if (rules.key == KEY_PC)
		vcpu->key = vcpu->pc;
	if (rules.traced)
		record_exit(index, vcpu, left, trap, now);
	end(vcpu);
	return 0;
}

#define RUN_MMIO 6u /* KVM_EXIT_MMIO */

SEC("tp_btf/kvm_userspace_exit")
int BPF_PROG(on_userspace, __u32 reason, int result)
{
	struct exit_vcpu *vcpu = current_vcpu();

	if (!vcpu)
		return 0;
	begin(vcpu);
	enter_state(vcpu, VCPU_VMM, bpf_ktime_get_ns());
	vcpu->to_vmm = 1 + reason;
	if (reason == RUN_MMIO && result >= 0)
		vcpu->row = exit_mmio_row(vcpu->row);
	end(vcpu);
	return 0;
}

static __always_inline __u64 take(struct exit_vcpu *vcpu, __u32 state, __u64 wanted)
{
	__u64 have = vcpu->ns[state] - vcpu->at_exit[state];

	if (wanted > have)
		wanted = have;
	vcpu->ns[state] -= wanted;
	return wanted;
}

/* kvm_vcpu_halt(): the last NS were a halt, some asleep and some looking whether it ends soon. */
SEC("tp_btf/kvm_vcpu_wakeup")
int BPF_PROG(on_wakeup, __u64 ns)
{
	struct exit_vcpu *vcpu = current_vcpu();
	__u64 halted;

	if (!vcpu)
		return 0;
	begin(vcpu);
	enter_state(vcpu, VCPU_KERNEL, bpf_ktime_get_ns());
	if (vcpu->open) {
		halted = take(vcpu, VCPU_BLOCKED, ns);
		halted += take(vcpu, VCPU_KERNEL, ns - halted);
		vcpu->ns[VCPU_HALTED] += halted;
	}
	end(vcpu);
	return 0;
}

/* linux/sched.h: __TASK_STOPPED, __TASK_TRACED, TASK_DEAD. */
#define TASK_STOPPED_OR_TRACED (4u | 8u)
#define TASK_DEAD	       0x80u

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u32 tid = prev->pid;
	struct exit_vcpu *vcpu = vcpu_of(tid);
	__u64 now = 0;
	__u32 state;

	if (vcpu) {
		now = bpf_ktime_get_ns();
		begin(vcpu);
		vcpu->before = vcpu->state;
		if (prev_state & TASK_DEAD)
			state = VCPU_GONE;
		else if (preempt || !prev_state || prev_state & TASK_STOPPED_OR_TRACED)
			state = VCPU_WAITING;
		else
			state = vcpu->state == VCPU_VMM ? VCPU_VMM : VCPU_BLOCKED;
		enter_state(vcpu, state, now);
		end(vcpu);
		if (prev_state & TASK_DEAD)
			bpf_map_delete_elem(&runners, &tid);
	}
	vcpu = vcpu_of(next->pid);
	if (vcpu) {
		begin(vcpu);
		enter_state(vcpu, vcpu->before, now ? now : bpf_ktime_get_ns());
		end(vcpu);
	}
	return 0;
}

#endif
