/* SPDX-License-Identifier: Apache-2.0 */
/* While VMs are recorded: what is odd of it, by the rules of `vhart stat --findings`, in words for
 * the recording. One thread. */
#ifndef VHART_RECORD_FINDINGS_H
#define VHART_RECORD_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"
#include "trace/findings/engine.h"
#include "trace/record/record_vms.h"
#include "trace/record/recording.h"
#include "trace/sources/collector.h"

/* All but FINDINGS, SAMPLE and DUE is set by the caller, whose it is. */
struct record_findings {
	const struct collector *collector;
	const struct record_vms *vms;
	struct findings *findings;
	struct stat_sample sample;
	uint64_t due; /* clock_now() */
};

/* The first look, before the VM runs or at once. False: no memory. */
bool record_findings_begin(struct record_findings *record);
void record_findings_free(struct record_findings *record); /* all 0 is fine */

/* To be called now and then: looks when a second has gone by. False: no memory. */
bool record_findings_look(struct record_findings *record);
/* The last look. False: no memory. */
bool record_findings_end(struct record_findings *record);

typedef void record_finding_told(void *opaque, const struct recording_finding *finding);
/* Those that were so later than SINCE (clock_now()), in the order of `vhart stat --findings`.
 * False: no memory. */
bool record_findings_tell(struct record_findings *record, uint64_t since, record_finding_told *told,
			  void *opaque);

#endif
