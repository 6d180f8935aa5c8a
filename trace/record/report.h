/* SPDX-License-Identifier: Apache-2.0 */
/* A recording (recording.h) made into a profile (profile.h) with names. Pure but for the file it
 * reads. */
#ifndef VHART_REPORT_H
#define VHART_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/export/profile.h"
#include "trace/guest/symbols.h"
#include "trace/page/page_series.h"
#include "trace/record/recording_packed.h"
#include "trace/record/report_findings.h"
#include "trace/record/report_maps.h"
#include "trace/record/report_modules.h"
#include "trace/record/user_symbols.h"

struct report {
	FILE *in;
	bool by_pc;	 /* functions are told apart by address too: "function+0x1c" */
	bool by_process; /* stacks are told apart by the guest's process too, not by its name only
			  */
	/* Where the file is, for whoever says what is wrong with it. */
	uint64_t number; /* of the line, or where some came before it, of the packed record */
	bool packed;	 /* some came */
	struct recording_line line;
	struct recording_unpacker *unpacker; /* while it is read */

	struct recording_header header;
	bool exits;	    /* its event: what counts is what they took the host */
	uint64_t lost;	    /* records that are missing */
	uint64_t until;	    /* CLOCK_MONOTONIC of the last sample or of its end; 0: not known */
	uint64_t overflows; /* of the event, also those while the host ran; 0: not known */
	uint64_t stvec;	    /* of the guest; 0: not known */
	uint64_t strange;   /* samples whose task is not known */
	char why[sizeof(((struct recording_tasks *)0)->why)]; /* that is; "": not said */
	bool whole;					      /* the recording has its end */
	struct symbols symbols;
	struct report_maps maps;
	struct report_findings findings;
	struct report_modules modules;
	struct user_symbols *users; /* the caller's; NULL: there are none */
	struct profile *profile;    /* the caller's */
	struct page_series *series; /* the caller's; NULL: nothing of time is wanted */
};

#define REPORT_MESSAGE_MAX 200

/* Reads IN once, all but the samples; SYMBOLS are those in the recording. False with MESSAGE. */
bool report_read_frame(struct report *report, char message[REPORT_MESSAGE_MAX]);

/* Reads it again: samples into the profile, with the names that report->symbols has by now. */
bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX]);

/* Samples that are missing, when they have been read. */
uint64_t report_lost(const struct report *report);
/* From its start until its last sample or its end, in ns; 0: not known. */
uint64_t report_duration(const struct report *report);

/* What it read, and nothing that is the caller's. */
void report_free(struct report *report);

#endif
