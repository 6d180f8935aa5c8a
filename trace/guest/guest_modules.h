/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's modules (module_search.h), looked up in the memory of its VMM by a helper, so that
 * nobody waits for it who has something better to do. */
#ifndef VHART_GUEST_MODULES_H
#define VHART_GUEST_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/helper.h"
#include "trace/guest/module_search.h"
#include "trace/guest/task_search.h"

/* A look. All zero: there is none. */
struct guest_modules {
	bool running;
	struct helper helper;
};

enum guest_modules_end {
	MODULES_SAME,  /* as KNOWN */
	MODULES_OTHER, /* and what they are */
	MODULES_NONE,  /* they could not be read, this time */
	MODULES_GONE,  /* it is not the kernel that it was: the guest was booted again */
};

/* In the memory of process PID, whose guest's KERNEL was found there, with modules that are known.
 * Whoever looks again has KNOWN from the look before. */
void guest_modules_begin(struct guest_modules *look, pid_t pid, const struct task_kernel *kernel,
			 const struct module_list *known);

/*
 * Waits until it has ended, at most PATIENCE ns. True: it has, with END, and LIST, which is the
 * caller's to free, where that is MODULES_OTHER. False: it goes on.
 */
bool guest_modules_ended(struct guest_modules *look, uint64_t patience, enum guest_modules_end *end,
			 struct module_list *list);

/* Ends it, if there is one. */
void guest_modules_stop(struct guest_modules *look);

#endif
