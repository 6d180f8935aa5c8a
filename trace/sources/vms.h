/* SPDX-License-Identifier: Apache-2.0 */
/* The KVM VMs on this machine, found by the files that their processes hold (/proc/PID/fd). */
#ifndef VHART_VMS_H
#define VHART_VMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VM_NAME_LENGTH 48

struct vm {
	pid_t pid;
	unsigned int vcpus;
	bool ours;		   /* its process runs this program */
	char name[VM_NAME_LENGTH]; /* what its command line calls it, else "vhart-123", of the
				      process */
};

/* What process PID holds. False: no VM, or it cannot be looked into (errno). */
bool vm_of_process(pid_t pid, struct vm *vm);

/* The process whose thread TID is; 0: there is none. */
pid_t vm_process_of_thread(pid_t tid);

/* The VMs of this machine that one may see, at most ROOM of them: how many there are. */
size_t vms_list(struct vm *vms, size_t room);

/* The name alone; always something. */
void vm_name(pid_t pid, char name[VM_NAME_LENGTH]);

/* Names of processes, kept from the first question on: later they may be gone. */
#define VM_NAMES_MAX 128u
struct vm_names {
	unsigned int count;
	struct {
		uint32_t pid;
		bool ours;
		char name[VM_NAME_LENGTH];
	} names[VM_NAMES_MAX];
};

/* What is known before the process has it. */
void vm_names_put(struct vm_names *names, uint32_t pid, const char *name, bool ours);
/* NAMES is a struct vm_names. */
const char *vm_names_get(void *names, uint32_t pid);
/* Whether a process that was asked for is ours, so that its devices are known. */
bool vm_names_ours(const struct vm_names *names, uint32_t pid);

#endif
