/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All stacks of a profile as one tree of functions, roots first: a process, what it calls,
 * and so on. Stacks that go through the same functions are one path, whatever their
 * addresses. Lost samples are a path of their own.
 */
#ifndef PROFBUF_VIEW_STACKTREE_H
#define PROFBUF_VIEW_STACKTREE_H

#include "functions.h"
#include "weight.h"

/**
 * struct stacktree_node - a function called by those above it
 * @function: index of the function; UINT32_MAX at the top
 * @parent: index of its caller
 * @depth: callers above it
 * @end: index behind the last one that is below it
 * @self: of samples that end here
 * @total: of samples that go through here
 */
struct stacktree_node {
	uint32_t function;
	uint32_t parent;
	uint32_t depth;
	uint32_t end;
	struct profile_weight self;
	struct profile_weight total;
};

/**
 * struct stacktree - the tree
 * @functions: its functions
 * @nodes: each one before those it calls, these in order of their labels
 * @nr: number of nodes, 1 at least
 * @max_depth: of any node
 */
struct stacktree {
	struct functions functions;
	struct stacktree_node *nodes;
	uint32_t nr;
	uint32_t max_depth;
};

int stacktree__init(struct stacktree *tree, const struct profile *profile, bool labels_only);
void stacktree__exit(struct stacktree *tree);

#endif /* PROFBUF_VIEW_STACKTREE_H */
