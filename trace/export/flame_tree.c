/* SPDX-License-Identifier: Apache-2.0 */
/* From stacks to a tree. */

#include "trace/export/flame_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/export/intern.h"

struct node_key {
	uint32_t parent;
	uint32_t name;
	uint32_t kind;
};

struct flame_tree_private {
	struct budget budget;
	struct intern names, nodes;
	bool folded;
};

static int add_child(struct flame_tree *tree, const char *name, enum profile_kind kind,
		     uint32_t *node)
{
	struct flame_tree_private *private = tree->private;
	struct node_key key = {.parent = *node, .kind = private->folded ? PROFILE_NO_KIND : kind};
	char text[PROFILE_NAME];
	size_t length = strnlen(name, sizeof(text) - 1);
	int error;

	memcpy(text, name, length);
	text[length] = '\0';
	for (size_t i = 0; i < length && private->folded; i++)
		if (text[i] == ';')
			text[i] = ':';
	error = intern_add(&private->names, text, length + 1, &key.name);
	return error ? error : intern_add(&private->nodes, &key, sizeof(key), node);
}

/* web1;vcpu0;sh;[guest.kernel] in front of the frames. */
static int add_labels(struct flame_tree *tree, const struct profile_labels *labels, bool vcpus,
		      uint32_t *node)
{
	char text[64];
	int error = 0;

	if (labels->vm)
		error = add_child(tree, labels->vm, PROFILE_NO_KIND, node);
	if (vcpus && labels->vcpu != PROFILE_NO_VCPU && !error) {
		snprintf(text, sizeof(text), "vcpu%d", labels->vcpu);
		error = add_child(tree, text, PROFILE_NO_KIND, node);
	}
	if (labels->comm && !error)
		error = add_child(tree, labels->comm, PROFILE_NO_KIND, node);
	if (labels->mode != PROFILE_NO_KIND && !error) {
		snprintf(text, sizeof(text), "[%s]", profile_kind_name(labels->mode));
		error = add_child(tree, text, PROFILE_NO_KIND, node);
	}
	return error;
}

static int add_stack(struct flame_tree *tree, const struct profile *profile,
		     const struct profile_stack *stack, const struct export_options *options,
		     uint32_t *node)
{
	int error = options->labels_as_roots
			    ? add_labels(tree, &stack->labels, !options->vcpus_together, node)
			    : 0;

	for (size_t i = stack->depth; i > 0 && !error; i--) {
		struct profile_frame frame = profile_frame(profile, stack->frames[i - 1]);

		error = add_child(tree, frame.name, frame.kind, node);
	}
	return error;
}

static int add_stacks(struct flame_tree *tree, struct profile *profile,
		      const struct export_options *options)
{
	static const struct node_key root = {.parent = FLAME_NONE};
	size_t room = 0;
	uint32_t node = 0;
	int error = intern_add(&tree->private->nodes, &root, sizeof(root), &node);

	profile_sort(profile);
	for (size_t i = 0; i < profile_count(profile) && !error; i++) {
		struct profile_stack stack = profile_stack(profile, i);
		size_t before = room;
		void *nodes = tree->nodes;

		node = 0;
		error = add_stack(tree, profile, &stack, options, &node);
		if (!error)
			error = budget_grow(&tree->private->budget, &nodes, &room,
					    tree->private->nodes.count, sizeof(*tree->nodes));
		tree->nodes = nodes;
		if (error)
			break;
		memset(tree->nodes + before, 0, (room - before) * sizeof(*tree->nodes));
		tree->nodes[node].self =
			profile_sum(tree->nodes[node].self, export_value(options, stack.values));
	}
	tree->count = tree->nodes ? tree->private->nodes.count : 0;
	return error;
}

static int compare_nodes(const void *left, const void *right, void *opaque)
{
	const struct flame_node *nodes = opaque;
	const struct flame_node *a = &nodes[*(const uint32_t *)left];
	const struct flame_node *b = &nodes[*(const uint32_t *)right];
	int result = strcmp(a->name, b->name);

	return result ? result : (a->kind > b->kind) - (a->kind < b->kind);
}

static void name_nodes(struct flame_tree *tree)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		const struct node_key *key = intern_get(&tree->private->nodes, i, NULL);
		struct flame_node *node = &tree->nodes[i];

		node->name = i ? intern_get(&tree->private->names, key->name, NULL) : "";
		node->kind = (enum profile_kind)key->kind;
		node->parent = key->parent;
		node->child = node->next = FLAME_NONE;
	}
}

/* Put in front of their siblings from the last name to the first. */
static int link_nodes(struct flame_tree *tree)
{
	uint32_t *order = calloc(tree->count, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->count; i++)
		order[i] = i;
	qsort_r(order, tree->count, sizeof(*order), compare_nodes, tree->nodes);
	for (uint32_t i = tree->count; i-- > 0;) {
		struct flame_node *node = &tree->nodes[order[i]];

		if (node->parent == FLAME_NONE)
			continue;
		node->next = tree->nodes[node->parent].child;
		tree->nodes[node->parent].child = order[i];
	}
	free(order);
	return 0;
}

static void sum_nodes(struct flame_tree *tree)
{
	for (uint32_t i = tree->count; i-- > 0;) {
		struct flame_node *node = &tree->nodes[i];

		node->total = profile_sum(node->total, node->self);
		if (node->parent != FLAME_NONE)
			tree->nodes[node->parent].total =
				profile_sum(tree->nodes[node->parent].total, node->total);
	}
}

int flame_tree_make(struct flame_tree *tree, struct profile *profile,
		    const struct export_options *options, bool folded)
{
	size_t limit = profile_limit(profile);
	int error;

	*tree = (struct flame_tree){.private = calloc(1, sizeof(*tree->private))};
	if (!tree->private)
		return -ENOMEM;
	tree->private->budget.left = limit > SIZE_MAX / 4 ? SIZE_MAX : limit * 4;
	tree->private->names.budget = &tree->private->budget;
	tree->private->nodes.budget = &tree->private->budget;
	tree->private->folded = folded;
	error = add_stacks(tree, profile, options);
	if (!error && tree->count > 0) {
		name_nodes(tree);
		error = link_nodes(tree);
		sum_nodes(tree);
	}
	if (error)
		flame_tree_free(tree);
	return error;
}

uint32_t flame_tree_next(const struct flame_tree *tree, uint32_t node)
{
	if (tree->nodes[node].child != FLAME_NONE)
		return tree->nodes[node].child;
	while (node != FLAME_NONE && tree->nodes[node].next == FLAME_NONE)
		node = tree->nodes[node].parent;
	return node == FLAME_NONE ? FLAME_NONE : tree->nodes[node].next;
}

void flame_tree_free(struct flame_tree *tree)
{
	if (tree->private) {
		intern_free(&tree->private->names);
		intern_free(&tree->private->nodes);
	}
	free(tree->private);
	free(tree->nodes);
	*tree = (struct flame_tree){0};
}
