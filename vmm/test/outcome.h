/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a test when it is over, and what the output says of it. */
#ifndef VHART_OUTCOME_H
#define VHART_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/test/suite.h"
#include "vmm/test/verdict.h"

struct outcome {
	bool done;
	enum verdict verdict;
	char why[1024]; /* printable: "timed out; 1 of 3 tests failed" */
	double seconds;
	char *notes; /* printable lines, each ended: more about a failure; NULL: none; malloc */
};

struct tally {
	unsigned int passed, failed, skipped, not_run;
	unsigned int known;	 /* failures of the quarantine */
	unsigned int unexpected; /* passed in spite of it */
};

/* Whether it counts as a failure. */
bool outcome_fails(const struct outcome *outcome, const struct test *test);
void outcome_count(const struct outcome *outcome, const struct test *test, struct tally *tally);

/* TAP, version 14. */
void tap_begin(FILE *to, const struct suite *suite, const struct test_options *options);
void tap_test(FILE *to, size_t number, const struct test *test, const struct outcome *outcome,
	      const struct test_options *options);
void tap_bail_out(FILE *to, const char *why);
void tap_end(FILE *to, const struct tally *tally, double seconds);

/* JUnit's XML, as Jenkins and GitLab read it. Of tests that were not done there is nothing. */
void junit_write(FILE *to, const struct suite *suite, const struct outcome *outcomes,
		 double seconds);

#endif
