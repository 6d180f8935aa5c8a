/* SPDX-License-Identifier: Apache-2.0 */
/* A test that runs: a process of its own, in a group of its own, and what it says. */
#ifndef VHART_TEST_CHILD_H
#define VHART_TEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/test/claims.h"
#include "vmm/test/ending.h"
#include "vmm/test/keep.h"
#include "vmm/test/suite.h"

/* What came out of a test. */
struct child {
	pid_t pid;				/* 0: it does not run */
	int process, console, messages, result; /* descriptors, -1: none */
	uint64_t started_ns, deadline_ns;	/* CLOCK_MONOTONIC */
	bool asked, killed;			/* it got SIGTERM, SIGKILL */
	bool gives_result;			/* vhart run */
	int status;				/* of waitpid() */
	struct claims claims;
	struct keep said, told; /* console; standard error */
};

/*
 * Starts PROGRAM (NULL: this one) for TEST, with nothing to read. CHILD is all new. False after
 * error(): there is no process, no memory, no descriptor.
 */
bool child_start(struct child *child, const char *program, const struct test_options *options,
		 const struct test *test);

/* Reads what is there of console and messages, a bounded piece of each. */
void child_read(struct child *child);

/* At the deadline: asks it to end, then kills it. */
void child_is_late(struct child *child);
/* Asks it to end. */
void child_ask(struct child *child);
/* Ends all of its group at once. */
void child_kill(struct child *child);

/* It has ended (its process descriptor is readable): takes the rest of what it said, ends what is
 * left of its group, and finds how it ended. */
void child_finish(struct child *child, const struct test *test, struct ending_account *account);

/* The words of TEST's process, ended by NULL; RESULT is the descriptor of its result file. */
bool child_words(const struct test_options *options, const struct test *test, int result,
		 struct run_words *words);

#endif
