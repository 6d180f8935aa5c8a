/* SPDX-License-Identifier: Apache-2.0 */
/* From the collector's rings into a recording: samples with names and call chains. */
#ifndef VHART_RECORDER_H
#define VHART_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/record/record_findings.h"
#include "trace/record/record_vms.h"
#include "trace/record/recording.h"
#include "trace/sources/collector.h"

struct recorder;

struct recorder_options {
	struct collector *collector;	  /* with stacks where header.chains says so */
	struct record_vms *vms;		  /* the caller's, which have begun */
	struct record_findings *findings; /* the caller's, who looks first and last */
	struct recording_header header;
	bool sums; /* equal samples are added up, and written at the end */
	FILE *out;
};

/* Writes the header. NULL with errno. */
struct recorder *recorder_new(const struct recorder_options *options);
void recorder_free(struct recorder *recorder);

/* All that the rings have now. False with errno: the file takes no more, or no memory. */
bool recorder_drain(struct recorder *recorder);

/* What there is to say at the end. False as above. */
bool recorder_finish(struct recorder *recorder);

/*
 * Finishes this file, and begins the next one in OUT, which is empty: a recording of its own, from
 * START (as header.start) and REALTIME on. False as above.
 */
bool recorder_go_on(struct recorder *recorder, FILE *out, uint64_t start, uint64_t realtime);

struct recorder_counts {
	uint64_t samples, overflows, lost;
	uint64_t
		alone; /* of the samples: of the kernel, and no stack was found for their callers */
};
/* Of all files. */
struct recorder_counts recorder_counts(const struct recorder *recorder);

#endif
