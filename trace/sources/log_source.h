/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of exits that a VM of ours keeps for whoever watches it (trace/exits/exit_log.h): what is
 * left to a user without privileges. Only exits that reached the VMM are in it; what KVM handles by
 * itself is counted as the guest's time.
 */
#ifndef VHART_LOG_SOURCE_H
#define VHART_LOG_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace/exits/exits_map.h"

struct log_source;

/* Memory for the log of a VM that is yet to be started, as `vhart run --exit-log` takes it: a file
 * descriptor, or -1. */
int log_source_memory(void);

/*
 * Watches the log of PID's VM; MEMORY is what log_source_memory() gave for it, or -1. NULL, with
 * errno: PID has no log (ENOENT), or one of another build (EPROTO).
 */
struct log_source *log_source_open(pid_t pid, int memory);
void log_source_close(struct log_source *source);

/* To be called every second: else the VM takes it that nobody watches any more. */
void log_source_renew(struct log_source *source);

/* How many vCPUs there are counts of, and those; they change meanwhile. */
uint32_t log_source_vcpus(const struct log_source *source);
struct exit_counts *log_source_counts(const struct log_source *source);

/* VCPU was copied from place INDEX: from here on it has nothing that could lead astray. To be
 * called before the others. */
void log_source_trust(const struct log_source *source, uint32_t index, struct exit_vcpu *vcpu);
/* What VCPU, as copied, was doing counts from when watching began. */
void log_source_trim(const struct log_source *source, struct exit_vcpu *vcpu);
/*
 * Its times, of which those in KVM are one: since the last call it slept in them, waited for a CPU,
 * or else ran (/proc/PID/task/TID/schedstat).
 */
void log_source_split(struct log_source *source, struct exit_vcpu *vcpu);

#endif
