/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a guest's kernel: from files that the user gives, or from what the VM booted. */
#ifndef VHART_GUEST_NAMES_H
#define VHART_GUEST_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/symbols.h"

/* Files; NULL: not given. */
struct guest_names_options {
	const char *kallsyms, *vmlinux;
};

/*
 * OPTIONS' file must be good: else false after one error() line. Where there is none, KERNEL's own
 * names are used ("": it is not known), or those of the Linux in the memory of process PID (0: it
 * does not run); if neither has any, note() says so of a KERNEL.
 */
bool guest_names_find(struct symbols *symbols, const struct guest_names_options *options,
		      const char *kernel, pid_t pid);

/* Moves them to where the kernel is (KASLR), by STVEC of the guest; 0: not known. Any kernel but
 * Linux stays where it was linked. */
void guest_names_move(struct symbols *symbols, uint64_t stvec);

/* The kernel that the command line WORDS boots: of vhart, QEMU or kvmtool. NULL: it has none. */
const char *guest_kernel_of(char *const *words);

/* The same of process PID, as an absolute path; "": not known. */
void guest_kernel_of_process(pid_t pid, char out[PATH_MAX]);

#endif
