/* SPDX-License-Identifier: Apache-2.0 */
/* What code at an address of a sample is called: of the guest's kernel, its modules or a process.
 */
#ifndef VHART_REPORT_PLACE_H
#define VHART_REPORT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/record/report.h"

/*
 * Fills the name and the address of FRAME, which has its kind: OUT is the name. RETURNS: ADDRESS is
 * where a call returns to, so that the call is before it. TASK is the sample's.
 */
void report_place_name(const struct report *report, uint64_t address, bool returns,
		       const struct recording_task *task, struct profile_frame *frame,
		       char out[PROFILE_NAME]);

#endif
