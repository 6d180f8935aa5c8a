/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_charts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/export/xml_text.h"
#include "trace/names/text.h"

/* A lane is so high in its own units, and a column 1 wide. */
#define LANE 100u

static void left_out(const char *title, const char *why, FILE *to)
{
	fprintf(to, "<section><h2>%s</h2>\n<p class=\"none\">%s</p></section>\n", title, why);
}

/* ---- lanes of time ---- */

static unsigned int height_of(uint64_t value, uint64_t most)
{
	return (unsigned int)((double)value / (double)most * LANE + 0.5);
}

/* LAYER of each column as a bar that stands on those below it; MOST is as high as the lane. */
static void write_bars(const struct page_vcpu *vcpu, enum page_layer layer, uint64_t most,
		       const char *class, FILE *to)
{
	fprintf(to, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < PAGE_COLUMNS; i++) {
		const uint64_t value = vcpu->layers[i][layer];
		uint64_t base = 0;
		unsigned int from, upto;

		for (size_t below = 0; below < layer; below++)
			base = profile_sum(base, vcpu->layers[i][below]);
		if (!value)
			continue;
		from = height_of(base, most);
		upto = height_of(profile_sum(base, value), most);
		/* What was there at all is seen. */
		if (upto == from && upto < LANE)
			upto++;
		if (upto > from)
			fprintf(to, "M%zu %uh1v-%uh-1z", i, LANE - from, upto - from);
	}
	fputs("\"/>", to);
}

static void write_vcpu(const struct page_vcpu *vcpu, uint32_t number, uint64_t most, FILE *to)
{
	uint64_t sums[PAGE_LAYERS] = {0};

	for (size_t column = 0; column < PAGE_COLUMNS; column++)
		for (size_t layer = 0; layer < PAGE_LAYERS; layer++)
			sums[layer] = profile_sum(sums[layer], vcpu->layers[column][layer]);
	fprintf(to,
		"<div class=\"lane\"><span class=\"label\">vcpu%" PRIu32
		"<br><small>kernel %" PRIu64 ", user %" PRIu64 "</small></span>"
		"<svg class=\"time\" aria-hidden=\"true\" viewBox=\"0 0 %d %u\" "
		"preserveAspectRatio=\"none\">",
		number, sums[PAGE_KERNEL], sums[PAGE_USER], PAGE_COLUMNS, LANE);
	write_bars(vcpu, PAGE_KERNEL, most, "kernel", to);
	write_bars(vcpu, PAGE_USER, most, "user", to);
	fputs("</svg></div>\n", to);
}

static uint64_t busiest(const struct page_series *series)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < series->vcpus_count; i++)
		for (size_t column = 0; column < PAGE_COLUMNS; column++) {
			const uint64_t *layers = series->vcpus[i].layers[column];
			const uint64_t both = profile_sum(layers[PAGE_KERNEL], layers[PAGE_USER]);

			if (both > most)
				most = both;
		}
	return most;
}

void page_timeline(const struct page *page, FILE *to)
{
	static const char title[] = "Time line of the vCPUs";
	const struct page_series *series = page->series;

	if (page->exits || !series->vcpus_count) {
		left_out(title,
			 page->exits
				 ? "A recording adds up equal exits, so that it does not say when "
				   "each was: vhart stat -i, vhart trace --perfetto."
				 : "The recording has no samples.",
			 to);
		return;
	}
	fprintf(to,
		"<section><h2>%s</h2>\n<p>Samples: <b class=\"kernel\">the guest's kernel</b>, and "
		"above it <b class=\"user\">its programs</b>.</p>\n"
		"<div class=\"lanes\" role=\"group\" tabindex=\"0\" aria-label=\"%s: plus and "
		"minus "
		"zoom, left and right move, 0 shows all\" data-columns=\"%d\" data-ns=\"%" PRIu64
		"\">\n",
		title, title, PAGE_COLUMNS, series->until - series->from);
	for (uint32_t i = 0; i < series->vcpus_count; i++)
		write_vcpu(&series->vcpus[i], i, busiest(series), to);
	fputs("<div class=\"lane axis\"><span class=\"label\"></span><span class=\"from\"></span>"
	      "<span class=\"until\"></span></div>\n</div>\n",
	      to);
	if (series->more_vcpus)
		fprintf(to, "<p class=\"none\">vCPUs from %d on are not shown.</p>\n", PAGE_VCPUS);
	fputs("</section>\n", to);
}

/* ---- reasons ---- */

static int compare_times(const void *left, const void *right)
{
	const struct page_reason *a = *(const struct page_reason *const *)left;
	const struct page_reason *b = *(const struct page_reason *const *)right;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

static const char calls[] = "sbi ";

/* The most expensive first, those of them whose names begin with PREFIX; how many. */
static uint32_t order_reasons(const struct page_series *series, const char *prefix,
			      const struct page_reason *order[PAGE_REASONS])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < series->reasons_count; i++)
		if (!strncmp(series->reasons[i].name, prefix, strlen(prefix)))
			order[count++] = &series->reasons[i];
	qsort(order, count, sizeof(const struct page_reason *), compare_times);
	return count;
}

static void write_reason(const struct page_reason *reason, const char *name, uint64_t all, FILE *to)
{
	const double share = all ? 100 * (double)reason->ns / (double)all : 0;
	char time[16], each[16], vmm[16];

	fputs("<tr><th scope=\"row\">", to);
	xml_put(to, name);
	fprintf(to,
		"</th><td>%" PRIu64
		"</td><td>%s</td><td class=\"share\" style=\"--share:%.2f%%\">%.2f "
		"%%</td><td>%s</td><td>%s</td></tr>\n",
		reason->count, text_duration(reason->ns, time), share, share,
		text_duration(reason->count ? reason->ns / reason->count : 0, each),
		text_duration(reason->vmm_ns, vmm));
}

static void write_table(const struct page *page, const char *title, const char *prefix,
			const char *none, FILE *to)
{
	const struct page_reason *order[PAGE_REASONS];
	const uint32_t count = order_reasons(page->series, prefix, order);
	uint64_t all = 0;

	if (!page->exits || !count) {
		left_out(title,
			 page->exits ? none
				     : "The recording has samples of the guest, not its exits: "
				       "vhart record -e exits.",
			 to);
		return;
	}
	for (uint32_t i = 0; i < page->series->reasons_count; i++)
		all = profile_sum(all, page->series->reasons[i].ns);
	fprintf(to,
		"<section><h2>%s</h2>\n<div class=\"wide\"><table class=\"numbers\"><thead><tr>"
		"<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">time</th>"
		"<th scope=\"col\">of all exits' time</th><th scope=\"col\">each</th>"
		"<th scope=\"col\">in the VMM</th></tr></thead>\n<tbody>\n",
		title, *prefix ? "call" : "reason", *prefix ? "calls" : "exits");
	for (uint32_t i = 0; i < count; i++)
		write_reason(order[i], order[i]->name + strlen(prefix), all, to);
	fputs("</tbody></table></div></section>\n", to);
}

void page_reasons(const struct page *page, FILE *to)
{
	write_table(page, "Exits by reason", "", "The recording has none.", to);
}

void page_calls(const struct page *page, FILE *to)
{
	write_table(page, "SBI calls", calls, "The guest made none.", to);
}
