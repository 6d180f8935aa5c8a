/* SPDX-License-Identifier: Apache-2.0 */
/* A profile as a tree of calls, root first: what folded stacks and flame graphs are written from.
 */
#ifndef VHART_FLAME_TREE_H
#define VHART_FLAME_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/export/export.h"
#include "trace/export/profile.h"

/* The labels that can stand in front of a stack: VM, vCPU, mode; and "[cut]". */
#define FLAME_DEPTH (PROFILE_DEPTH + 4)

#define FLAME_NONE UINT32_MAX

/* A parent has a lower number than its children; node 0 is the root of all, and has no name. */
struct flame_node {
	const char *name;
	enum profile_kind kind;
	uint32_t parent, child, next;
	uint64_t self, total;
};

struct flame_tree {
	struct flame_node *nodes;
	uint32_t count;
	struct flame_tree_private *private;
};

/*
 * Frames of one name and kind below the same parent are one node, whatever their addresses.
 * Siblings are ordered by name. In a folded tree names alone tell frames apart, and have ':' for
 * ';'. 0, -ENOSPC (four times the profile's own limit) or -ENOMEM, with nothing to free.
 */
int flame_tree_make(struct flame_tree *tree, struct profile *profile,
		    const struct export_options *options, bool folded);
/* From 0 through all nodes to FLAME_NONE: callers before what they call, siblings by name. */
uint32_t flame_tree_next(const struct flame_tree *tree, uint32_t node);
void flame_tree_free(struct flame_tree *tree);

#endif
