/* SPDX-License-Identifier: Apache-2.0 */
/* A recording (recording.h) made into a profile (profile.h) with names. Pure but for the file it
 * reads. */
#ifndef VHART_REPORT_H
#define VHART_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trace/export/profile.h"
#include "trace/page/page_series.h"
#include "trace/record/recording_packed.h"
#include "trace/record/report_findings.h"
#include "trace/record/report_maps.h"
#include "trace/record/report_vms.h"
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
	bool whole;	    /* the recording has its end */
	bool several;	    /* VMs, by which rows are told apart then */
	bool no_memory;	    /* for all its VMs */
	struct report_vms vms;
	struct report_maps maps;
	struct report_findings findings;
	struct user_symbols *users; /* the caller's; NULL: there are none */
	struct profile *profile;    /* the caller's */
	struct page_series *series; /* the caller's; NULL: nothing of time is wanted */
	/* Of several VMs: whose lanes those of the series are. */
	struct {
		uint64_t vm, vcpu;
	} lanes[PAGE_VCPUS];
	uint32_t lanes_count;
};

#define REPORT_MESSAGE_MAX 200

/* Reads IN once, all but the samples; the VMs have the symbols of the recording. False with
 * MESSAGE.
 */
bool report_read_frame(struct report *report, char message[REPORT_MESSAGE_MAX]);

/* Reads it again: TAKE is called for each line and sample behind the header, which is report->line.
 * False with MESSAGE. */
bool report_read(struct report *report, void (*take)(struct report *report),
		 char message[REPORT_MESSAGE_MAX]);

/* Of its memory, what is not the caller's. */
void report_free(struct report *report);

/* Samples that are missing, when they have been read. */
uint64_t report_lost(const struct report *report);
/* From its start until its last sample or its end, in ns; 0: not known. */
uint64_t report_duration(const struct report *report);

#endif
