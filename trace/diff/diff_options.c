/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/diff/diff_options.h"

#include "base/log.h"

static const struct option_choice rows[] = {
	{"reason", DIFF_BY_REASON},
	{"vcpu", DIFF_BY_VCPU},
	{NULL, 0},
};

static const struct option_choice units[] = {
	{"run", DIFF_PER_RUN},
	{"second", DIFF_PER_SECOND},
	{NULL, 0},
};

static const struct option_choice holds[] = {
	{"count", DIFF_HOLD_COUNT},
	{"time", DIFF_HOLD_TIME},
	{"all", DIFF_HOLD_COUNT | DIFF_HOLD_TIME},
	{NULL, 0},
};

static const struct option_spec specs[] = {
	{"--threshold", "PERCENT", "a change of at most so much is none (10)",
	 OPTION_NUMBER(struct diff_options, rules.threshold, 0, 1000000)},
	{"--noise", "N",
	 "nor is one of at most N times what runs differ by themselves (3);\n"
	 "0: any is one",
	 OPTION_NUMBER(struct diff_options, rules.noise, 0, 1000)},
	{"--hold", "WHAT",
	 "of what more is a regression, and exit status 1: count (the default),\n"
	 "time: that of each exit, all: both",
	 OPTION_CHOICE(struct diff_options, rules.hold, holds)},
	{"--per", "UNIT", "counts of a run (the default), or of a second of it",
	 OPTION_CHOICE(struct diff_options, rules.per, units)},
	{"--by", "WHAT", "reason (the default), or vcpu: each apart",
	 OPTION_CHOICE(struct diff_options, rules.by, rows)},
	{"--limit", "N", "the first N rows only, and the total",
	 OPTION_NUMBER(struct diff_options, rules.limit, 1, UINT64_MAX)},
	{"--flamegraph", "FILE",
	 "of recordings, also write what changed as a flame graph: SVG; red is\n"
	 "more, blue fewer",
	 OPTION_TEXT(struct diff_options, flamegraph)},
	{"--json", NULL, "JSON: an object a line, times in ns",
	 OPTION_FLAG(struct diff_options, json)},
};

static const char *add(struct diff_options *options, size_t side, const char *file)
{
	if (!*file)
		return "expected a file of 'vhart stat --save', or a recording";
	if (options->counts[side] == DIFF_FILES)
		return "it is the 65th of its side: 64 can be compared";
	options->files[side][options->counts[side]++] = file;
	return NULL;
}

static const char *take_file(char *value, void *target)
{
	return add(target, 0, value);
}

static const char *take_rest(char **words, int count, void *target)
{
	struct diff_options *options = target;
	const char *wrong = NULL;

	options->apart = true;
	for (int i = 0; i < count && !wrong; i++)
		wrong = add(options, 1, words[i]);
	return wrong;
}

const struct option_table diff_options = {
	.command = "diff",
	.usage = "[options] BEFORE AFTER | BEFORE... -- AFTER...",
	.summary =
		"Says what changed between runs that 'vhart stat --save' saved: which exits\n"
		"became more, fewer, slower, are new or gone, and where --by mmio, csr or pc was\n"
		"given with it, at which register, CSR or function; or between recordings of\n"
		"'vhart record': which functions. Of several runs a side it knows how much they\n"
		"differ by themselves. Exit status 1: something regressed.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.operand = take_file,
	.rest = take_rest,
};

bool diff_options_agree(struct diff_options *options)
{
	if (!options->apart && options->counts[0] == 2) {
		options->files[1][options->counts[1]++] = options->files[0][--options->counts[0]];
		return true;
	}
	if (!options->apart)
		error("expected two files of 'vhart stat --save' or two recordings, or several of "
		      "each side with -- between the sides: vhart diff a1 a2 a3 -- b1 b2 b3");
	else if (!options->counts[0] || !options->counts[1])
		error("no file %s --: name at least one of each side",
		      options->counts[0] ? "behind" : "in front of");
	else
		return true;
	return false;
}
