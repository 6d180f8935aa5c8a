/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/baseline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "trace/names/exit_names.h"

/* EXIT_ROWS: it has no name that this vhart knows. */
static uint32_t row_of(const struct stat_row *row)
{
	uint32_t i = 0;

	for (; i < EXIT_ROWS; i++) {
		const struct exit_name name = exit_name(i);

		if (!strcmp(name.reason, row->reason) && !strcmp(name.sub, row->sub))
			break;
	}
	return i;
}

static void add_rates(struct baseline *baseline, const struct stat_file *file)
{
	const double seconds = (double)file->facts.wall / 1e9 * (double)file->facts.vcpus;

	*baseline = (struct baseline){{0}};
	for (size_t i = 0; i < file->count; i++) {
		const uint32_t row = row_of(&file->rows[i]);

		if (row < EXIT_ROWS)
			baseline->rates[row] += (double)file->rows[i].times.count / seconds;
	}
}

static void say_unlike(const char *path, const char *what, const char *then, const char *now)
{
	if (strcmp(then, now) != 0)
		note("--baseline %s: unlike: %s: %s then, %s now", path, what, then, now);
}

/* False after error(). */
static bool take(struct baseline *baseline, const char *path, const struct stat_file *file,
		 const struct stat_facts *now)
{
	const struct stat_facts *then = &file->facts;

	if (!then->wall || !then->vcpus) {
		error("--baseline %s: it is of no vCPU, or of no time: save a run that lasts",
		      path);
		return false;
	}
	if (now->guest[0] && then->guest[0])
		say_unlike(path, "the guest", then->guest, now->guest);
	say_unlike(path, "the host's kernel", then->kernel, now->kernel);
	say_unlike(path, "the version of vhart", then->vhart, now->vhart);
	if (then->lost)
		note("--baseline %s: %" PRIu64 " events were lost: its counts are too small", path,
		     then->lost);
	add_rates(baseline, file);
	return true;
}

bool baseline_read(struct baseline *baseline, const char *path, const struct stat_facts *now)
{
	struct stat_file file = {.rows = NULL};
	char why[STAT_FILE_WHY];
	FILE *in = fopen(path, "re");
	bool good;

	if (!in) {
		error("--baseline %s: %s", path, strerror(errno));
		return false;
	}
	good = stat_file_read(in, &file, why);
	fclose(in);
	if (!good)
		error("--baseline %s: %s", path, why);
	good = good && take(baseline, path, &file, now);
	stat_file_free(&file);
	return good;
}
