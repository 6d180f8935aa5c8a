/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording is, in words. Pure. */
#ifndef VHART_REPORT_WORDS_H
#define VHART_REPORT_WORDS_H

#include "trace/record/report.h"

#define REPORT_SUBTITLE 200
#define REPORT_TITLE	(REPORT_VM_NAME + 32)

/* Whose it is: the VM's name, or "3 VMs", in OUT, which is returned. A name is as the file has it.
 */
const char *report_title(const struct report *report, char out[REPORT_TITLE]);

/*
 * "1922 samples of cycles, 997 a second, in 4.10s, 0 lost": below a picture's title. For a report
 * whose samples have been read. The event's name is as the file has it: for printable(). Returns
 * OUT.
 */
const char *report_subtitle(const struct report *report, char out[REPORT_SUBTITLE]);

#endif
