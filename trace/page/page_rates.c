/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_rates.h"

#include <stdlib.h>

#include "trace/names/text.h"

#define ALL SIZE_MAX

struct total {
	size_t reason; /* ALL: of all */
	uint64_t exits;
};

static uint64_t exits_of(const struct page_rates_source *source, size_t reason, size_t column)
{
	uint64_t sum = 0;

	if (reason != ALL)
		return source->exits(source->opaque, reason, column);
	for (size_t i = 0; i < source->reasons; i++)
		sum += source->exits(source->opaque, i, column);
	return sum;
}

static double rate_of(const struct page_rates_source *source, size_t reason, size_t column)
{
	const uint64_t from = column ? source->ends[column - 1] : source->from;

	return (double)exits_of(source, reason, column) * 1e9 /
	       (double)(source->ends[column] - from);
}

static double height(const void *opaque, size_t lane, size_t column, size_t layer)
{
	const struct page_rates *rates = opaque;

	(void)layer;
	return rate_of(&rates->source, rates->reasons[lane], column) / rates->rates[lane].most;
}

static int compare(const void *a, const void *b)
{
	const struct total *left = a, *right = b;

	if (left->exits != right->exits)
		return left->exits < right->exits ? 1 : -1;
	return left->reason < right->reason ? -1 : left->reason > right->reason;
}

static void add(struct page_rates *rates, const struct total *total)
{
	const struct page_rates_source *source = &rates->source;
	struct page_lane *lane = &rates->rates[rates->lanes.count];
	char exits[TEXT_COUNT], most[TEXT_COUNT];

	rates->reasons[rates->lanes.count++] = total->reason;
	*lane = (struct page_lane){.label = "all exits"};
	if (total->reason != ALL)
		source->name(source->opaque, total->reason, lane->label, sizeof(lane->label));
	for (size_t column = 0; column < source->columns; column++) {
		const double rate = rate_of(source, total->reason, column);

		lane->most = rate > lane->most ? rate : lane->most;
	}
	snprintf(lane->note, sizeof(lane->note), "%s exit%s, up to %s a second",
		 text_count(total->exits, exits), total->exits == 1 ? "" : "s",
		 text_count((uint64_t)(lane->most + 0.5), most));
}

static void add_all(struct page_rates *rates, struct total *totals)
{
	const struct page_rates_source *source = &rates->source;
	struct total all = {.reason = ALL};

	for (size_t i = 0; i < source->reasons; i++) {
		totals[i] = (struct total){.reason = i};
		for (size_t column = 0; column < source->columns; column++)
			totals[i].exits += exits_of(source, i, column);
		all.exits += totals[i].exits;
	}
	if (!all.exits)
		return;
	qsort(totals, source->reasons, sizeof(*totals), compare);
	add(rates, &all);
	for (size_t i = 0; i < source->reasons && totals[i].exits; i++)
		if (rates->lanes.count < PAGE_RATES)
			add(rates, &totals[i]);
		else
			rates->lanes.more++;
}

bool page_rates_make(struct page_rates *rates, const struct page_rates_source *source)
{
	static const struct page_layer layers[] = {{"rate", "exits"}};
	struct total *totals = calloc(source->reasons + 1, sizeof(*totals));

	if (!totals)
		return false;
	rates->source = *source;
	rates->lanes = (struct page_lanes){
		.title = "Exits a second",
		.words = "By reason, those of all vCPUs. Each lane has a scale of its own: its "
			 "height is the most that it had.",
		.unit = "/s",
		.none = "There were none.",
		.from = source->from,
		.ends = source->ends,
		.columns = source->columns,
		.layers = layers,
		.layers_count = 1,
		.lanes = rates->rates,
		.height = height,
		.opaque = rates,
	};
	add_all(rates, totals);
	free(totals);
	return true;
}
