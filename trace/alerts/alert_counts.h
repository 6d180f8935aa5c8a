/* SPDX-License-Identifier: Apache-2.0 */
/* How many findings of each VM and rule there were, and are: as OpenMetrics text. Pure; one thread.
 */
#ifndef VHART_ALERT_COUNTS_H
#define VHART_ALERT_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/findings/found.h"

#define ALERT_COUNTS_MOST 512u

struct alert_counts {
	struct alert_count {
		uint32_t tgid;
		size_t rule;
		char vm[64];
		uint64_t begun;
		uint64_t now;  /* vCPUs of which it is so, or registers of them */
		uint64_t last; /* which change of all was its last */
	} counts[ALERT_COUNTS_MOST];
	size_t count;
	uint64_t changes;
};

/* FINDING, of the VM called VM, begins or is over. Of those that are no more the one that was over
 * first makes room. */
void alert_counts_add(struct alert_counts *counts, const struct finding *finding, const char *vm,
		      bool over);

/* WAY: how it is counted; VCPUS that are watched now; LOST events. False: OUT takes no more. */
bool alert_counts_print(FILE *out, const struct alert_counts *counts, const char *way,
			uint64_t vcpus, uint64_t lost);

#endif
