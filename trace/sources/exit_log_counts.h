/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log of exits (trace/exits/exit_log.h) says, as another process wrote it, which need not be
 * a friend, and may write on while it is read. Pure.
 */
#ifndef VHART_EXIT_LOG_COUNTS_H
#define VHART_EXIT_LOG_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exit_log.h"

/* How many vCPUs a log of SIZE bytes has room for; 0: it is too short for any. */
uint32_t exit_log_counts_room(uint64_t size);

/* Whether HEAD says that it is a log. */
bool exit_log_counts_there(const struct exit_log_head *head);

/* How many vCPUs HEAD says that there are, at most ROOM. */
uint32_t exit_log_counts_vcpus(const struct exit_log_head *head, uint32_t room);

/* VCPU was copied from place INDEX of the log of process PID: of what could lead a reader astray,
 * it has from here on what is known, or nothing. */
void exit_log_counts_trust(struct exit_vcpu *vcpu, uint32_t pid, uint32_t index);

#endif
