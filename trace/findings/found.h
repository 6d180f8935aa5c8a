/* SPDX-License-Identifier: Apache-2.0 */
/* What was found: the same again is one, and each begins and is over once. Pure; one thread. */
#ifndef VHART_FOUND_H
#define VHART_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one vCPU, by one rule; the same again later is the same finding. */
struct finding {
	size_t rule;
	uint32_t tgid, vcpu_id;
	uint64_t first, last;	 /* where its first interval began, and its last one ended */
	uint32_t intervals;	 /* in which it was so */
	double worst, threshold; /* the highest value, in the rule's unit */
	uint64_t count;		 /* exits that it is about; 0: about none */
	uint64_t cost_ns, whole; /* of the time of these intervals */
	uint64_t device;	 /* guest physical address; 0: none */
	uint32_t row;		 /* the kind of exit; 0: several, or none */
	int64_t error;		 /* that such a call returned; 0: none */
	uint64_t pc; /* where the guest left most often at the end of them; 0: unknown */
	uint32_t pc_weight;
	bool told;	    /* by found_tell() */
	uint64_t ranked_ns; /* by found_sort() */
};

#define FINDINGS_MOST 256u /* are kept */

struct found {
	struct finding kept[FINDINGS_MOST];
	size_t count;
	uint64_t lost; /* there was no room */
};

/* Whether both are about the same. */
bool finding_is(const struct finding *finding, const struct finding *other);
/* MORE of the same came after TO. */
void finding_add(struct finding *to, const struct finding *more);

void found_add(struct found *found, const struct finding *finding);
/* Those that cost most come first. One that names no cause comes behind one of the same vCPU and
 * time that does and has half of its cost or more. */
void found_sort(struct found *found);

/*
 * Calls EACH for those that were added since the last call, and, OVER, for those that were not so
 * any more in the FOUND_CALM ns up to NOW: these are then no more kept, and the same again is
 * another.
 */
#define FOUND_CALM 10000000000ull
typedef void found_told(void *opaque, const struct finding *finding, bool over);
void found_tell(struct found *found, uint64_t now, found_told *each, void *opaque);

#endif
