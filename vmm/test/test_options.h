/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart test`. */
#ifndef VHART_TEST_OPTIONS_H
#define VHART_TEST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

#define TEST_REPEAT_MAX 1000000u
#define TEST_JOBS_MAX	512u

/* Strings point into the argument vector. */
struct test_options {
	char **operands; /* files and folders, as given; malloc */
	size_t operand_count;
	char **run_words; /* of vhart run: what stood behind "--" */
	int run_word_count;
	unsigned int jobs; /* 0: as many as there are CPUs */
	unsigned int repeat;
	unsigned int shard, shards; /* 1 to shards */
	bool has_seed;
	uint64_t seed;
	double timeout;			       /* seconds for a test */
	const char *junit, *keep, *quarantine; /* paths or NULL */
	bool fail_fast, list, strict, verbose;
	bool help; /* --help was answered */
};

extern const struct option_table test_options;

/*
 * Fills OPTIONS from ARGV. 0, or STATUS_USAGE after one error() line; the words of vhart run are
 * checked too. test_options_free() in both cases.
 */
int test_options_parse(int argc, char **argv, struct test_options *options);
void test_options_free(struct test_options *options);

#endif
