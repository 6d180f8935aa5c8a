/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/flame_svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/flamegraph_text.h"
#include "trace/export/xml_text.h"

/* In pixels, where nothing else is said. WIDTH is that of a viewer which runs no script. */
enum {
	WIDTH = 1200,
	PLOT = 1180,

	HEAD = 74,
	FOOT = 34,
	ROW = 17,
	WHOLE = 1000000, /* shares are parts of this */
	NARROWEST = 85,	 /* of them: narrower frames are left out, with what they call */
};

/* The hundredths of a monospaced letter of 12 pixels, a little generous; flamegraph.js has it too.
 */
#define LETTER 730

struct graph {
	const struct flame_svg *svg;
	const struct flame_tree *tree; /* of it */
	uint64_t total;
	uint64_t *start; /* by node */
	uint32_t *depth;
	bool *shown;
	uint32_t deepest;
	FILE *to;
};

static uint64_t share(uint64_t value, uint64_t total, unsigned int of)
{
	__extension__ typedef unsigned __int128 wide;

	return total ? (uint64_t)((wide)value * of / total) : 0;
}

/* Of a part of WHOLE. */
static void write_percent(uint64_t part, FILE *to)
{
	fprintf(to, "%" PRIu64 ".%04u%%", part / (WHOLE / 100),
		(unsigned int)(part % (WHOLE / 100)));
}

void flame_svg_percent(FILE *to, uint64_t value, uint64_t total)
{
	const uint64_t hundredths = share(value, total, 10000);

	fprintf(to, "%" PRIu64 ".%02u %%", hundredths / 100, (unsigned int)(hundredths % 100));
}

void flame_svg_key(FILE *to, unsigned int x, uint32_t y, const char *colour, const char *words)
{
	fprintf(to,
		"<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" rx=\"2\" fill=\"%s\"/>"
		"<text x=\"%u\" y=\"%u\">%s</text>\n",
		x, y - 10, colour, x + 17, y, words);
}

/* As much of the name as a frame of this width, in hundredths of a pixel, shows. */
static void write_fitting(const char *name, uint64_t width, FILE *to)
{
	size_t room = width > 600 ? (size_t)((width - 600) / LETTER) : 0, letters = 0, cut = 0;
	size_t left = strlen(name), at = 0;

	if (room < 3)
		return;
	while (at < left) {
		uint32_t character;
		size_t size = utf8_character(name + at, left - at, &character);

		if (letters++ == room - 2)
			cut = at;
		at += size ? size : 1;
	}
	xml_put_part(to, name, letters <= room ? left : cut);
	if (letters > room)
		fputs("..", to);
}

static void write_frame(const struct graph *graph, uint32_t number)
{
	const struct flame_node *node = &graph->tree->nodes[number];
	const struct flame_svg *svg = graph->svg;
	char own[FLAME_NAME];
	const char *name = number == 0 ? "all" : svg->name(svg->opaque, number, own);
	FILE *to = graph->to;
	uint64_t from = share(graph->start[number], graph->total, WHOLE);
	uint64_t end = share(profile_sum(graph->start[number], node->total), graph->total, WHOLE);
	uint32_t y = (graph->deepest - graph->depth[number]) * ROW;

	fprintf(to,
		"<svg class=\"f\" data-s=\"%" PRIu64 "\" data-w=\"%" PRIu64 "\" data-d=\"%u\" x=\"",
		graph->start[number], node->total, graph->depth[number]);
	write_percent(from, to);
	fprintf(to, "\" y=\"%u\" width=\"", y);
	write_percent(end - from, to);
	fprintf(to, "\" height=\"%d\"><title>", ROW);
	xml_put(to, name);
	fputs(" (", to);
	svg->value(svg->opaque, number, to);
	fputs(")</title><rect width=\"100%\" height=\"100%\" fill=\"", to);
	svg->colour(svg->opaque, number, to);
	fputs("\"/><text x=\"3\" y=\"12\">", to);
	write_fitting(name, share(end - from, WHOLE, PLOT * 100), to);
	fputs("</text></svg>\n", to);
}

static bool is_wide(const struct graph *graph, uint32_t node)
{
	return share(graph->tree->nodes[node].total, graph->total, WHOLE) >= NARROWEST;
}

/* A node's first child begins where the node begins; what the node has of its own is on the right.
 */
static void lay_out(struct graph *graph)
{
	const struct flame_node *nodes = graph->tree->nodes;

	for (uint32_t i = 0; i < graph->tree->count; i++) {
		uint64_t start = graph->start[i];

		graph->shown[i] = is_wide(graph, i);
		if (graph->shown[i] && graph->depth[i] > graph->deepest)
			graph->deepest = graph->depth[i];
		for (uint32_t child = nodes[i].child; child != FLAME_NONE;
		     child = nodes[child].next) {
			graph->start[child] = start;
			graph->depth[child] = graph->depth[i] + 1;
			start = profile_sum(start, nodes[child].total);
		}
	}
}

static void write_head(const struct graph *graph, uint32_t height)
{
	const char *title = graph->svg->title ? graph->svg->title : "Flame graph";
	const char *subtitle = graph->svg->subtitle ? graph->svg->subtitle : "";
	FILE *to = graph->to;

	if (graph->svg->alone)
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n", to);
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" class=\"flame\" "
		"role=\"group\" width=\"%d\" height=\"%u\">\n<title>",
		WIDTH, height);
	xml_put(to, title);
	fputs("</title>\n<desc>Flame graph: ", to);
	xml_put(to, subtitle);
	fputs(". Each frame stands on its caller, and is as wide as its share of the "
	      "whole.</desc>\n",
	      to);
	if (graph->svg->alone)
		fprintf(to, "<style><![CDATA[\n%s]]></style>\n", flamegraph_style);
	fputs("<rect class=\"page\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
	      "<text class=\"head\" x=\"0.8%\" y=\"24\">",
	      to);
	xml_put(to, title);
	fputs("</text>\n<text class=\"subtitle\" x=\"0.8%\" y=\"44\">", to);
	xml_put(to, subtitle);
	fputs("</text>\n<text class=\"details\" x=\"0.8%\" y=\"66\"></text>\n"
	      "<text class=\"matched\" x=\"99.2%\" y=\"48\"></text>\n",
	      to);
}

static void write_graph(struct graph *graph)
{
	uint32_t rows, height;

	lay_out(graph);
	rows = (graph->deepest + 1) * ROW;
	height = HEAD + rows + FOOT;
	write_head(graph, height);
	fprintf(graph->to,
		"<svg class=\"frames\" x=\"0.8%%\" y=\"%d\" width=\"98.4%%\" height=\"%u\">\n",
		HEAD, rows);
	for (uint32_t node = graph->tree->count ? 0 : FLAME_NONE; node != FLAME_NONE;
	     node = flame_tree_next(graph->tree, node))
		if (graph->shown[node])
			write_frame(graph, node);
	if (graph->total == 0)
		fprintf(graph->to, "<text x=\"0\" y=\"12\">%s</text>\n", graph->svg->empty);
	fputs("</svg>\n", graph->to);
	graph->svg->legend(graph->svg->opaque, graph->shown, height - 10, graph->to);
	if (graph->svg->alone)
		fprintf(graph->to, "<script><![CDATA[\n%s]]></script>\n", flamegraph_script);
	fputs("</svg>\n", graph->to);
}

int flame_svg_write(const struct flame_svg *svg, FILE *to)
{
	const struct flame_tree *tree = svg->tree;
	struct graph graph = {.svg = svg, .tree = tree, .to = to};
	int error = 0;

	graph.total = tree->count ? tree->nodes[0].total : 0;
	graph.start = calloc(tree->count + 1ul, sizeof(*graph.start));
	graph.depth = calloc(tree->count + 1ul, sizeof(*graph.depth));
	graph.shown = calloc(tree->count + 1ul, sizeof(*graph.shown));
	errno = 0;
	if (graph.start && graph.depth && graph.shown)
		write_graph(&graph);
	else
		error = -ENOMEM;
	free(graph.start);
	free(graph.depth);
	free(graph.shown);
	return error ? error : export_flush(to);
}
