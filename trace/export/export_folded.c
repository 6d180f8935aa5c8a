/* SPDX-License-Identifier: Apache-2.0 */
/* Collapsed stacks: one line a stack, for flamegraph.pl, inferno, speedscope, Perfetto. */
#include <errno.h>
#include <inttypes.h>

#include "trace/export/export.h"
#include "trace/export/flame_tree.h"

uint64_t export_value(const struct export_options *options, struct profile_values values)
{
	return options->weight == EXPORT_COUNT ? values.count : values.host_ns;
}

int export_flush(FILE *to)
{
	if (fflush(to) == 0 && !ferror(to))
		return 0;
	return errno ? -errno : -EIO;
}

static void write_line(const struct flame_tree *tree, uint32_t node, FILE *to)
{
	uint32_t path[FLAME_DEPTH];
	size_t depth = 0;

	for (uint32_t at = node; at != 0; at = tree->nodes[at].parent)
		path[depth++] = at;
	while (depth > 0) {
		fputs(tree->nodes[path[--depth]].name, to);
		fputc(depth > 0 ? ';' : ' ', to);
	}
	fprintf(to, "%" PRIu64 "\n", tree->nodes[node].self);
}

int export_folded(struct profile *profile, const struct export_options *options, FILE *to)
{
	struct flame_tree tree;
	int error = flame_tree_make(&tree, profile, options, true);

	if (error)
		return error;
	errno = 0;
	for (uint32_t node = tree.count ? 0 : FLAME_NONE; node != FLAME_NONE;
	     node = flame_tree_next(&tree, node))
		if (tree.nodes[node].self > 0)
			write_line(&tree, node, to);
	flame_tree_free(&tree);
	return export_flush(to);
}
