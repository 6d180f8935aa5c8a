/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as a flame graph: colours are by where a frame runs. */
#include <inttypes.h>
#include <string.h>

#include "trace/export/export.h"
#include "trace/export/flame_svg.h"
#include "trace/export/intern.h"
#include "trace/export/xml_text.h"
#include "trace/names/text.h"

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
};

static const char *name_of(const void *opaque, uint32_t node, char out[FLAME_NAME])
{
	const struct graph *graph = opaque;

	(void)out;
	return graph->tree->nodes[node].name;
}

/* 1,234 samples or 12.345 ms; the share of the whole. */
static void write_value(const void *opaque, uint32_t node, FILE *to)
{
	const struct graph *graph = opaque;
	const uint64_t value = graph->tree->nodes[node].total;
	char digits[TEXT_COUNT];
	const char *unit = graph->options->counts ? graph->options->counts : "samples";
	uint64_t whole = value;

	if (graph->options->weight == EXPORT_HOST_NS)
		whole = value / 1000000;
	fputs(text_count(whole, digits), to);
	if (graph->options->weight == EXPORT_HOST_NS) {
		fprintf(to, ".%03u", (unsigned int)(value / 1000 % 1000));
		unit = "ms";
	}
	fputc(' ', to);
	xml_put(to, unit);
	fputs(", ", to);
	flame_svg_percent(to, value, graph->tree->nodes[0].total);
}

static void write_colour(const void *opaque, uint32_t number, FILE *to)
{
	const struct graph *graph = opaque;
	const struct flame_node *node = &graph->tree->nodes[number];
	uint64_t hash = intern_hash(node->name, strlen(node->name));
	unsigned int spread = colours[node->kind].spread;
	unsigned int hue = colours[node->kind].hue + (unsigned int)(hash >> 32) % (2 * spread + 1);

	fprintf(to, "hsl(%u,%u%%,%u%%)", (hue + 360 - spread) % 360, colours[node->kind].saturation,
		colours[node->kind].lightness + (unsigned int)(hash >> 48) % 9 - 4);
}

static void write_legend(const void *opaque, const bool *shown, uint32_t y, FILE *to)
{
	const struct graph *graph = opaque;
	bool seen[PROFILE_KINDS] = {false};
	unsigned int x = FLAME_LEFT;
	char colour[40];

	for (uint32_t i = 0; i < graph->tree->count; i++)
		seen[graph->tree->nodes[i].kind] |= shown[i];
	for (size_t kind = PROFILE_NO_KIND + 1; kind < PROFILE_KINDS; kind++) {
		if (!seen[kind])
			continue;
		snprintf(colour, sizeof(colour), "hsl(%u,%u%%,%u%%)", colours[kind].hue,
			 colours[kind].saturation, colours[kind].lightness);
		flame_svg_key(to, x, y, colour, colours[kind].meaning);
		x += 130;
	}
}

static int export(struct profile *profile, const struct export_options *options, bool alone,
		  FILE *to)
{
	struct flame_tree tree;
	const struct graph graph = {&tree, options};
	const struct flame_svg svg = {
		.tree = &tree,
		.title = options->title,
		.subtitle = options->subtitle,
		.empty = "no samples",
		.alone = alone,
		.name = name_of,
		.value = write_value,
		.colour = write_colour,
		.legend = write_legend,
		.opaque = &graph,
	};
	int error = flame_tree_make(&tree, profile, options, false);

	if (error)
		return error;
	error = flame_svg_write(&svg, to);
	flame_tree_free(&tree);
	return error;
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
