/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_lanes.h"

#include <inttypes.h>

#include "trace/export/xml_text.h"

/* A lane is so wide and so high in its own units: page.js has both. */
#define WIDTH 10000u
#define LANE  100u
/* So many times stand below it. */
#define MARKS 5u

struct bar {
	unsigned int x, end;
	unsigned int bottom, top;
};

static unsigned int x_of(const struct page_lanes *lanes, uint64_t time)
{
	const uint64_t whole = lanes->ends[lanes->columns - 1] - lanes->from;

	return (unsigned int)((double)(time - lanes->from) / (double)whole * WIDTH + 0.5);
}

static unsigned int y_of(double height)
{
	return height >= 1 ? LANE : (unsigned int)(height * LANE + 0.5);
}

/* Not higher than 0 where there is nothing. */
static struct bar bar_of(const struct page_lanes *lanes, size_t lane, size_t column, size_t layer)
{
	struct bar bar = {
		.x = x_of(lanes, column ? lanes->ends[column - 1] : lanes->from),
		.end = x_of(lanes, lanes->ends[column]),
	};
	const double height = lanes->height(lanes->opaque, lane, column, layer);
	double base = 0;

	for (size_t below = 0; below < layer; below++)
		base += lanes->height(lanes->opaque, lane, column, below);
	bar.bottom = y_of(base);
	bar.top = height > 0 ? y_of(base + height) : bar.bottom;
	/* What was there at all is seen. */
	if (height > 0 && bar.top == bar.bottom && bar.top < LANE)
		bar.top++;
	return bar;
}

static void write_bar(const struct bar *bar, FILE *to)
{
	if (bar->top > bar->bottom && bar->end > bar->x)
		fprintf(to, "M%u %uh%uv-%uh-%uz", bar->x, LANE - bar->bottom, bar->end - bar->x,
			bar->top - bar->bottom, bar->end - bar->x);
}

/* Neighbours that are alike are one. */
static void write_layer(const struct page_lanes *lanes, size_t lane, size_t layer, FILE *to)
{
	struct bar open = bar_of(lanes, lane, 0, layer);

	fprintf(to, "<path class=\"%s\" data-name=\"%s\" d=\"", lanes->layers[layer].class,
		lanes->layers_count > 1 ? lanes->layers[layer].name : "");
	for (size_t column = 1; column < lanes->columns; column++) {
		const struct bar next = bar_of(lanes, lane, column, layer);

		if (next.bottom == open.bottom && next.top == open.top) {
			open.end = next.end;
			continue;
		}
		write_bar(&open, to);
		open = next;
	}
	write_bar(&open, to);
	fputs("\"/>", to);
}

static void write_lane(const struct page_lanes *lanes, size_t lane, FILE *to)
{
	fputs("<div class=\"lane\"><span class=\"label\">", to);
	xml_put(to, lanes->lanes[lane].label);
	fputs("<small>", to);
	xml_put(to, lanes->lanes[lane].note);
	fprintf(to,
		"</small></span><svg class=\"time\" aria-hidden=\"true\" viewBox=\"0 0 %u %u\" "
		"preserveAspectRatio=\"none\" data-most=\"%.6g\">",
		WIDTH, LANE, lanes->lanes[lane].most);
	for (size_t layer = 0; layer < lanes->layers_count; layer++)
		write_layer(lanes, lane, layer, to);
	fputs("</svg></div>\n", to);
}

/* In the order in which they stand on each other. One has nothing to be told from. */
static void write_layers(const struct page_lanes *lanes, FILE *to)
{
	if (lanes->layers_count < 2)
		return;
	fputs("<p class=\"key\">From the bottom:", to);
	for (size_t i = 0; i < lanes->layers_count; i++)
		fprintf(to, " <span><i class=\"%s\"></i>%s</span>", lanes->layers[i].class,
			lanes->layers[i].name);
	fputs("</p>\n", to);
}

/* page.js keeps them right where the lanes are zoomed. */
static void write_axis(const struct page_lanes *lanes, FILE *to)
{
	const double seconds = (double)(lanes->ends[lanes->columns - 1] - lanes->from) / 1e9;

	fputs("<div class=\"lane axis\"><span class=\"label at\"></span><span class=\"marks\">",
	      to);
	for (unsigned int i = 0; i < MARKS; i++)
		fprintf(to, "<span>%.3f s</span>", seconds * i / (MARKS - 1));
	fputs("</span></div>\n", to);
}

void page_lanes_write(const struct page_lanes *lanes, FILE *to)
{
	fprintf(to, "<section><h2>%s</h2>\n", lanes->title);
	if (!lanes->count || !lanes->columns) {
		fprintf(to, "<p class=\"none\">%s</p></section>\n", lanes->none);
		return;
	}
	fprintf(to, "<p>%s</p>\n", lanes->words);
	write_layers(lanes, to);
	fprintf(to,
		"<div class=\"lanes\" role=\"group\" tabindex=\"0\" aria-label=\"%s: plus and "
		"minus zoom, left and right move, 0 shows all, comma and full stop go through it\" "
		"data-ns=\"%" PRIu64 "\" data-unit=\"%s\">\n",
		lanes->title, lanes->ends[lanes->columns - 1] - lanes->from, lanes->unit);
	for (size_t i = 0; i < lanes->count; i++)
		write_lane(lanes, i, to);
	write_axis(lanes, to);
	fputs("<p class=\"spoken\" role=\"status\"></p></div>\n", to);
	if (lanes->more)
		fprintf(to, "<p class=\"none\">And %zu more that are not shown.</p>\n",
			lanes->more);
	fputs("</section>\n", to);
}
