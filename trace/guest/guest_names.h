/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a guest's kernel: from files that the user gives, or from what the VM booted. */
#ifndef VHART_GUEST_NAMES_H
#define VHART_GUEST_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/symbols.h"

/* Files; NULL: not given. */
struct guest_names_options {
	const char *kallsyms, *vmlinux;
};

/* What a VM booted, as its command line names it. */
struct guest_kernel {
	char name[PATH_MAX]; /* "": not known */
	pid_t process;	     /* whose command line that is; 0: this process's own */
};

/*
 * OPTIONS' file must be good: else false after one error() line. Where there is none, the names of
 * KERNEL are used, or those of the Linux in the memory of process PID (0: it does not run); if
 * neither has any, note() says so of a KERNEL. KERNEL and PID may be anybody's: foreign_file.h,
 * guest_image.h.
 */
bool guest_names_find(struct symbols *symbols, const struct guest_names_options *options,
		      const struct guest_kernel *kernel, pid_t pid);

/* Moves them to where the kernel is (KASLR), by STVEC of the guest; 0: not known. Any kernel but
 * Linux stays where it was linked. */
void guest_names_move(struct symbols *symbols, uint64_t stvec);

/* By the command line of process PID, at which only that is looked. */
void guest_kernel_of_process(pid_t pid, struct guest_kernel *kernel);

/* Its path, as the process whose it is says it; nothing is looked up. "": not known. */
void guest_kernel_path(const struct guest_kernel *kernel, char path[PATH_MAX]);

#endif
