/* SPDX-License-Identifier: Apache-2.0 */
/* Who called what was sampled in the guest's kernel: by its frame pointers, in the stack that came
 * beside the record. */
#ifndef VHART_RECORD_CHAIN_H
#define VHART_RECORD_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/record/recording.h"
#include "trace/sources/collector.h"

struct record_chain {
	const struct collector *collector;
	uint32_t index;				 /* of the sample's vCPU in it */
	uint64_t exception_start, exception_end; /* unwind.h */
	const struct exit_stack *stack;		 /* while it looks: of the sample, and its pc */
	uint64_t near;
};

/* Fills the callers of SAMPLE, which has its pc. False: there is no STACK (NULL). */
bool record_chain_find(struct record_chain *chain, const struct exit_stack *stack,
		       struct recording_sample *sample);

#endif
