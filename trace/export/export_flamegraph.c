/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flame graph as one SVG file: the leaf on top, callers below, as wide as their share. A frame is
 * an <svg> of its own, which cuts off what does not fit in it; all that is wide is in per cent, so
 * that the width of the whole can be any.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/export.h"
#include "trace/export/flame_tree.h"
#include "trace/export/flamegraph_text.h"
#include "trace/export/intern.h"
#include "trace/export/xml_text.h"
#include "trace/names/text.h"

/* In pixels, where nothing else is said. WIDTH is that of a viewer which runs no script. */
enum {
	WIDTH = 1200,
	PLOT = 1180,
	LEFT = 10,
	HEAD = 74,
	FOOT = 34,
	ROW = 17,
	WHOLE = 1000000, /* shares are parts of this */
	NARROWEST = 85,	 /* of them: narrower frames are left out, with what they call */
};

/* The hundredths of a monospaced letter of 12 pixels, a little generous; flamegraph.js has it too.
 */
#define LETTER 730

/* Hue, saturation and lightness in the middle of a kind's colours; names spread them a little. */
static const struct {
	const char *meaning;
	unsigned int hue, spread, saturation, lightness;
} colours[PROFILE_KINDS] = {
	[PROFILE_NO_KIND] = {"group", 210, 8, 10, 82},
	[PROFILE_GUEST_KERNEL] = {"guest kernel", 14, 14, 85, 67},
	[PROFILE_GUEST_USER] = {"guest user", 50, 8, 85, 62},
	[PROFILE_HOST_KERNEL] = {"host kernel", 206, 12, 60, 68},
	[PROFILE_HOST_USER] = {"host user", 150, 14, 42, 63},
	[PROFILE_EXIT] = {"exit", 292, 12, 48, 74},
};

struct graph {
	const struct flame_tree *tree;
	const struct export_options *options;
	uint64_t total;
	uint64_t *start; /* by node */
	uint32_t *depth;
	uint32_t deepest;
	bool alone; /* a file by itself, and no part of a page */
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

/* 1,234 samples or 12.345 ms; the share of the whole. */
static void write_value(const struct graph *graph, uint64_t value)
{
	char digits[TEXT_COUNT];
	const char *unit = graph->options->counts ? graph->options->counts : "samples";
	uint64_t whole = value, hundredths;

	if (graph->options->weight == EXPORT_HOST_NS)
		whole = value / 1000000;
	fputs(text_count(whole, digits), graph->to);
	if (graph->options->weight == EXPORT_HOST_NS) {
		fprintf(graph->to, ".%03u", (unsigned int)(value / 1000 % 1000));
		unit = "ms";
	}
	fputc(' ', graph->to);
	xml_put(graph->to, unit);
	fputs(", ", graph->to);
	hundredths = share(value, graph->total, 10000);
	fprintf(graph->to, "%" PRIu64 ".%02u %%", hundredths / 100,
		(unsigned int)(hundredths % 100));
}

static void write_colour(const struct flame_node *node, FILE *to)
{
	uint64_t hash = intern_hash(node->name, strlen(node->name));
	unsigned int spread = colours[node->kind].spread;
	unsigned int hue = colours[node->kind].hue + (unsigned int)(hash >> 32) % (2 * spread + 1);

	fprintf(to, "hsl(%u,%u%%,%u%%)", (hue + 360 - spread) % 360, colours[node->kind].saturation,
		colours[node->kind].lightness + (unsigned int)(hash >> 48) % 9 - 4);
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
	const char *name = number == 0 ? "all" : node->name;
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
	write_value(graph, node->total);
	fputs(")</title><rect width=\"100%\" height=\"100%\" fill=\"", to);
	write_colour(node, to);
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

		if (is_wide(graph, i) && graph->depth[i] > graph->deepest)
			graph->deepest = graph->depth[i];
		for (uint32_t child = nodes[i].child; child != FLAME_NONE;
		     child = nodes[child].next) {
			graph->start[child] = start;
			graph->depth[child] = graph->depth[i] + 1;
			start = profile_sum(start, nodes[child].total);
		}
	}
}

static void write_legend(const struct graph *graph, uint32_t y)
{
	bool seen[PROFILE_KINDS] = {false};
	unsigned int x = LEFT;

	for (uint32_t i = 0; i < graph->tree->count; i++)
		seen[graph->tree->nodes[i].kind] |= is_wide(graph, i);
	for (size_t kind = PROFILE_NO_KIND + 1; kind < PROFILE_KINDS; kind++) {
		if (!seen[kind])
			continue;
		fprintf(graph->to,
			"<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" rx=\"2\" "
			"fill=\"hsl(%u,%u%%,%u%%)\"/>"
			"<text x=\"%u\" y=\"%u\">%s</text>\n",
			x, y - 10, colours[kind].hue, colours[kind].saturation,
			colours[kind].lightness, x + 17, y, colours[kind].meaning);
		x += 130;
	}
}

static void write_head(const struct graph *graph, uint32_t height)
{
	const char *title = graph->options->title ? graph->options->title : "Flame graph";
	const char *subtitle = graph->options->subtitle ? graph->options->subtitle : "";
	FILE *to = graph->to;

	if (graph->alone)
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
	if (graph->alone)
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
		if (is_wide(graph, node))
			write_frame(graph, node);
	if (graph->total == 0)
		fputs("<text x=\"0\" y=\"12\">no samples</text>\n", graph->to);
	fputs("</svg>\n", graph->to);
	write_legend(graph, height - 10);
	if (graph->alone)
		fprintf(graph->to, "<script><![CDATA[\n%s]]></script>\n", flamegraph_script);
	fputs("</svg>\n", graph->to);
}

static int export(struct profile *profile, const struct export_options *options, bool alone,
		  FILE *to)
{
	struct flame_tree tree;
	struct graph graph = {.tree = &tree, .options = options, .alone = alone, .to = to};
	int error = flame_tree_make(&tree, profile, options, false);

	if (error)
		return error;
	graph.total = tree.count ? tree.nodes[0].total : 0;
	graph.start = calloc(tree.count + 1ul, sizeof(*graph.start));
	graph.depth = calloc(tree.count + 1ul, sizeof(*graph.depth));
	errno = 0;
	if (graph.start && graph.depth)
		write_graph(&graph);
	else
		error = -ENOMEM;
	free(graph.start);
	free(graph.depth);
	flame_tree_free(&tree);
	return error ? error : export_flush(to);
}

int export_flamegraph(struct profile *profile, const struct export_options *options, FILE *to)
{
	return export(profile, options, true, to);
}

int export_flamegraph_inside(struct profile *profile, const struct export_options *options,
			     FILE *to)
{
	return export(profile, options, false, to);
}
