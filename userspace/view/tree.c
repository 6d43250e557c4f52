// SPDX-License-Identifier: GPL-2.0
/*
 * Stacks as a tree: from the roots to what they call, or from the functions that were interrupted
 * to their callers. Equal ways are one.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "output.h"
#include "print.h"
#include "summary.h"
#include "tree.h"
#include "units.h"
#include "util/array.h"
#include "weight.h"

#define NONE UINT32_MAX

/*
 * Twice what a stack may have of frames, for those that are inlined. A recording may claim more,
 * and what it takes to print a tree grows with the square of its depth.
 */
#define DEPTH_MAX (2 * 1024)

struct node {
	uint32_t function;
	uint32_t parent;
	struct profile_weight self; /* of stacks that end here */
	struct profile_weight total; /* and of those that go on */
};

struct tree {
	struct node *nodes; /* each behind its parent */
	uint32_t nr;
	uint32_t max;
	struct index index;
	uint64_t whole; /* periods */
};

static uint32_t child_of(struct tree *tree, uint32_t parent, uint32_t function)
{
	uint32_t hash = hash_pair(parent, function);
	uint32_t cursor, i;

	index_for_each_candidate(&tree->index, hash, cursor, i)
		if (tree->nodes[i].parent == parent && tree->nodes[i].function == function)
			return i;
	if (array__reserve(&tree->nodes, tree->nr, &tree->max, sizeof(*tree->nodes)) ||
	    index__insert(&tree->index, hash, tree->nr))
		return NONE;
	tree->nodes[tree->nr] = (struct node){ .function = function, .parent = parent };
	return tree->nr++;
}

/* One step of a way. */
static int step(struct tree *tree, uint32_t *node, uint32_t function,
		const struct profile_weight *weight)
{
	*node = child_of(tree, *node, function);
	if (*node == NONE)
		return -ENOMEM;
	profile__add_weight(&tree->nodes[*node].total, weight);
	return 0;
}

static int add_callers(struct tree *tree, const struct functions *functions,
		       const struct profile_stack *stack)
{
	uint32_t node = NONE, n, i;
	int err = 0;

	for (n = 0; !err && n < stack->nlocations; n++) {
		uint32_t location = stack->locations[n];

		for (i = functions->first[location];
		     !err && i < functions->first[location + 1]; i++)
			err = step(tree, &node, functions->indices[i], &stack->weight);
	}
	if (!err)
		err = step(tree, &node, functions__task(functions, stack), &stack->weight);
	if (!err)
		profile__add_weight(&tree->nodes[node].self, &stack->weight);
	return err;
}

static int add_callees(struct tree *tree, const struct functions *functions,
		       const struct profile_stack *stack)
{
	uint32_t node = NONE, n, i;
	int err;

	err = step(tree, &node, functions__task(functions, stack), &stack->weight);
	for (n = stack->nlocations; !err && n--;) {
		uint32_t location = stack->locations[n];

		for (i = functions->first[location + 1]; !err && i-- > functions->first[location];)
			err = step(tree, &node, functions->indices[i], &stack->weight);
	}
	if (!err)
		profile__add_weight(&tree->nodes[node].self, &stack->weight);
	return err;
}

static int tree__build(struct tree *tree, const struct functions *functions,
		       const struct profile *profile, enum tree_direction direction)
{
	const struct profile_totals *totals = profile__totals(profile);
	struct profile_weight lost = weight__lost(profile, totals->lost);
	uint32_t nr_stacks = profile__nr_stacks(profile);
	uint32_t i, node = NONE;
	int err = 0;

	for (i = 0; !err && i < nr_stacks; i++) {
		if (direction == TREE_CALLERS)
			err = add_callers(tree, functions, profile__stack(profile, i));
		else
			err = add_callees(tree, functions, profile__stack(profile, i));
	}
	if (!err && lost.samples) {
		err = step(tree, &node, functions->lost, &lost);
		if (!err)
			tree->nodes[node].self = lost;
	}
	tree->whole = weight__whole(profile).periods;
	return err;
}

/* What is left of a tree above the threshold, in the order that it is printed in. */
struct branch {
	uint32_t node;
	uint32_t parent; /* index of a branch */
	uint32_t depth; /* branches above it */
};

struct branches {
	const struct tree *tree;
	const struct functions *functions;
	struct branch *list;
	uint32_t nr;
};

static int by_weight(const void *left, const void *right, void *context)
{
	const struct branches *branches = context;
	const struct node *a = &branches->tree->nodes[*(const uint32_t *)left];
	const struct node *b = &branches->tree->nodes[*(const uint32_t *)right];

	/* Brothers and sisters stand together. */
	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->total.periods != b->total.periods)
		return a->total.periods < b->total.periods ? 1 : -1;
	return branches->functions->list[a->function].rank <
	       branches->functions->list[b->function].rank ? -1 : 1;
}

/* From the list of children of each node, the tree depth first. */
static int order(struct branches *branches, const uint32_t *sorted, uint32_t nr)
{
	const struct node *nodes = branches->tree->nodes;
	uint32_t *first, *stack, *parents;
	uint32_t depth = 0, i;
	int err = -ENOMEM;

	/* Where the children of a node begin in @sorted, that of no node last. */
	first = malloc((branches->tree->nr + 1UL) * sizeof(*first));
	stack = malloc((nr + 1UL) * sizeof(*stack));
	parents = malloc((nr + 1UL) * sizeof(*parents));
	branches->list = malloc((nr + 1UL) * sizeof(*branches->list));
	if (!first || !stack || !parents || !branches->list)
		goto out;
	memset(first, 0xff, (branches->tree->nr + 1UL) * sizeof(*first));
	for (i = nr; i--;) {
		uint32_t parent = nodes[sorted[i]].parent;

		first[parent == NONE ? branches->tree->nr : parent] = i;
	}
	if (first[branches->tree->nr] != NONE) {
		parents[depth] = NONE;
		stack[depth++] = first[branches->tree->nr];
	}
	while (depth) {
		uint32_t at = stack[depth - 1];
		uint32_t parent = parents[depth - 1];
		uint32_t node = sorted[at];
		struct branch *branch;

		/* The next one of the same parent, once this one and all below it are done. */
		if (at + 1 < nr && nodes[sorted[at + 1]].parent == nodes[node].parent)
			stack[depth - 1] = at + 1;
		else
			depth--;
		branch = &branches->list[branches->nr];
		*branch = (struct branch){
			.node = node,
			.parent = parent,
			.depth = parent == NONE ? 0 : branches->list[parent].depth + 1,
		};
		if (first[node] != NONE && branch->depth < DEPTH_MAX) {
			parents[depth] = branches->nr;
			stack[depth++] = first[node];
		}
		branches->nr++;
	}
	err = 0;
out:
	free(first);
	free(stack);
	free(parents);
	return err;
}

static int branches__init(struct branches *branches, const struct tree *tree,
			  const struct functions *functions, uint32_t threshold)
{
	uint32_t *sorted = malloc((tree->nr + 1UL) * sizeof(*sorted));
	uint32_t i, nr = 0;
	int err;

	if (!sorted)
		return -ENOMEM;
	*branches = (struct branches){ .tree = tree, .functions = functions };
	for (i = 0; i < tree->nr; i++)
		if ((unsigned __int128)tree->nodes[i].total.periods * TREE_THRESHOLD_ALL >=
		    (unsigned __int128)tree->whole * threshold)
			sorted[nr++] = i;
	qsort_r(sorted, nr, sizeof(*sorted), by_weight, branches);
	err = order(branches, sorted, nr);
	free(sorted);
	return err;
}

static const char *color_of(const struct function *function)
{
	if (function->flags & FUNCTION_LOST)
		return "red";
	if (function->flags & FUNCTION_LATE)
		return "yellow";
	return function->flags & FUNCTION_KERNEL ? "cyan" : NULL;
}

static int fill_line(struct libscols_line *line, const struct branches *branches,
		     const struct branch *branch)
{
	const struct node *node = &branches->tree->nodes[branch->node];
	const struct function *function = &branches->functions->list[node->function];
	struct units total = units_share(node->total.periods, branches->tree->whole);
	struct units self = units_share(node->self.periods, branches->tree->whole);
	int err;

	err = scols_line_set_data(line, 0, total.text);
	if (!err)
		err = scols_line_set_data(line, 1, units_count(node->total.samples).text);
	if (!err)
		err = scols_line_set_data(line, 2, node->self.periods ? self.text : "");
	if (!err)
		err = scols_line_set_data(line, 3, function->label);
	if (!err && color_of(function))
		err = scols_line_set_color(line, color_of(function));
	return err;
}

static int print_text(const struct branches *branches, FILE *file,
		      const struct tree_options *options)
{
	static const struct {
		const char *name;
		int flags;
	} columns[] = {
		{ "TOTAL", SCOLS_FL_RIGHT },
		{ "SAMPLES", SCOLS_FL_RIGHT },
		{ "SELF", SCOLS_FL_RIGHT },
		{ "FUNCTION", SCOLS_FL_TREE },
	};
	struct libscols_table *table = scols_new_table();
	struct libscols_line **lines;
	int err = -ENOMEM;
	uint32_t i;

	lines = malloc((branches->nr + 1UL) * sizeof(*lines));
	if (!table || !lines)
		goto out;
	scols_table_set_stream(table, file);
	scols_table_enable_colors(table, options->color);
	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (!scols_table_new_column(table, columns[i].name, 0, columns[i].flags))
			goto out;
	err = 0;
	for (i = 0; !err && i < branches->nr; i++) {
		const struct branch *branch = &branches->list[i];

		lines[i] = scols_table_new_line(table, branch->parent == NONE ?
							       NULL : lines[branch->parent]);
		err = lines[i] ? fill_line(lines[i], branches, branch) : -ENOMEM;
	}
	if (!err)
		err = scols_print_table(table);
out:
	free(lines);
	scols_unref_table(table);
	return err;
}

static void json_node(struct output *out, const struct branches *branches, uint32_t i)
{
	const struct node *node = &branches->tree->nodes[branches->list[i].node];
	const struct function *function = &branches->functions->list[node->function];

	output__string(out, "{\"name\":");
	output__json(out, function->label);
	if (function->module) {
		output__string(out, ",\"module\":");
		output__json(out, function->module);
	}
	output__char(out, ',');
	json_weight(out, "total", &node->total);
	output__char(out, ',');
	json_weight(out, "self", &node->self);
	output__string(out, ",\"children\":[");
}

static int print_json(const struct branches *branches, const struct summary *summary,
		      const struct profile *profile, FILE *file,
		      const struct tree_options *options)
{
	struct output out;
	uint32_t i, parent, open;

	output__init(&out, file);
	output__string(&out, "{\n");
	json_summary(summary, profile, options->origin, &out);
	output__printf(&out, "  \"tree\":\"%s\",\n  \"roots\":[",
		       options->direction == TREE_CALLERS ? "callers" : "callees");
	for (i = 0; i < branches->nr; i++) {
		output__string(&out, i && branches->list[i].parent != i - 1 ? ",\n" : "\n");
		json_node(&out, branches, i);
		/* Close all that the next one is not a child of. */
		parent = i + 1 < branches->nr ? branches->list[i + 1].parent : NONE;
		for (open = i; open != parent && open != NONE; open = branches->list[open].parent)
			output__string(&out, "]}");
	}
	output__string(&out, "\n  ]\n}\n");
	return output__finish(&out);
}

/**
 * view__tree - print a tree
 * @profile: the profile, after symbolization
 * @file: where to print it
 * @options: how
 *
 * Return: 0 or a negative errno.
 */
int view__tree(const struct profile *profile, FILE *file, const struct tree_options *options)
{
	struct branches branches = { 0 };
	struct functions functions;
	struct summary summary;
	struct tree tree = { 0 };
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	err = functions__init(&functions, profile, false);
	if (err)
		goto out_summary;
	err = tree__build(&tree, &functions, profile, options->direction);
	if (!err)
		err = branches__init(&branches, &tree, &functions, options->threshold);
	if (!err && options->json) {
		err = print_json(&branches, &summary, profile, file, options);
	} else if (!err) {
		print_summary(&summary, options->origin, file);
		err = print_text(&branches, file, options);
	}
	free(branches.list);
	free(tree.nodes);
	index__free(&tree.index);
	functions__exit(&functions);
out_summary:
	summary__exit(&summary);
	return err;
}
