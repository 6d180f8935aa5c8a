/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a report: the samples of a profile, added up by what is asked for. Pure. */
#ifndef VHART_REPORT_ROWS_H
#define VHART_REPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/record/report.h"

/* What rows are told apart by, and of several VMs by the VM as well; the first two also by the
 * exit, where exits were recorded. */
enum report_by {
	REPORT_BY_SYMBOL,
	REPORT_BY_PC,
	REPORT_BY_VCPU,
	REPORT_BY_EXIT,
	REPORT_BY_COMM,
	REPORT_BY_PROCESS,
	REPORT_BY_VM,
};

/* What a row is told apart by; what it is not has nothing in it. */
struct report_row {
	const char *name, *exit; /* "": none; a NAME of NULL: it is not known */
	const char *vm;		 /* "": there is one */
	enum profile_kind mode;
	int32_t vcpu; /* PROFILE_NO_VCPU: several */
	struct profile_values values;
	struct profile_values children; /* and what was called from there */
};

/* Which rows: what they are of, and by what they are told apart. */
struct report_rows {
	const struct report *report;
	enum report_by by;
	bool exit, children; /* by the exit too; and with what functions called */
	struct report_row *row;
	size_t count;
};

/* ROWS, of which report, by, exit and children say what is wanted, the heaviest first. False: no
 * memory. */
bool report_rows_make(struct report_rows *rows);
void report_rows_free(struct report_rows *rows);

/* Whether anything in REPORT was called. */
bool report_has_callers(const struct report *report);

/* What counts of VALUES: samples, or of exits the host's time. */
uint64_t report_weight(const struct report *report, struct profile_values values);

#endif
