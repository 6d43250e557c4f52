// SPDX-License-Identifier: GPL-2.0
#include "stacktree.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"

#define NONE UINT32_MAX

/* A node while the tree grows. */
struct sprout {
	uint32_t parent;
	uint32_t function;
	uint32_t same_function; /* the next one of it */
	uint32_t child;
	uint32_t sibling;
	struct profile_weight self;
};

struct growth {
	const struct functions *functions;
	struct sprout *sprouts;
	uint32_t nr, max;
	struct index index;
};

static uint32_t sprout(struct growth *growth, uint32_t parent, uint32_t function)
{
	uint32_t hash = hash_pair(parent, function);
	const struct sprout *sprouts = growth->sprouts;
	uint32_t cursor, i;

	index_for_each_candidate(&growth->index, hash, cursor, i)
		if (sprouts[i].parent == parent && sprouts[i].function == function)
			return i;

	i = growth->nr;
	if (array__reserve(&growth->sprouts, i, &growth->max, sizeof(*growth->sprouts)) ||
	    index__insert(&growth->index, hash, i))
		return NONE;
	growth->sprouts[i] = (struct sprout){ .parent = parent, .function = function };
	growth->nr++;
	return i;
}

static int add_self(struct growth *growth, uint32_t i, const struct profile_weight *weight)
{
	if (i == NONE)
		return -ENOMEM;
	profile__add_weight(&growth->sprouts[i].self, weight);
	return 0;
}

static int add_stack(struct growth *growth, const struct profile_stack *stack)
{
	const struct functions *functions = growth->functions;
	uint32_t i = sprout(growth, 0, functions__task(functions, stack));
	uint32_t n = stack->nlocations;

	while (n-- && i != NONE) {
		uint32_t first = functions->first[stack->locations[n]];
		uint32_t k = functions->first[stack->locations[n] + 1];

		while (k-- > first && i != NONE)
			i = sprout(growth, i, functions->indices[k]);
	}
	return add_self(growth, i, &stack->weight);
}

static int add_stacks(struct growth *growth, const struct profile *profile)
{
	const struct profile_totals *totals = profile__totals(profile);
	uint32_t n = profile__nr_stacks(profile);
	struct profile_weight lost;
	uint32_t i;
	int err;

	if (sprout(growth, NONE, NONE) == NONE)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		err = add_stack(growth, profile__stack(profile, i));
		if (err)
			return err;
	}
	if (!totals->lost)
		return 0;
	lost = weight__lost(profile, totals->lost);
	return add_self(growth, sprout(growth, 0, growth->functions->lost), &lost);
}

/*
 * Give each one the list of its children in order of rank: whoever is put at the head
 * of a list must come from the highest rank down.
 */
static int order_children(struct growth *growth)
{
	const struct functions *functions = growth->functions;
	struct sprout *sprouts = growth->sprouts;
	uint32_t *first_of;
	uint32_t i, r;

	first_of = malloc(functions->nr * sizeof(*first_of));
	if (!first_of)
		return -ENOMEM;
	memset(first_of, 0xff, functions->nr * sizeof(*first_of));
	for (i = 0; i < growth->nr; i++)
		sprouts[i].child = NONE;
	for (i = 1; i < growth->nr; i++) {
		sprouts[i].same_function = first_of[sprouts[i].function];
		first_of[sprouts[i].function] = i;
	}
	for (r = functions->nr; r--;) {
		for (i = first_of[functions->by_rank[r]]; i != NONE; i = sprouts[i].same_function) {
			sprouts[i].sibling = sprouts[sprouts[i].parent].child;
			sprouts[sprouts[i].parent].child = i;
		}
	}
	free(first_of);
	return 0;
}

/* Lay the sprouts out, each one before those below it. */
static int lay_out(struct stacktree *tree, const struct growth *growth)
{
	const struct sprout *sprouts = growth->sprouts;
	struct stacktree_node *nodes;
	uint32_t at = NONE; /* the node that @i goes below */
	uint32_t *source; /* what became a node */
	uint32_t i = 0;

	nodes = malloc(growth->nr * sizeof(*nodes));
	source = malloc(growth->nr * sizeof(*source));
	if (!nodes || !source) {
		free(nodes);
		free(source);
		return -ENOMEM;
	}
	tree->nodes = nodes;
	for (;;) {
		struct stacktree_node *node = &nodes[tree->nr];

		*node = (struct stacktree_node){
			.function = sprouts[i].function,
			.parent = at,
			.depth = at == NONE ? 0 : nodes[at].depth + 1,
			.self = sprouts[i].self,
		};
		if (node->depth > tree->max_depth)
			tree->max_depth = node->depth;
		source[tree->nr] = i;
		at = tree->nr++;
		i = sprouts[i].child;
		while (i == NONE) {
			nodes[at].end = tree->nr;
			if (!at)
				goto done;
			i = sprouts[source[at]].sibling;
			at = nodes[at].parent;
		}
	}
done:
	free(source);
	return 0;
}

static void add_up(struct stacktree *tree)
{
	struct stacktree_node *node, *parent;
	uint32_t i;

	for (i = tree->nr; i--;) {
		node = &tree->nodes[i];
		profile__add_weight(&node->total, &node->self);
		if (!i)
			break;
		parent = &tree->nodes[node->parent];
		profile__add_weight(&parent->total, &node->total);
	}
}

/**
 * stacktree__init - make the tree of a profile
 * @tree: to be filled in
 * @profile: after symbolization; it and the resolver must outlive @tree
 * @labels_only: as for functions__init()
 *
 * Return: 0 or -ENOMEM; then there is nothing to give back.
 */
int stacktree__init(struct stacktree *tree, const struct profile *profile, bool labels_only)
{
	struct growth growth = { .functions = &tree->functions };
	int err;

	*tree = (struct stacktree){ 0 };
	err = functions__init(&tree->functions, profile, labels_only);
	if (err)
		return err;
	err = add_stacks(&growth, profile);
	if (!err)
		err = order_children(&growth);
	if (!err)
		err = lay_out(tree, &growth);
	free(growth.sprouts);
	index__free(&growth.index);
	if (err)
		stacktree__exit(tree);
	else
		add_up(tree);
	return err;
}

void stacktree__exit(struct stacktree *tree)
{
	free(tree->nodes);
	functions__exit(&tree->functions);
}
