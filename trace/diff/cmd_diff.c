/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart diff`: what changed between runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/diff/diff_flames.h"
#include "trace/diff/diff_options.h"
#include "trace/diff/diff_table.h"
#include "trace/stat/replaced_file.h"

/* ---- what is compared ---- */

/* False after error(). */
static bool read_side(const struct diff_options *options, int side, struct diff_run *runs)
{
	for (size_t i = 0; i < options->counts[side]; i++)
		if (!diff_run_read(options->files[side][i], &runs[i]))
			return false;
	return true;
}

static const char *const kinds[] = {[DIFF_COUNTS] = "a file of 'vhart stat --save'",
				    [DIFF_EXITS] = "a recording of exits",
				    [DIFF_SAMPLES] = "a recording of samples"};

/* All are of one kind, and that one that can be shown as asked. False after error(). */
static bool can_be_compared(const struct diff_options *options, const struct diff_side sides[2])
{
	const enum diff_kind kind = sides[0].runs[0].kind;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sides[side].count; i++) {
			if (sides[side].runs[i].kind == kind)
				continue;
			error("%s is %s, and %s is %s: compare files of one kind",
			      options->files[0][0], kinds[kind], options->files[side][i],
			      kinds[sides[side].runs[i].kind]);
			return false;
		}
	if (options->flamegraph && kind == DIFF_COUNTS)
		error("--flamegraph: counts have no stacks: compare recordings of 'vhart record "
		      "-g'");
	return !options->flamegraph || kind != DIFF_COUNTS;
}

/* ---- what is unlike ---- */

/* The first file that differs from the first of all, in what both have; none may. */
static void say_unlike(const struct diff_options *options, const struct diff_side sides[2],
		       size_t fact)
{
	const struct diff_fact *expected = &sides[0].runs[0].facts[fact];

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sides[side].count; i++) {
			const struct diff_fact *other = &sides[side].runs[i].facts[fact];

			if (!strcmp(expected->text, other->text))
				continue;
			note("unlike: %s: %s in %s, %s in %s", expected->what, expected->text,
			     options->files[0][0], other->text, options->files[side][i]);
			return;
		}
}

/* Keys of which some runs have none, or others. */
static void say_no_keys(const struct diff_side sides[2])
{
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sides[side].count; i++) {
			if (!sides[side].runs[i].counts.facts.keys[0])
				continue;
			note("registers, CSRs and functions are not compared: save all runs with "
			     "the same --by");
			return;
		}
}

/* ---- the command ---- */

struct flames_of {
	const struct diff_options *options;
	const struct diff_side *sides;
};

static int print_flames(void *opaque, FILE *to)
{
	const struct flames_of *flames = opaque;

	return diff_flames(&flames->options->rules, flames->sides, to);
}

/* An exit status. */
static int compare(const struct diff_options *options, const struct diff_side sides[2])
{
	struct flames_of flames = {options, sides};
	const bool has_keys = diff_has_keys(sides);
	struct diff all, keys = {.of = DIFF_OF_KEYS};
	int status = STATUS_USAGE;

	for (size_t i = 0; i < DIFF_FACTS && sides[0].runs[0].facts[i].what; i++)
		say_unlike(options, sides, i);
	if (!has_keys)
		say_no_keys(sides);
	if (options->flamegraph &&
	    !replaced_file_print("--flamegraph", options->flamegraph, print_flames, &flames))
		return status;
	if (!diff_compare(&all, &options->rules, sides, DIFF_OF_ALL) ||
	    (has_keys && !diff_compare(&keys, &options->rules, sides, DIFF_OF_KEYS)))
		error("no memory");
	else if (!diff_print(stdout, &all, has_keys ? &keys : NULL, &options->rules, sides,
			     options->json))
		error("writing what changed: %s", strerror(errno));
	else
		status = all.regressed || keys.regressed ? STATUS_REGRESSED : STATUS_OK;
	diff_free(&all);
	diff_free(&keys);
	return status;
}

int command_diff(int argc, char **argv)
{
	struct diff_options options = {
		.rules = {.threshold = 10, .noise = 3, .hold = DIFF_HOLD_COUNT},
	};
	struct diff_run *runs;
	bool help;
	int status = options_read(&diff_options, argc, argv, &options, &help);

	if (status || help)
		return status;
	if (!diff_options_agree(&options))
		return STATUS_USAGE;
	runs = calloc(options.counts[0] + options.counts[1], sizeof(*runs));
	if (!runs) {
		error("no memory");
		return STATUS_USAGE;
	}
	const struct diff_side sides[2] = {
		{runs, options.counts[0]},
		{runs + options.counts[0], options.counts[1]},
	};
	status = read_side(&options, 0, runs) && read_side(&options, 1, runs + options.counts[0]) &&
				 can_be_compared(&options, sides)
			 ? compare(&options, sides)
			 : STATUS_USAGE;
	for (size_t i = 0; i < options.counts[0] + options.counts[1]; i++)
		diff_run_free(&runs[i]);
	free(runs);
	return status;
}
