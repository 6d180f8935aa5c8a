/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vCPUs of a process, those that sleep above all: no event tells of them before they wake. By
 * what /proc says of their threads, so of any VMM.
 */
#ifndef VHART_ASLEEP_H
#define VHART_ASLEEP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/exits/exits_map.h"
#include "trace/sources/vcpu_files.h"

struct asleep_vcpu {
	uint32_t tid, vcpu_id;
	uint64_t since; /* ns of CLOCK_MONOTONIC; 0: not known */
	uint64_t pc;	/* of the guest; 0: not known */
	enum vcpu_state state;
};

/*
 * At most ROOM of PID's into FOUND: how many there are. One that runs is there as well, where its
 * thread has a vCPU's name: VCPU_UNSEEN.
 */
size_t asleep_find(pid_t pid, const struct vcpu_files *files, struct asleep_vcpu *found,
		   size_t room);

/* EACH of all that PID has, or those of all VMs where it is 0. */
void asleep_each(pid_t pid, void (*each)(void *opaque, pid_t pid, const struct asleep_vcpu *vcpu),
		 void *opaque);

/* ---- pure ---- */

/* What /proc/PID/task/TID/syscall says: the file of the vCPU that the thread is in KVM_RUN of, or
 * -1. */
int asleep_kvm_run(const char *syscall);
/* "anon_inode:kvm-vcpu:3" is of vCPU 3. -1: of none. */
int asleep_vcpu_of_link(const char *link);
/* The state letter of /proc/PID/task/TID/stat, behind a name that may hold anything; 0: none. */
char asleep_letter(const char *stat);
/* By /proc/PID/task/TID/wchan where it sleeps in KVM_RUN: in WFI, or stopped. */
enum vcpu_state asleep_in(const char *wchan);
/* When a thread last ran, by /proc/PID/task/TID/sched: ns of the scheduler's clock; 0: not said. */
uint64_t asleep_ran(const char *sched);

#endif
