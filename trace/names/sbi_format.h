/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls as text, in the manner of strace: "time.set_timer(0x1f3a9c00 [+4.000ms])" and "= 0".
 *
 * Pure. What a guest passes is not trusted: every register may hold anything, and what comes out is
 * printable ASCII. Functions that fill OUT do as snprintf(): at most SIZE bytes, terminated unless
 * SIZE is 0; they return the length that the whole text has.
 */
#ifndef VHART_SBI_FORMAT_H
#define VHART_SBI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/sbi_rows.h"
#include "trace/names/sbi_names.h"

struct sbi_traced_call {
	uint64_t eid, fid; /* a7, a6 */
	uint64_t args[SBI_ARGUMENTS_MAX];
	/* The guest's time CSR at the call, and its ticks in a second; TIMEBASE 0: not known. */
	uint64_t now, timebase;
	/* Of the buffer of a DBCN call, as far as the caller wants it shown; NULL: nothing. */
	const uint8_t *bytes;
	size_t length;
	bool cut; /* the buffer has more */
};

struct sbi_traced_result {
	bool known;	/* false: it has not returned, or nobody saw it */
	int64_t error;	/* a0; of legacy functions, all that there is */
	uint64_t value; /* a1 */
};

/* "pmu.counter_start", "legacy.set_timer", "pmu.9", "0x09000000.3". */
size_t sbi_format_name(char *out, size_t size, uint64_t eid, uint64_t fid);

/* The name, and the arguments in brackets. */
size_t sbi_format_call(char *out, size_t size, const struct sbi_traced_call *call);

/* What CALL returned: "= 0", "= 0, 12", "= -2 NOT_SUPPORTED", "= ?". */
size_t sbi_format_result(char *out, size_t size, const struct sbi_traced_call *call,
			 const struct sbi_traced_result *result);

/* ---- piece by piece, for other formats; names are in sbi_names.h ---- */

#define SBI_TEXT_MAX 128 /* longer than every text of one register */

struct sbi_argument {
	const char *name;
	uint64_t value;
	char text[SBI_TEXT_MAX];
};

/* Argument INDEX, from 0 on; false: there are no more. Unknown functions have a0 to a5. */
bool sbi_argument(const struct sbi_traced_call *call, unsigned int index,
		  struct sbi_argument *argument);

/* Whether a1 of that result means something. */
bool sbi_has_value(const struct sbi_traced_call *call, const struct sbi_traced_result *result);

#endif
