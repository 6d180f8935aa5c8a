/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest says about its tests on its console: TAP (versions 12 to 14, and the kernel's KTAP)
 * or the lines of kvm-unit-tests. Pure; takes any bytes, in any pieces, in bounded memory.
 *
 * A console has other text as well, and that is passed over: boot messages, a shell's. It is TAP
 * from a line "TAP version N", a plan "1..N" or a test line with a number on, and kvm-unit-tests'
 * from "PASS: x", "FAIL: x" and the like on. A time stamp of the kernel's log in front
 * ("[    0.1234] ok 1") is not looked at. Of a line the first CLAIMS_LINE_MAX bytes are read.
 */
#ifndef VHART_CLAIMS_H
#define VHART_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLAIMS_LINE_MAX 256u
#define CLAIMS_KEPT	10u /* lines about failures */
#define CLAIMS_WHY_MAX	320u

enum claims_says {
	CLAIMS_NOTHING, /* no word of tests */
	CLAIMS_PASSED,	/* all tests passed, and all were run */
	CLAIMS_SKIPPED, /* all of them were skipped */
	CLAIMS_FAILED,	/* one failed, or is missing, or the numbers make no sense */
	/* Lines of kvm-unit-tests' kind without their SUMMARY or EXIT: the guest ended before its
	 * tests did, or it is a script that uses such words. */
	CLAIMS_UNFINISHED,
};

/* One run of a TAP producer. */
struct tap_run {
	bool seen; /* any line of it */
	bool has_plan, bailed;
	uint64_t planned;
	uint64_t count, last; /* test lines; the number of the last one */
	uint64_t failed, skipped;
	const char *fault; /* the first rule that it broke, or NULL */
};

struct claims {
	/* The line that comes in. */
	char line[CLAIMS_LINE_MAX];
	size_t filled;

	struct tap_run tap;
	/* All runs; what is wrong with those before the last one is in FAULT. */
	uint64_t count, failed, skipped, todo;
	uint64_t unexpected; /* passed, and marked as TODO or XFAIL */
	const char *fault;
	bool bailed;

	/* kvm-unit-tests */
	bool unit, summary, exited;
	uint64_t exit_status; /* of the last EXIT line */
	uint64_t summary_failures;

	char skipped_line[CLAIMS_LINE_MAX]; /* the first that says that something is skipped */
	unsigned int kept_count;	    /* may be more than there is room for */
	char kept[CLAIMS_KEPT][CLAIMS_LINE_MAX];
};

/* REPORT is all zero before the first. */
void claims_read(struct claims *claims, const void *bytes, size_t len);
/* There is no more: a last line without its end counts, and what is missing is known. */
void claims_end(struct claims *claims);

/* After claims_end(). WHY gets words: "1 of 12 failed", "3 tests of 12 are missing"; of what was
 * skipped the first reason. */
enum claims_says claims_says(const struct claims *claims, char why[CLAIMS_WHY_MAX]);

/* For the two readers: a complete LINE, ended by a zero, without its end. True: it was theirs. */
bool claims_tap_line(struct claims *claims, const char *line);
bool claims_unit_line(struct claims *claims, const char *line);
/* Closes the run of TAP that there is. */
void claims_tap_end(struct claims *claims);
/* Keeps LINE to show it: it is about a failure. */
void claims_keep(struct claims *claims, const char *line);
/* The same of one about what is skipped. */
void claims_keep_skipped(struct claims *claims, const char *line);
/* A decimal number at *TEXT, which moves behind it; above 10^15 it stays there. False: no digit. */
bool claims_number(const char **text, uint64_t *number);

#endif
