/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart diff`: what changed between runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/diff/diff_options.h"
#include "trace/diff/diff_table.h"
#include "trace/stat/stat_file.h"

/* ---- what is compared ---- */

static bool read_file(const char *path, struct stat_file *file)
{
	FILE *in = fopen(path, "re");
	char why[STAT_FILE_WHY];
	bool good;

	if (!in) {
		error("%s: %s", path, strerror(errno));
		return false;
	}
	good = stat_file_read(in, file, why);
	fclose(in);
	if (!good)
		error("%s: %s", path, why);
	else if (file->facts.lost)
		note("%s: %" PRIu64 " events were lost: its counts are too small", path,
		     file->facts.lost);
	return good;
}

/* False after error(). */
static bool read_side(const struct diff_options *options, int side, struct stat_file *files)
{
	for (size_t i = 0; i < options->counts[side]; i++)
		if (!read_file(options->files[side][i], &files[i]))
			return false;
	return true;
}

/* ---- what is unlike ---- */

static const char *guest(const struct stat_facts *facts, char number[24])
{
	(void)number;
	return facts->guest[0] ? facts->guest : "one whose kernel is not known";
}

static const char *vcpus(const struct stat_facts *facts, char number[24])
{
	snprintf(number, 24, "%" PRIu64, facts->vcpus);
	return number;
}

static const char *kernel(const struct stat_facts *facts, char number[24])
{
	(void)number;
	return facts->kernel;
}

static const char *way(const struct stat_facts *facts, char number[24])
{
	(void)number;
	return facts->way;
}

static const char *vhart(const struct stat_facts *facts, char number[24])
{
	(void)number;
	return facts->vhart;
}

static const struct {
	const char *what;
	const char *(*text)(const struct stat_facts *facts, char number[24]);
} alike[] = {
	{"the guest", guest},	     {"the number of vCPUs", vcpus},  {"the host's kernel", kernel},
	{"how it was counted", way}, {"the version of vhart", vhart},
};

/* The first file that differs from the first of all; -1: none does. */
static void say_unlike(const struct diff_options *options, const struct diff_side sides[2],
		       size_t fact)
{
	char first[24], other[24];
	const char *expected = alike[fact].text(&sides[0].files[0].facts, first);

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < sides[side].count; i++) {
			const char *text = alike[fact].text(&sides[side].files[i].facts, other);

			if (!strcmp(expected, text))
				continue;
			note("unlike: %s: %s in %s, %s in %s", alike[fact].what, expected,
			     options->files[0][0], text, options->files[side][i]);
			return;
		}
}

/* ---- the command ---- */

/* An exit status. */
static int compare(const struct diff_options *options, const struct diff_side sides[2])
{
	struct diff diff;
	int status = STATUS_USAGE;

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		say_unlike(options, sides, i);
	if (!diff_compare(&diff, &options->rules, sides))
		error("no memory");
	else if (!diff_print(stdout, &diff, &options->rules, sides, options->json))
		error("writing what changed: %s", strerror(errno));
	else
		status = diff.regressed ? STATUS_REGRESSED : STATUS_OK;
	diff_free(&diff);
	return status;
}

int command_diff(int argc, char **argv)
{
	struct diff_options options = {
		.rules = {.threshold = 10, .noise = 3, .hold = DIFF_HOLD_COUNT},
	};
	struct stat_file *files;
	bool help;
	int status = options_read(&diff_options, argc, argv, &options, &help);

	if (status || help)
		return status;
	if (!diff_options_agree(&options))
		return STATUS_USAGE;
	files = calloc(options.counts[0] + options.counts[1], sizeof(*files));
	if (!files) {
		error("no memory");
		return STATUS_USAGE;
	}
	const struct diff_side sides[2] = {
		{files, options.counts[0]},
		{files + options.counts[0], options.counts[1]},
	};
	status = read_side(&options, 0, files) && read_side(&options, 1, files + options.counts[0])
			 ? compare(&options, sides)
			 : STATUS_USAGE;
	for (size_t i = 0; i < options.counts[0] + options.counts[1]; i++)
		stat_file_free(&files[i]);
	free(files);
	return status;
}
