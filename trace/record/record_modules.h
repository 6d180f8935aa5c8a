/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While a VM is recorded: its guest's modules, looked up when code is seen that is in none that is
 * known, and now and then while any of their code is seen, as one may take another one's place.
 */
#ifndef VHART_RECORD_MODULES_H
#define VHART_RECORD_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/guest/guest_modules.h"

struct record_modules;

/* NULL: no memory. */
struct record_modules *record_modules_new(void);
void record_modules_free(struct record_modules *modules);

/* ADDRESS, where modules may be, was seen. */
void record_modules_see(struct record_modules *modules, uint64_t address);

/* Whether one should look, as soon as the guest's kernel is known. */
bool record_modules_wants(const struct record_modules *modules);

enum record_modules_news {
	MODULES_AS_BEFORE,
	MODULES_ADDED, /* and none is gone */
	MODULES_CHANGED,
	MODULES_REBOOTED, /* as above; and what is known of the kernel does not hold any more */
};

/*
 * To be called now and then: KERNEL is the one in process PID; NULL: it is not known, and with it
 * none of its modules. Whoever waits for a look, PATIENCE ns at most, gets one now. News are not
 * used before record_modules_take(): what was seen up to now is of those that were known.
 */
enum record_modules_news record_modules_follow(struct record_modules *modules, pid_t pid,
					       const struct task_kernel *kernel, uint64_t patience);
void record_modules_take(struct record_modules *modules);

/* A module, and its function. */
struct record_place {
	uint32_t number; /* of the module: another one for what is loaded again */
	const struct guest_module *module;
	struct symbol_place function; /* its name is NULL where it is not known */
};

/* What ADDRESS is in, until the next record_modules_take(). False: in no module. */
bool record_modules_find(const struct record_modules *modules, uint64_t address,
			 struct record_place *place);

#endif
