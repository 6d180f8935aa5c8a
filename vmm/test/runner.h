/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the tests of a suite, several at a time, each in a process of its own, and prints what
 * becomes of them, in the order of the suite.
 */
#ifndef VHART_RUNNER_H
#define VHART_RUNNER_H

#include "vmm/test/outcome.h"

/* Exit statuses of `vhart test`; the manual page has the same table. */
enum test_status {
	TESTS_PASSED = 0, /* or failed as known, or were skipped; one passed at least */
	TESTS_FAILED = 1, /* one or more */
	TESTS_NONE = 3,	  /* none was run: there is none, or all were skipped */
	/* STATUS_USAGE, STATUS_NOT_RUN (the host could not run one), 128 + a signal's number */
};

/*
 * OUTCOMES has as many places as SUITE has tests, all zero. PROGRAM is what is started in place of
 * this program, for tests of the runner; NULL. The output goes to TO. An exit status.
 */
int runner_run(const struct test_options *options, const struct suite *suite,
	       struct outcome *outcomes, const char *program, FILE *to);

#endif
