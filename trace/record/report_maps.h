/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says of the code that the guest's processes have mapped. Pure. */
#ifndef VHART_REPORT_MAPS_H
#define VHART_REPORT_MAPS_H

#include "trace/export/intern.h"
#include "trace/record/recording.h"

struct report_mapping {
	uint64_t start, end, offset;
	uint32_t space, file; /* a number in files */
};

/* All zero is an empty one. */
struct report_maps {
	struct budget budget;
	struct report_mapping *table;
	size_t count, room;
	struct intern files; /* their paths */
};

/* What there is no room for is left out. */
void report_maps_add(struct report_maps *maps, const struct recording_mapping *mapping);
/* To be called when all are there, before the first report_maps_find(). */
void report_maps_finish(struct report_maps *maps);
void report_maps_free(struct report_maps *maps);

/* What SPACE has at ADDRESS: the path of a file, or "", and in *OFFSET where in it. NULL: it is not
 * known. */
const char *report_maps_find(const struct report_maps *maps, uint32_t space, uint64_t address,
			     uint64_t *offset);

#endif
