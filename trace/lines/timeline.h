/* SPDX-License-Identifier: Apache-2.0 */
/* Exits as a Perfetto timeline: pure. */
#ifndef VHART_TIMELINE_H
#define VHART_TIMELINE_H

#include <stdbool.h>

#include "trace/export/export_perfetto.h"
#include "trace/names/exit_record.h"

#define TIMELINE_VCPUS 128u
#define TIMELINE_VMS   128u

/* Exits are counted for so long before their rate is written. */
#define TIMELINE_RATE_NS 10000000u

struct timeline {
	struct perfetto perfetto;
	bool states; /* every exit is seen: what the vCPU does in between is known, too */
	/* What is at a guest physical address: as in trace_format.h. */
	bool (*device)(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size);
	void *opaque;
	/* The timeline's own, 0 at first. */
	struct timeline_vcpu {
		struct perfetto_vcpu track;
		bool known;
		uint64_t rate_from, rate_count;
	} vcpus[TIMELINE_VCPUS];
	uint32_t pids[TIMELINE_VMS];
	uint32_t vm_count;
};

/* EXIT of the vCPU that has INDEX of its own, after all of it that were added before. */
void timeline_add(struct timeline *timeline, uint32_t index, const struct trace_exit *exit);

/* LOST records are missing at the end of it. */
void timeline_lost(struct timeline *timeline, uint32_t index, const struct trace_who *who,
		   uint64_t ns, uint64_t lost);

/* Closes what is open. */
void timeline_end(struct timeline *timeline, uint64_t ns);

/* 0, or the first error of writing. */
int timeline_error(const struct timeline *timeline);

#endif
