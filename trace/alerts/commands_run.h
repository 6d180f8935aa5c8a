/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's command for each finding, by sh, that nobody waits for: so many run at once, some more
 * wait for one of them to end, and further ones are not run. One thread, which has SIGCHLD as the
 * system gives it.
 */
#ifndef VHART_COMMANDS_RUN_H
#define VHART_COMMANDS_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "trace/findings/findings_print.h"

#define COMMANDS_RUN_MOST  4u  /* at once */
#define COMMANDS_WAIT_MOST 64u /* and so many more */

/* What it is told: VHART_RULE, VHART_VM, VHART_PID, VHART_VCPU; and its standard input. */
struct command_about {
	const char *rule; /* of the table of rules */
	char vm[64];
	uint32_t pid, vcpu;
	size_t len;
	char json[FINDING_JSON];
};

struct commands_run;

/* COMMAND is the caller's. NULL: no memory, or no file descriptor (errno). */
struct commands_run *commands_run_new(const char *command);
/* Those that run go on; those that wait do not begin. NULL is fine. */
void commands_run_free(struct commands_run *commands);

/* Its standard output is this process's standard error, so that what is told stays whole. What goes
 * wrong is a warning(). */
void commands_run_add(struct commands_run *commands, const struct command_about *about);

/* Readable when one has ended: commands_run_reap(), which is also to be called every second. */
int commands_run_fd(const struct commands_run *commands);
void commands_run_reap(struct commands_run *commands);

/* Waits until all have ended, PATIENCE ns at most. */
void commands_run_finish(struct commands_run *commands, uint64_t patience);

#endif
