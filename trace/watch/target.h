/* SPDX-License-Identifier: Apache-2.0 */
/* Which VM is watched: one that runs, named by its process or its name, all, or one started here.
 */
#ifndef VHART_TARGET_H
#define VHART_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/options.h"
#include "trace/guest/guest_names.h"
#include "trace/sources/vms.h"

struct target {
	/* As the user said; strings are his. */
	pid_t pid;	  /* 0: not given */
	const char *name; /* NULL: not given */
	bool all;
	char **command; /* "run ...", NULL: nothing is started */

	/* What target_find() and target_start() found. */
	pid_t process;	    /* 0: all */
	unsigned int vcpus; /* that it has; 0: not known yet */
	int pidfd;	    /* readable when the process has ended; -1: there is none to wait for */
	bool ours;	    /* it runs this program */
	char title[VM_NAME_LENGTH]; /* the VM's name; "" for all */
	int log;		    /* memory for the log of the started VM, or -1 */
	int go;			    /* -1, or what the started command waits for */
};

/* The options that name it, for option_table.shared, and how many of them: those that name one VM,
 * or --all, too. */
extern const struct option_spec target_options[];
#define TARGET_OPTIONS_ONE 2
#define TARGET_OPTIONS_ALL 3

/* options_read() into OPTIONS for such a table; what follows "--" is the command. 0 or
 * STATUS_USAGE. */
int target_read_options(const struct option_table *table, int argc, char **argv, void *options,
			bool *help);

/* Finds the VM. False after one error() line that lists what there is. */
bool target_find(struct target *target);

/* Starts the command, which waits until target_go(). False after one error() line. */
bool target_start(struct target *target);
void target_go(const struct target *target);

/*
 * For how many vCPUs there should be room, where each takes memory: for more than there are, as one
 * that goes on after a reset may be new before the old one is gone; at most MOST.
 */
uint32_t target_vcpu_room(const struct target *target, uint32_t most);

/* The kernel that it boots, by its command line. */
void target_kernel(const struct target *target, struct guest_kernel *kernel);

/* Of a signal for us the VM that we started, if we did, shall end as well: target_end() follows. */
void target_stop(const struct target *target);

/* STATUS of a failure; where a VM was to be started STATUS_NOT_RUN, as its guest can end with any
 * small one. */
int target_failure(const struct target *target, int status);

/*
 * Watching has ended, with STATUS. Waits for the end of the VM that was started, which signals that
 * come meanwhile are for. Its exit status then, as a shell has it, if all went well here.
 */
int target_end(struct target *target, int status);

#endif
