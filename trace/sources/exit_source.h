/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of exits, as collector.c uses it: BPF programs, perf's tracepoints, or the log that a
 * VMM keeps. Each counts into an array of struct exit_counts, an element for each vCPU, and has one
 * const table of what else can be asked of it.
 */
#ifndef VHART_EXIT_SOURCE_H
#define VHART_EXIT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"

/* SOURCE is the source's own. What may be NULL says what that means. */
struct exit_source {
	const char *lacks; /* what is not known; "": nothing */
	void (*close)(void *source);
	/* To be called every second, before what was counted is read. NULL: there is no need to. */
	void (*poll)(void *source);
	/* Readable when it should be polled. NULL: never. */
	int (*fd)(const void *source);
	/* Up to when it has counted. NULL: up to now. */
	uint64_t (*until)(const void *source);
	/* How many vCPUs were seen, those included that there was no room for. */
	uint32_t (*seen)(const void *source);
	/* How many there are counts of. NULL: as many as there was to be room for. */
	uint32_t (*counted)(const void *source);
	/* A vCPU that was just copied, from place INDEX: what is not true of it is put right, then
	 * its open state is counted up to now, then its times are split. NULL: it is right. */
	void (*trust)(const void *source, uint32_t index, struct exit_vcpu *vcpu);
	void (*split)(void *source, struct exit_vcpu *vcpu);
	/* What is missing: exits by key, for which there was no room, and events. NULL: nothing. */
	uint64_t (*keys_lost)(const void *source);
	uint64_t (*missed)(const void *source);
	/* EACH of all keys, until it says false: then false. NULL: it has no keys. */
	bool (*each_key)(const void *source, exit_key_function *each, void *opaque);
};

#endif
