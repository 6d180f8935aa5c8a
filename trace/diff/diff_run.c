/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/diff/diff_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "trace/record/report_names.h"

/* What a recording may make us hold. */
#define PROFILE_LIMIT (128u << 20)

/* ---- facts ---- */

static struct diff_fact *add_fact(struct diff_run *run, const char *what, const char *text)
{
	struct diff_fact *fact = run->facts;

	while (fact->what)
		fact++;
	fact->what = what;
	fact->text = text;
	return fact;
}

static void add_guest(struct diff_run *run, const char *guest)
{
	add_fact(run, "the guest", *guest ? guest : "one whose kernel is not known");
}

static void add_number(struct diff_run *run, const char *what, const char *before, uint64_t number)
{
	struct diff_fact *fact = add_fact(run, what, NULL);

	snprintf(fact->number, sizeof(fact->number), "%s%" PRIu64, before, number);
	fact->text = fact->number;
}

/* ---- counts ---- */

static double sum_squares(const struct exit_times *times)
{
	double sum = 0;

	for (uint32_t i = 0; i < EXIT_BUCKETS; i++)
		if (times->buckets[i]) {
			const double ns =
				((double)exit_bucket_start(i) + (double)exit_bucket_start(i + 1)) /
				2;

			sum += ns * ns * times->buckets[i];
		}
	return sum;
}

/* False: no memory. */
static bool new_items(struct diff_items *items, size_t room)
{
	items->items = calloc(room + 1, sizeof(*items->items));
	return items->items != NULL;
}

static void add_counts(struct diff_items *items, const struct stat_row *row, const char *at)
{
	items->items[items->count++] = (struct diff_item){.reason = row->reason,
							  .sub = row->sub,
							  .at = at,
							  .vcpu = (int64_t)row->vcpu,
							  .count = (double)row->times.count,
							  .ns = (double)row->times.ns,
							  .squares = sum_squares(&row->times)};
}

/* A kernel that has itself where Linux has: at the top of the address space. */
static bool has_high_kernel(const struct stat_file *file)
{
	for (size_t i = 0; i < file->keys_count; i++)
		if (file->keys[i].value >> 63 && file->keys[i].name[0])
			return true;
	return false;
}

/*
 * What is the same in both runs: of a pc its function, which another kernel has elsewhere, and of
 * processes, whose code is somewhere else each time, no more than that. What has no name is its
 * number.
 */
static void name_keys(struct stat_file *file)
{
	const bool functions = !strcmp(file->facts.keys, "pc");
	const bool users = functions && has_high_kernel(file);

	for (size_t i = 0; i < file->keys_count; i++) {
		struct stat_key *key = &file->keys[i];
		char *offset = functions ? strrchr(key->name, '+') : NULL;

		if (offset && offset > key->name)
			*offset = '\0';
		else if (!key->name[0] && users && !(key->value >> 63))
			snprintf(key->name, sizeof(key->name), "[user]");
		else if (!key->name[0])
			snprintf(key->name, sizeof(key->name), "0x%" PRIx64, key->value);
	}
}

bool diff_run_of_counts(struct diff_run *run)
{
	const struct stat_file *file = &run->counts;
	const struct stat_facts *facts = &file->facts;

	run->kind = DIFF_COUNTS;
	run->seconds = (double)facts->wall / 1e9;
	run->lost = facts->lost;
	add_guest(run, facts->guest);
	add_number(run, "the number of vCPUs", "", facts->vcpus);
	add_fact(run, "the host's kernel", facts->kernel);
	add_fact(run, "how it was counted", facts->way);
	add_fact(run, "the version of vhart", facts->vhart);
	add_fact(run, "what exits are told apart by",
		 facts->keys[0] ? facts->keys : "their kind alone");
	if (!new_items(&run->all, file->count) || !new_items(&run->keys, file->keys_count))
		return false;
	for (size_t i = 0; i < file->count; i++)
		add_counts(&run->all, &file->rows[i], "");
	name_keys(&run->counts);
	for (size_t i = 0; i < file->keys_count; i++)
		add_counts(&run->keys, &file->keys[i].row, file->keys[i].name);
	return true;
}

/* ---- recordings ---- */

/* Where the guest was: the leaf, but that of a recording of exits is the exit. */
static const char *function_of(const struct profile *profile, const struct profile_stack *stack)
{
	for (size_t i = 0; i < stack->depth; i++) {
		const struct profile_frame frame = profile_frame(profile, stack->frames[i]);

		if (frame.kind != PROFILE_EXIT)
			return frame.name;
	}
	return "";
}

static void add_facts(struct diff_run *run)
{
	const struct recording_header *header = &run->report->header;

	add_guest(run, header->kernel);
	add_fact(run, "the event", header->event);
	if (header->frequency)
		add_number(run, "how often samples were taken", "a second ", header->frequency);
	else
		add_number(run, "how often samples were taken", "each ", header->period);
	add_fact(run, "how it was watched", header->way);
}

bool diff_run_of_recording(struct diff_run *run)
{
	struct profile *profile = run->report->profile;
	size_t stacks;

	run->kind = run->report->exits ? DIFF_EXITS : DIFF_SAMPLES;
	run->seconds = (double)report_duration(run->report) / 1e9;
	run->lost = report_lost(run->report);
	add_facts(run);
	profile_sort(profile);
	stacks = profile_count(profile);
	if (!new_items(&run->all, stacks))
		return false;
	for (size_t i = 0; i < stacks; i++) {
		const struct profile_stack stack = profile_stack(profile, i);

		run->all.items[run->all.count++] = (struct diff_item){
			.reason = function_of(profile, &stack),
			.sub = "",
			.at = "",
			.vcpu = stack.labels.vcpu,
			.count = (double)stack.values.count,
			.ns = run->report->exits ? (double)stack.values.host_ns : 0};
	}
	return true;
}

/* ---- files ---- */

/* By its first line; it is read from its beginning again. */
static bool is_recording(FILE *in)
{
	char text[512];
	const bool is = fgets(text, sizeof(text), in) && strstr(text, "\"vhart\":\"recording\"");

	rewind(in);
	return is;
}

/* False with WHY, or "" after error(). */
static bool read_recording(FILE *in, struct diff_run *run, char why[REPORT_MESSAGE_MAX])
{
	const struct guest_names_options none = {.kallsyms = NULL};
	struct report *report = calloc(1, sizeof(*report));

	snprintf(why, REPORT_MESSAGE_MAX, "no memory");
	run->report = report;
	if (!report)
		return false;
	report->in = in;
	report->profile = profile_new(PROFILE_LIMIT);
	if (!report->profile || !report_read_frame(report, why))
		return false;
	if (!report_names(report, &none)) {
		why[0] = '\0';
		return false;
	}
	return report_read_samples(report, why) && diff_run_of_recording(run);
}

static bool read_counts(FILE *in, struct diff_run *run, char why[STAT_FILE_WHY])
{
	if (!stat_file_read(in, &run->counts, why))
		return false;
	snprintf(why, STAT_FILE_WHY, "no memory");
	return diff_run_of_counts(run);
}

bool diff_run_read(const char *path, struct diff_run *run)
{
	FILE *in = fopen(path, "re");
	char why[REPORT_MESSAGE_MAX > STAT_FILE_WHY ? REPORT_MESSAGE_MAX : STAT_FILE_WHY];
	bool good;

	if (!in) {
		error("%s: %s", path, strerror(errno));
		return false;
	}
	good = is_recording(in) ? read_recording(in, run, why) : read_counts(in, run, why);
	fclose(in);
	if (run->report)
		run->report->in = NULL;
	if (!good && why[0])
		error("%s: %s", path, why);
	else if (good && run->lost)
		note("%s: %" PRIu64 " events were lost: its counts are too small", path, run->lost);
	return good;
}

void diff_run_free(struct diff_run *run)
{
	stat_file_free(&run->counts);
	if (run->report) {
		profile_free(run->report->profile);
		report_free(run->report);
	}
	free(run->report);
	free(run->all.items);
	free(run->keys.items);
	*run = (struct diff_run){.report = NULL};
}
