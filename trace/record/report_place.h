/* SPDX-License-Identifier: Apache-2.0 */
/* What code at an address of a sample is called: of the guest's kernel, its modules or a process.
 */
#ifndef VHART_REPORT_PLACE_H
#define VHART_REPORT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/export/profile.h"
#include "trace/guest/symbols.h"
#include "trace/record/recording.h"
#include "trace/record/report_maps.h"
#include "trace/record/report_modules.h"
#include "trace/record/user_symbols.h"

/* Where names come from. */
struct report_places {
	const struct symbols *symbols; /* of the guest's kernel */
	const struct report_modules *modules;
	const struct report_maps *maps;
	struct user_symbols *users; /* NULL: there are none */
	bool by_pc;		    /* functions are told apart by address too */
};

/*
 * Fills the name and the address of FRAME, which has its kind: OUT is the name. RETURNS: ADDRESS is
 * where a call returns to, so that the call is before it. TASK is the sample's.
 */
void report_place_name(const struct report_places *places, uint64_t address, bool returns,
		       const struct recording_task *task, struct profile_frame *frame,
		       char out[PROFILE_NAME]);

#endif
