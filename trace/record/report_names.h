/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the addresses of a recording. */
#ifndef VHART_REPORT_NAMES_H
#define VHART_REPORT_NAMES_H

#include "trace/guest/guest_names.h"
#include "trace/record/report.h"

/* Between report_read_frame() and report_read_samples(). The recording has the names that it needs,
 * unless its writer had none, or OPTIONS want others. False after error(). */
bool report_names(struct report *report, const struct guest_names_options *options);

#endif
