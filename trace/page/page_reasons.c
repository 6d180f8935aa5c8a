/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_reasons.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trace/export/profile.h"
#include "trace/export/xml_text.h"
#include "trace/names/text.h"

#define CALLS "sbi "

static int compare_times(const void *left, const void *right)
{
	const struct page_reason *a = *(const struct page_reason *const *)left;
	const struct page_reason *b = *(const struct page_reason *const *)right;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

size_t page_reasons_order(const struct page_reasons *reasons, const char *prefix,
			  const struct page_reason **order)
{
	size_t count = 0;

	for (size_t i = 0; i < reasons->count; i++)
		if (!strncmp(reasons->reasons[i].name, prefix, strlen(prefix)))
			order[count++] = &reasons->reasons[i];
	if (count)
		qsort(order, count, sizeof(*order), compare_times);
	return count;
}

static void write_duration(uint64_t ns, FILE *to)
{
	char text[16];

	fprintf(to, "<td>%s</td>", text_duration(ns, text));
}

static void write_reason(const struct page_reason *reason, const char *name, uint64_t all,
			 bool buckets, FILE *to)
{
	const double share = all ? 100 * (double)reason->ns / (double)all : 0;
	char exits[TEXT_COUNT];

	fputs("<tr><th scope=\"row\">", to);
	xml_put(to, name);
	fprintf(to, "</th><td>%s</td>", text_count(reason->count, exits));
	write_duration(reason->ns, to);
	fprintf(to, "<td class=\"share\" style=\"--share:%.2f%%\">%.2f %%</td>", share, share);
	write_duration(reason->count ? reason->ns / reason->count : 0, to);
	if (buckets) {
		write_duration(reason->p50, to);
		write_duration(reason->p99, to);
		write_duration(reason->max, to);
	}
	write_duration(reason->vmm_ns, to);
	fputs("</tr>\n", to);
}

static void write_columns(const char *first, const char *second, bool buckets, FILE *to)
{
	static const char *const columns[] = {"time", "of all exits' time", "mean", NULL};
	static const char *const of_buckets[] = {"median", "99 % within", "longest", NULL};

	fprintf(to, "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">%s</th>", first, second);
	for (size_t i = 0; columns[i]; i++)
		fprintf(to, "<th scope=\"col\">%s</th>", columns[i]);
	for (size_t i = 0; buckets && of_buckets[i]; i++)
		fprintf(to, "<th scope=\"col\">%s</th>", of_buckets[i]);
	fputs("<th scope=\"col\">in the VMM</th></tr></thead>\n", to);
}

static bool has_buckets(const struct page_reasons *reasons)
{
	for (size_t i = 0; i < reasons->count; i++)
		if (reasons->reasons[i].buckets)
			return true;
	return false;
}

/* ALL ns are the whole of which each has a share. */
static void write_table(const struct page_reason *const *order, size_t count, const char *prefix,
			bool buckets, uint64_t all, FILE *to)
{
	fputs("<div class=\"wide\"><table class=\"numbers\">", to);
	write_columns(*prefix ? "call" : "reason", *prefix ? "calls" : "exits", buckets, to);
	fputs("<tbody>\n", to);
	for (size_t i = 0; i < count; i++)
		write_reason(order[i], order[i]->name + strlen(prefix), all, buckets, to);
	fputs("</tbody></table></div></section>\n", to);
}

static void write_parts(const struct page_reasons *reasons, const struct page_reason **order,
			FILE *to)
{
	const bool buckets = has_buckets(reasons);
	size_t count = page_reasons_order(reasons, "", order);
	uint64_t all = 0;

	for (size_t i = 0; i < count; i++)
		all = profile_sum(all, order[i]->ns);
	fputs("<section><h2>Exits by reason</h2>\n", to);
	write_table(order, count, "", buckets, all, to);
	fputs("<section><h2>How long exits took</h2>\n", to);
	if (buckets)
		page_heat_write(order, count, to);
	else
		fprintf(to, "<p class=\"none\">%s</p>", reasons->no_heat);
	fputs("</section>\n<section><h2>SBI calls</h2>\n", to);
	count = page_reasons_order(reasons, CALLS, order);
	if (count)
		write_table(order, count, CALLS, buckets, all, to);
	else
		fputs("<p class=\"none\">The guest made none.</p></section>\n", to);
}

void page_reasons_write(const struct page_reasons *reasons, FILE *to)
{
	const struct page_reason **order = calloc(reasons->count + 1, sizeof(*order));

	if (reasons->count && order)
		write_parts(reasons, order, to);
	else
		fprintf(to,
			"<section><h2>Exits by reason</h2>\n<p class=\"none\">%s</p></section>\n",
			order ? reasons->none : "There was no memory for them.");
	free((void *)order);
}
