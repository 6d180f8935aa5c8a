/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of exits that a VM of ours keeps for whoever watches it (trace/exits/exit_log.h): what is
 * left to a user without privileges. Only exits that reached the VMM are in it; what KVM handles by
 * itself is counted as the guest's time.
 */
#ifndef VHART_EXIT_LOG_SOURCE_H
#define VHART_EXIT_LOG_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace/exits/exits_map.h"
#include "trace/sources/exit_source.h"

struct exit_log_source;

extern const struct exit_source exit_log_ops;

/* Memory for the log of a VM that is yet to be started, as `vhart run --exit-log` takes it: a file
 * descriptor, or -1. */
int exit_log_source_memory(void);

/*
 * Watches the log of PID's VM; MEMORY is what exit_log_source_memory() gave for it, or -1. NULL,
 * with errno: PID has no log (ENOENT), or one of another build (EPROTO).
 */
struct exit_log_source *exit_log_source_open(pid_t pid, int memory);
/* They change meanwhile. */
struct exit_counts *exit_log_source_counts(const struct exit_log_source *source);

#endif
