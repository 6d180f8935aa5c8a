/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of perf_event_open(2) rings, read as events of vCPUs. Where a tracepoint has its fields
 * is in tracefs, and is read from there. Pure.
 */
#ifndef VHART_PERF_RECORDS_H
#define VHART_PERF_RECORDS_H

#include <linux/perf_event.h>

#include "trace/sources/perf_fold.h"

/* What each record says of itself; all of one ring must have been opened with just this. */
#define PERF_RECORDS_SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)
#define PERF_RECORDS_LARGEST	 256u

struct tracepoint_field {
	uint32_t offset, size;
};

/* KVM's tracepoints, in this order. */
#define PERF_TRACEPOINTS 4u
extern const char *const perf_tracepoints[PERF_TRACEPOINTS];

struct perf_formats {
	uint32_t ids[PERF_TRACEPOINTS];
	struct tracepoint_field sepc, scause, stval, htval, htinst; /* of kvm_exit */
	struct tracepoint_field reason, error;			    /* of kvm_userspace_exit */
	struct tracepoint_field ns;				    /* of kvm_vcpu_wakeup */
};

/* TEXTS: the tracepoints' `format` files. NULL, or what none of them says. */
const char *perf_formats_read(struct perf_formats *formats,
			      const char *const texts[PERF_TRACEPOINTS]);

/*
 * EVENT is what RECORD says; its cpu and order are the caller's. VCPU_EVENT_MENDED: some before it
 * are missing.
 */
void perf_record_read(const struct perf_formats *formats, const struct perf_event_header *record,
		      struct vcpu_event *event);

#endif
