/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at what was counted, again and again, and keeps what the rules find odd. Pure; one thread.
 */
#ifndef VHART_ENGINE_H
#define VHART_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"
#include "trace/findings/found.h"
#include "trace/findings/rules.h"

/* The interval that rules judge. A look that comes sooner after the last one is passed over, but
 * for this much, by which a timer may be early. */
#define FINDINGS_INTERVAL 1000000000ull
#define FINDINGS_EARLY	  100000000ull

struct findings_options {
	double thresholds[RULES_MAX]; /* 0: the rule's own */
	const double *usual; /* EXIT_ROWS: exits of a vCPU a second; NULL: it is not known */
	/*
	 * What is at a guest physical ADDRESS of the VM of a process, in OUT, which is "" where
	 * there is nothing. False: it is not known what devices that VM has. NULL: of none.
	 */
	bool (*device)(void *opaque, uint32_t tgid, uint64_t address, char *out, size_t size);
	void *opaque;
};

struct findings;

/* NULL: no memory. What OPTIONS points to is the caller's. */
struct findings *findings_new(const struct findings_options *options);
void findings_free(struct findings *findings); /* NULL is fine */

/* SAMPLE is what was counted up to now, no difference. False: no memory. */
bool findings_look(struct findings *findings, const struct stat_sample *sample);
/* The last look, whenever it comes: what is left since the one before is judged by rules to which
 * one interval is enough. False: no memory. */
bool findings_end(struct findings *findings, const struct stat_sample *sample);

/* In the order of found_sort(). Until the next look. */
size_t findings_count(struct findings *findings);
const struct finding *findings_at(const struct findings *findings, size_t index);
/* Those that began, and are over, since the last time: found_tell(). ALL: no more looks come, and
 * what was so is over. */
void findings_tell(struct findings *findings, found_told *each, void *opaque, bool all);
/* The next look is of another collector, whose counts and numbers of vCPUs begin anew. What it
 * finds of vCPUs that were there goes on where it was. False: no memory. */
bool findings_renew(struct findings *findings);
/* When the first look was; 0: there was none. */
uint64_t findings_begin(const struct findings *findings);
/* Those that there was no room for. */
uint64_t findings_lost(const struct findings *findings);
/* As findings_options has it: false where that is not known, or is nothing. */
bool findings_device(const struct findings *findings, const struct finding *finding, char *out,
		     size_t size);

#endif
