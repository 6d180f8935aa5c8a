/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_sample FOLDER: one file of each export, of the small profile and of a large one with
 * hostile names, and in "totals" what they must add up to: NAME COUNT HOST_NS.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/sample_counts.h"
#include "tests/unit/fixtures/sample_profile.h"
#include "tests/unit/fixtures/sample_run.h"
#include "tests/unit/fixtures/sample_trace.h"
#include "trace/export/export.h"
#include "trace/export/json_text.h"
#include "trace/stat/stat_openmetrics.h"

static const struct {
	const char *suffix;
	int (*export)(struct profile *profile, const struct export_options *options, FILE *to);
	enum export_weight weight;
} exports[] = {
	{"folded", export_folded, EXPORT_COUNT},
	{"svg", export_flamegraph, EXPORT_COUNT},
	{"ms.svg", export_flamegraph, EXPORT_HOST_NS},
	{"pprof", export_pprof, EXPORT_HOST_NS},
};

static FILE *create(const char *name, const char *suffix)
{
	char path[64];
	FILE *to;

	snprintf(path, sizeof(path), "%s.%s", name, suffix);
	to = fopen(path, "w");
	if (!to) {
		perror(path);
		exit(1);
	}
	return to;
}

static void check(int error, FILE *to, const char *name)
{
	if (fclose(to) == 0 && error == 0)
		return;
	fprintf(stderr, "%s: %s\n", name, strerror(-error));
	exit(1);
}

static void write_profile(const char *name, struct profile *profile, FILE *totals)
{
	for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
		const struct export_options options = {
			.weight = exports[i].weight,
			.labels_as_roots = true,
			.vcpus_together = exports[i].weight == EXPORT_COUNT,
			.title = "vhart: web1",
			.subtitle = "100 samples of cycles, 997 a second, in 4.10s, 0 lost",
			.time_ns = 1700000000000000000,
			.duration_ns = 1000000000,
			.period_ns = 1003009,
		};
		FILE *to = create(name, exports[i].suffix);

		check(exports[i].export(profile, &options, to), to, exports[i].suffix);
	}
	fprintf(totals, "%s %" PRIu64 " %" PRIu64 "\n", name, profile_total(profile).count,
		profile_total(profile).host_ns);
}

static void write_lines(FILE *to)
{
	uint32_t seed = 5;

	for (uint64_t i = 0; i < 1000; i++) {
		char name[64], text[256];
		struct json_line line;

		sample_hostile_name(&seed, name, sizeof(name));
		json_line_begin(&line, text, sizeof(text));
		json_line_uint(&line, "number", i);
		json_line_decimal(&line, "seconds", i * 1000001, 9);
		json_line_hex(&line, "pc", UINT64_MAX - i);
		json_line_string(&line, "name", name);
		json_line_object(&line, "call");
		for (uint64_t j = 0; j < i % 10; j++) {
			char key[16];

			snprintf(key, sizeof(key), "a%u", (unsigned int)j);
			json_line_string(&line, key, name);
		}
		fwrite(text, 1, json_line_end(&line), to);
	}
}

static void write_counts(FILE *to, bool every_row)
{
	const struct stat_view view = sample_counts_view();
	struct stat_sample sample = sample_counts(every_row);

	stat_openmetrics(to, &view, &sample);
	sample_counts_free(&sample);
}

static int write_page(FILE *to)
{
	struct sample_run run;
	int error;

	sample_run_begin(&run, 4);
	sample_run_live(&run, 230);
	error = sample_run_page(&run, "</script><b>web1", to);
	sample_run_end(&run);
	return error;
}

int main(int argc, char **argv)
{
	struct profile *small = profile_new(1ul << 24), *large = profile_new(1ul << 28);
	struct perfetto perfetto;
	FILE *to, *totals;

	if (argc != 2 || chdir(argv[1]) != 0 || !small || !large) {
		fprintf(stderr, "usage: export_sample FOLDER\n");
		return 2;
	}
	totals = create("totals", "txt");
	sample_add_small(small);
	write_profile("small", small, totals);
	sample_add_random(large, 1, 3000);
	write_profile("large", large, totals);
	check(0, totals, "totals");
	to = create("sample", "pftrace");
	sample_trace(&perfetto, perfetto_write_file, to);
	check(perfetto_error(&perfetto), to, "pftrace");
	to = create("sample", "jsonl");
	write_lines(to);
	check(0, to, "jsonl");
	to = create("few", "openmetrics");
	write_counts(to, false);
	check(0, to, "openmetrics");
	to = create("all", "openmetrics");
	write_counts(to, true);
	check(0, to, "openmetrics");
	to = create("stat", "html");
	check(write_page(to), to, "html");
	profile_free(small);
	profile_free(large);
	return 0;
}
