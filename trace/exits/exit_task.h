/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task that a Linux guest ran when it left: what the BPF programs read in its memory, and where
 * they have to look for it, which somebody finds out for them (trace/guest/task_search.h). Plain
 * data: also compiled for BPF.
 */
#ifndef VHART_EXIT_TASK_H
#define VHART_EXIT_TASK_H

#include "trace/exits/exit_rows.h"

/* TASK_COMM_LEN of Linux. */
#define TASK_COMM 16u

/* Beside the record of the same exit. */
struct exit_task {
	uint64_t address; /* of its task_struct in the guest; 0: it is not known */
	/* Where the guest was in user mode; 0: not known. */
	uint64_t mm;   /* of its mm_struct */
	uint64_t satp; /* as the hart has it then: KVM's own copy may be an older one */
	uint32_t pid, tgid;
	char comm[TASK_COMM];	 /* as the guest has it: any bytes */
	char process[TASK_COMM]; /* the same of its thread group's leader */
};

/* So many of a guest's harts, by the numbers of their vCPUs, are known. */
#define TASK_HARTS 128u

/* SIZE bytes from GUEST on, an address in the guest, are from HOST on in its VMM's process. */
struct task_window {
	uint64_t guest, size, host;
};
#define TASK_WINDOWS 2u /* the kernel's linear mapping, and the kernel */

/* So many VMs have their tasks looked for at one time. */
#define TASK_VMS 16u

/* Of one VM. Changed while programs may read it: `known` is 0 then. */
struct task_places {
	uint64_t known;
	uint64_t kvm; /* the kernel's struct kvm of that VM */
	/* The programs have seen another word at PROOF_AT (host) than PROOF: the VM was booted
	 * again, and nothing here holds any more. */
	uint64_t stale;
	uint64_t proof_at, proof;
	struct task_window windows[TASK_WINDOWS];
	uint64_t mode;	 /* of satp, where a process runs; 0: not known */
	uint64_t linear; /* of the kernel's linear mapping: virtual less physical */
	/* Of members in task_struct, and in mm_struct. */
	uint32_t pid, tgid, comm, cpu, group_leader, mm, pgd;
	struct {
		uint64_t current; /* (host) the pointer to the task that runs there; 0: no such hart
				   */
		uint64_t cpu;	  /* the number that Linux gave it */
	} harts[TASK_HARTS];
};

/* Where the SIZE bytes at ADDRESS of the guest are in its VMM's process; 0: in no window. */
static inline uint64_t task_host(const struct task_places *places, uint64_t address, uint64_t size)
{
	for (uint32_t i = 0; i < TASK_WINDOWS; i++) {
		const struct task_window *window = &places->windows[i];
		uint64_t offset = address - window->guest;

		if (offset < window->size && window->size - offset >= size)
			return window->host + offset;
	}
	return 0;
}

#endif
