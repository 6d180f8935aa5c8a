/* SPDX-License-Identifier: Apache-2.0 */
/* Reading counts that somebody changes meanwhile: a BPF program, or another process, which need not
 * be a friend. Pure. */
#ifndef VHART_EXIT_COPY_H
#define VHART_EXIT_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/exits/exits_map.h"

/* So often is one look at all counts held up. */
#define EXIT_COPY_PATIENCE 2000u

/*
 * Copies SIZE bytes at FROM, which only the writer of VCPU changes. It is at most a few hundred
 * instructions in the middle of a change, and whoever waits for it lets it run; but one that was
 * killed there, or wants to, never ends its change: each vain try is taken from *PATIENCE, and what
 * is copied when there is none left may be half changed. False then.
 */
bool exit_copy(const struct exit_vcpu *vcpu, void *to, const void *from, size_t size,
	       uint32_t *patience);

#endif
