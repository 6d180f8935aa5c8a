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

/* What the command line of process PID gives an option (command_line_option()). False: nothing, or
 * too long. */
bool vm_option(pid_t pid, const char *const *spellings, char *value, size_t size);

/* Whether a path means the same to process PID as to this one, as far as one may see: it has the
 * same root and the same mounts. */
bool vm_has_our_files(pid_t pid);

/* Whether process PID has not ended: one that has, and is not waited for yet, is there without all
 * that it had. */
bool vm_is_alive(pid_t pid);

/* Whether process PID's command line is vhart's 'run': one VM, of the words that are in it. */
bool vm_is_run(pid_t pid);

/* The user that process PID runs as; (uid_t)-1: not known. */
uid_t vm_user(pid_t pid);

/* For how many seconds process PID has run; 0: not known. */
double vm_seconds(pid_t pid);

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
