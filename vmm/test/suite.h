/* SPDX-License-Identifier: Apache-2.0 */
/* Which tests there are: from files and folders to a list. */
#ifndef VHART_SUITE_H
#define VHART_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/test/kind.h"
#include "vmm/test/run_words.h"
#include "vmm/test/test_options.h"

struct test {
	char *name; /* as given, or FOLDER/FILE; malloc */
	enum test_kind kind;
	const char *skip;	/* why it is not run at all; NULL: it is */
	char *quarantine;	/* why a failure is known; NULL: it is not; malloc */
	uint64_t seed;		/* with --seed: of this run */
	unsigned int run;	/* 1 to --repeat */
	struct run_words words; /* of its side file NAME.opts */
};

struct suite {
	struct test *tests;
	size_t count;
};

/*
 * The tests that OPTIONS name, in that order. A folder's tests are those of its files that are one,
 * by name; it is not searched further. 0, or an exit status after error(): a file that is no test
 * or cannot be read, a side file that is wrong. suite_free() in both cases.
 */
int suite_find(const struct test_options *options, struct suite *suite);
/* Leaves those of the shard, each as often as it is to run, in the order of the seed. 0, or an exit
 * status after error(). */
int suite_select(const struct test_options *options, struct suite *suite);
void suite_free(struct suite *suite);

/* The part, 1 to PARTS, that a test of this name belongs to: of its last component, so that it
 * stays the same from where ever the test is named, and whatever others there are. */
unsigned int suite_part(const char *name, unsigned int parts);

/* "guest", "shell script"; for --list. */
const char *suite_kind_name(enum test_kind kind);

#endif
