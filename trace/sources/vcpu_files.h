/* SPDX-License-Identifier: Apache-2.0 */
/* Where vCPUs are that sleep, of any VMM's: by a BPF program that looks behind their files. */
#ifndef VHART_VCPU_FILES_H
#define VHART_VCPU_FILES_H

#include <stdint.h>
#include <sys/types.h>

struct vcpu_files;

/* NULL: this kernel, or this user, cannot. */
struct vcpu_files *vcpu_files_open(void);
void vcpu_files_close(struct vcpu_files *files);

/* The guest's pc at its last exit, of the vCPU that is file FD of process PID; 0: not known. */
uint64_t vcpu_files_pc(const struct vcpu_files *files, pid_t pid, int fd);

#endif
