/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a test: from how its machine ended, and what its console said. Pure.
 *
 * The end comes first. One that says that the guest failed (a panic, a status, a reset, the time
 * limit) makes the test fail whatever the console said, but for kvm-unit-tests that skipped all,
 * which end with "system failure"; one that says that it was never run makes it "not run". Of a
 * machine that powered off in order, the console decides; where that says nothing, a status of 0 is
 * a pass, and so is a power-off without a word, unless the caller is strict. Both tables are in
 * verdict.c.
 */
#ifndef VHART_VERDICT_H
#define VHART_VERDICT_H

#include <stdbool.h>

#include "vmm/test/claims.h"

enum ending {
	ENDING_POWEROFF,  /* without a status: SRST shutdown with reason 0 */
	ENDING_PASS,	  /* status 0: by the finisher, SRST, HTIF, or that of a script */
	ENDING_STATUS,	  /* another one */
	ENDING_NO_STATUS, /* a Linux script's guest powered off without one */
	ENDING_RESET,
	ENDING_FAILURE, /* SRST "system failure"; with it kvm-unit-tests ends when all was skipped
			 */
	ENDING_PANIC,	/* pvpanic, the finisher without a status, Linux's, an endless trap */
	ENDING_TIMEOUT,
	ENDING_VCPU,
	ENDING_QUIT,  /* somebody else ended the machine */
	ENDING_HUNG,  /* vhart did not end by itself at the time limit */
	ENDING_CRASH, /* nor with a result */
	ENDING_INPUT, /* the file is none that can be booted, or its options are wrong */
	ENDING_HOST,  /* the host cannot run it */
	ENDING_COUNT,
};

enum verdict { VERDICT_PASSED, VERDICT_SKIPPED, VERDICT_FAILED, VERDICT_NOT_RUN };

/* STRICT: a guest that powers off without a word has failed. */
enum verdict verdict_of(enum ending ending, enum claims_says says, bool strict);

/* "timed out", "powered off"; for a line that explains the verdict. */
const char *ending_words(enum ending ending);

#endif
