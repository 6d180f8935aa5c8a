/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The task that a Linux guest ran, read while its vCPU stands still: what its hart's run queue has
 * as the current one, which no other hart changes. Where that was found out for the programs; all
 * that is read may be any bytes, and is as much as there is room for.
 */
#ifndef VHART_GUEST_TASK_BPF_H
#define VHART_GUEST_TASK_BPF_H

#include "base/riscv.h"
#include "trace/exits/exit_task.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* one beside each record, where rules.tasks wants it */
	__type(key, __u32);
	__type(value, struct exit_task);
} tasks SEC(".maps");

struct task_places task_places[TASK_VMS];

/* SIZE bytes at ADDRESS of the guest. */
static __always_inline bool read_guest(const struct task_places *places, __u64 address, void *to,
				       __u32 size)
{
	__u64 host = task_host(places, address, size);

	return host && bpf_probe_read_user(to, size, (const void *)host) == 0;
}

static __always_inline bool read_host(__u64 host, __u64 *word)
{
	return host && bpf_probe_read_user(word, sizeof(*word), (const void *)host) == 0;
}

/* The name of the process that TASK is a thread of: its leader's. */
static __always_inline bool read_process(const struct task_places *places, struct exit_task *task)
{
	__u64 leader = 0;
	__u32 pid = 0;

	if (task->pid == task->tgid) {
		__builtin_memcpy(task->process, task->comm, sizeof(task->process));
		return true;
	}
	return read_guest(places, task->address + places->group_leader, &leader, sizeof(leader)) &&
	       read_guest(places, leader + places->pid, &pid, sizeof(pid)) && pid == task->tgid &&
	       read_guest(places, leader + places->comm, task->process, sizeof(task->process));
}

/* Whether what was found out is of the VM as it is now. */
static __always_inline bool holds(struct task_places *places)
{
	__u64 proof = 0;

	if (read_host(places->proof_at, &proof) && proof == places->proof)
		return true;
	places->stale = 1;
	return false;
}

/* Of the VM KVM; NULL: its tasks were not found. */
static __always_inline struct task_places *places_of(__u64 kvm)
{
	for (__u32 i = 0; i < TASK_VMS; i++)
		if (task_places[i].known && task_places[i].kvm == kvm)
			return &task_places[i];
	return NULL;
}

/* What satp is while a process runs: set_mm() of arch/riscv/mm/context.c, less the ASID. */
static __always_inline __u64 satp_of(const struct task_places *places, __u64 mm)
{
	__u64 root = 0;

	if (!places->mode || !read_guest(places, mm + places->pgd, &root, sizeof(root)))
		return 0;
	return places->mode | ((root - places->linear) >> 12 & SATP_PPN);
}

/* Global, so that it is verified once. HART is the number of KVM's vCPU; USER: its mode. */
int read_task(__u64 kvm, __u32 hart, int user, struct exit_task *task);
__noinline int read_task(__u64 kvm, __u32 hart, int user, struct exit_task *task)
{
	struct task_places *places;
	__u64 current, address = 0;
	__u32 cpu = 0;

	if (!task)
		return 0;
	task->address = 0;
	places = places_of(kvm);
	if (!places || hart >= TASK_HARTS || !holds(places))
		return 0;
	current = places->harts[hart].current;
	if (!read_host(current, &address) ||
	    !read_guest(places, address + places->cpu, &cpu, sizeof(cpu)) ||
	    cpu != places->harts[hart].cpu ||
	    !read_guest(places, address + places->pid, &task->pid, sizeof(task->pid)) ||
	    !read_guest(places, address + places->tgid, &task->tgid, sizeof(task->tgid)) ||
	    !read_guest(places, address + places->comm, task->comm, sizeof(task->comm)))
		return 0;
	task->address = address;
	if (!read_process(places, task))
		task->address = 0;
	if (!user || !read_guest(places, address + places->mm, &task->mm, sizeof(task->mm)))
		task->mm = 0;
	task->satp = task->mm ? satp_of(places, task->mm) : 0;
	return 0;
}

#endif
