/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/export_flamediff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "trace/export/flame_svg.h"
#include "trace/names/text.h"

/* Red and blue are told apart by those who do not tell red from green. */
#define RED  4u
#define BLUE 212u
#define SAME "hsl(210,8%,84%)"

struct graph {
	const struct flamediff *diff;
	const struct flame_tree *tree; /* of both sides together */
	const uint64_t *before;	       /* by node */
};

static uint64_t after_of(const struct graph *graph, uint32_t node)
{
	return graph->tree->nodes[node].total - graph->before[node];
}

enum change { CHANGE_NONE, CHANGE_MORE, CHANGE_FEWER };

static enum change change_of(const struct graph *graph, uint32_t node)
{
	const double before = (double)graph->before[node], after = (double)after_of(graph, node);
	const double by = after > before ? after - before : before - after;
	const double noise = graph->diff->noise;

	if (by * 100 <= before * graph->diff->threshold ||
	    by * by <= noise * noise * (before + after) * graph->diff->sample)
		return CHANGE_NONE;
	return after > before ? CHANGE_MORE : CHANGE_FEWER;
}

/* "+12% function", "new function", "-3% function", "gone function"; unchanged ones as they are. */
static const char *name_of(const void *opaque, uint32_t node, char out[FLAME_NAME])
{
	const struct graph *graph = opaque;
	const uint64_t before = graph->before[node], after = after_of(graph, node);
	const char *name = graph->tree->nodes[node].name;

	if (change_of(graph, node) == CHANGE_NONE)
		return name;
	if (!before || !after)
		snprintf(out, FLAME_NAME, "%s %s", before ? "gone" : "new", name);
	else
		snprintf(out, FLAME_NAME, "%+.0f%% %s",
			 100 * ((double)after - (double)before) / (double)before, name);
	return out;
}

static void write_number(const struct flamediff *diff, uint64_t value, FILE *to)
{
	char text[16];
	const double samples = diff->one > 0 ? (double)value / diff->one : 0;

	if (diff->one > 0)
		fprintf(to, samples >= 100 ? "%.0f" : "%.3g", samples);
	else
		fputs(text_duration(value, text), to);
}

/* "before 3 samples, after 4.5". */
static void write_value(const void *opaque, uint32_t node, FILE *to)
{
	const struct graph *graph = opaque;

	fputs("before ", to);
	write_number(graph->diff, graph->before[node], to);
	fputs(graph->diff->one > 0 ? " samples, after " : ", after ", to);
	write_number(graph->diff, after_of(graph, node), to);
}

/* The more of it changed, the deeper. */
static void write_colour(const void *opaque, uint32_t node, FILE *to)
{
	const struct graph *graph = opaque;
	const double before = (double)graph->before[node], after = (double)after_of(graph, node);
	const enum change change = change_of(graph, node);
	double part;

	if (change == CHANGE_NONE) {
		fputs(SAME, to);
		return;
	}
	part = (change == CHANGE_MORE ? after - before : before - after) / (after + before);
	fprintf(to, "hsl(%u,80%%,%.0f%%)", change == CHANGE_MORE ? RED : BLUE, 84 - 22 * part);
}

static void write_legend(const void *opaque, const bool *shown, uint32_t y, FILE *to)
{
	(void)opaque;
	(void)shown;
	flame_svg_key(to, FLAME_LEFT, y, "hsl(4,80%,70%)", "more: + or new");
	flame_svg_key(to, FLAME_LEFT + 160, y, "hsl(212,80%,70%)", "fewer: - or gone");
	flame_svg_key(to, FLAME_LEFT + 330, y, SAME, "no change to speak of");
}

/* The totals of nodes become those of both sides; what they were before is in BEFORE. */
static int add_sides(struct flame_tree *tree, const struct flamediff *diff, uint64_t **before)
{
	const struct export_options after = {.weight = EXPORT_HOST_NS};
	struct flame_tree other;
	int error = flame_tree_make(&other, diff->both, &after, false);

	if (error)
		return error;
	*before = calloc(tree->count + 1ul, sizeof(**before));
	/* Of one profile both have the same nodes in the same order. */
	for (uint32_t i = 0; *before && i < tree->count; i++) {
		(*before)[i] = tree->nodes[i].total;
		tree->nodes[i].total = profile_sum(tree->nodes[i].total, other.nodes[i].total);
	}
	flame_tree_free(&other);
	return *before ? 0 : -ENOMEM;
}

int export_flamediff(const struct flamediff *diff, FILE *to)
{
	const struct export_options counts = {.weight = EXPORT_COUNT};
	struct flame_tree tree;
	uint64_t *before = NULL;
	int error = flame_tree_make(&tree, diff->both, &counts, false);

	if (error)
		return error;
	error = add_sides(&tree, diff, &before);
	if (!error) {
		const struct graph graph = {diff, &tree, before};
		const struct flame_svg svg = {
			.tree = &tree,
			.title = diff->title,
			.subtitle = diff->subtitle,
			.empty = "nothing on either side",
			.alone = true,
			.name = name_of,
			.value = write_value,
			.colour = write_colour,
			.legend = write_legend,
			.opaque = &graph,
		};

		error = flame_svg_write(&svg, to);
	}
	free(before);
	flame_tree_free(&tree);
	return error;
}
