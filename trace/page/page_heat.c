/* SPDX-License-Identifier: Apache-2.0 */
/* How long exits took, as a map: a line for each reason, a column for each bucket of time. */
#include <stdbool.h>

#include "trace/exits/exits_map.h"
#include "trace/export/xml_text.h"
#include "trace/names/text.h"
#include "trace/page/page_reasons.h"

#define LINES  24u /* at most */
#define LEVELS 8u  /* of page.css */
#define LEAST  12u /* columns at least */

/* Columns, and the most exits that one of them has in a line. */
struct scale {
	uint32_t first, end;
	uint32_t most;
};

static struct scale find_scale(const struct page_reason *const *order, size_t count)
{
	struct scale scale = {.first = EXIT_BUCKETS, .most = 1};

	for (size_t i = 0; i < count; i++)
		for (uint32_t bucket = 0; order[i]->buckets && bucket < EXIT_BUCKETS; bucket++) {
			const uint32_t exits = order[i]->buckets[bucket];

			if (!exits)
				continue;
			scale.first = bucket < scale.first ? bucket : scale.first;
			scale.end = bucket >= scale.end ? bucket + 1 : scale.end;
			scale.most = exits > scale.most ? exits : scale.most;
		}
	if (scale.first >= scale.end)
		return (struct scale){.end = LEAST, .most = 1};
	while (scale.end - scale.first < LEAST) {
		scale.first -= scale.first > 0;
		scale.end += scale.end < EXIT_BUCKETS;
	}
	return scale;
}

/* The buckets are a log scale; so they serve for numbers of exits too. */
static unsigned int level_of(uint32_t exits, uint32_t most)
{
	return 1 + (unsigned int)((double)exit_bucket(exits) / (double)exit_bucket(most) *
				  (LEVELS - 1));
}

static void write_cell(uint32_t bucket, uint32_t exits, const struct scale *scale, FILE *to)
{
	char from[16], until[16], count[TEXT_COUNT];

	fprintf(to,
		"<rect class=\"h%u\" x=\"%u\" width=\"1\" height=\"1\"><title>%s to %s: "
		"%s</title></rect>",
		level_of(exits, scale->most), bucket - scale->first,
		text_duration(exit_bucket_start(bucket), from),
		text_duration(exit_bucket_start(bucket + 1), until), text_count(exits, count));
}

static void write_line(const struct page_reason *reason, const struct scale *scale, FILE *to)
{
	char half[16], most[16];

	fputs("<div class=\"lane\"><span class=\"label\">", to);
	xml_put(to, reason->name);
	fprintf(to,
		"<small>half within %s, 99 %% within %s</small></span><svg class=\"times\" "
		"viewBox=\"0 0 %u 1\" preserveAspectRatio=\"none\">",
		text_duration(reason->p50, half), text_duration(reason->p99, most),
		scale->end - scale->first);
	for (uint32_t bucket = scale->first; bucket < scale->end; bucket++)
		if (reason->buckets[bucket])
			write_cell(bucket, reason->buckets[bucket], scale, to);
	fputs("</svg></div>\n", to);
}

/* Where NS is, in per cent of the width. */
static double place_of(uint64_t ns, const struct scale *scale)
{
	const uint32_t bucket = (uint32_t)exit_bucket(ns);
	const double start = (double)exit_bucket_start(bucket);
	const double part = ((double)ns - start) / ((double)exit_bucket_start(bucket + 1) - start);

	return 100 * ((double)bucket + part - (double)scale->first) /
	       (double)(scale->end - scale->first);
}

/* Powers of ten. */
static void write_axis(const struct scale *scale, FILE *to)
{
	static const char *const names[] = {"1ns", "10ns", "100ns", "1us", "10us", "100us",
					    "1ms", "10ms", "100ms", "1s",  "10s",  "100s"};
	uint64_t ns = 1;

	fputs("<div class=\"lane axis\"><span class=\"label\"></span><span class=\"ticks\">", to);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++, ns *= 10) {
		const double place = place_of(ns, scale);

		if (place >= 0 && place <= 100)
			fprintf(to, "<span style=\"left:%.2f%%\">%s</span>", place, names[i]);
	}
	fputs("</span></div>\n", to);
}

static void write_key(const struct scale *scale, FILE *to)
{
	char most[TEXT_COUNT];

	fputs("<p class=\"key\">Exits of a length: <span>1", to);
	for (unsigned int level = 1; level <= LEVELS; level++)
		fprintf(to, "<i class=\"h%u\"></i>", level);
	fprintf(to, "%s, by a log scale</span></p>\n", text_count(scale->most, most));
}

void page_heat_write(const struct page_reason *const *order, size_t count, FILE *to)
{
	const struct scale scale = find_scale(order, count);
	size_t lines = 0;

	write_key(&scale, to);
	fputs("<div class=\"heat\" role=\"img\" aria-label=\"How long exits took, a line for each "
	      "reason: medians and percentiles are in the table of exits\">\n",
	      to);
	for (size_t i = 0; i < count && lines < LINES; i++)
		if (order[i]->buckets) {
			write_line(order[i], &scale, to);
			lines++;
		}
	write_axis(&scale, to);
	fputs("</div>\n", to);
	if (lines < count)
		fprintf(to,
			"<p class=\"none\">And %zu more, each of which took the host less "
			"time.</p>\n",
			count - lines);
}
