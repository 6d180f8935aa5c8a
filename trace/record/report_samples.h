/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of a recording, with their names. Pure. */
#ifndef VHART_REPORT_SAMPLES_H
#define VHART_REPORT_SAMPLES_H

#include "trace/record/report.h"

/* Reads the recording again: samples into the profile and the series, with the names that the VMs'
 * symbols have by now. False with MESSAGE. */
bool report_read_samples(struct report *report, char message[REPORT_MESSAGE_MAX]);

#endif
