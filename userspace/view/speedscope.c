// SPDX-License-Identifier: GPL-2.0
/*
 * The JSON file of speedscope: one profile of samples, weighed by CPU time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export.h"
#include "output.h"
#include "stacktree.h"
#include "summary.h"

static void write_frames(struct output *out, const struct functions *functions)
{
	uint32_t i;

	output__string(out, "\"shared\":{\"frames\":[");
	for (i = 0; i < functions->nr; i++) {
		const struct function *function = &functions->list[functions->by_rank[i]];
		const char *file = function->file ? function->file : function->module;

		output__string(out, i ? ",\n{\"name\":" : "\n{\"name\":");
		output__json(out, function->label);
		if (file) {
			output__string(out, ",\"file\":");
			output__json(out, file);
		}
		output__char(out, '}');
	}
	output__string(out, "\n]}");
}

/* @stack: the functions above each depth, root first. */
static void write_samples(struct output *out, const struct stacktree *tree, uint32_t *stack)
{
	bool first = true;
	uint32_t i, n;

	output__string(out, "\"samples\":[");
	for (i = 1; i < tree->nr; i++) {
		const struct stacktree_node *node = &tree->nodes[i];

		stack[node->depth - 1] = tree->functions.list[node->function].rank;
		if (!node->self.nanoseconds)
			continue;
		output__string(out, first ? "\n" : ",\n");
		first = false;
		for (n = 0; n < node->depth; n++) {
			output__char(out, n ? ',' : '[');
			output__number(out, stack[n]);
		}
		output__char(out, ']');
	}
	output__string(out, "\n],\n\"weights\":[");
	first = true;
	for (i = 1; i < tree->nr; i++) {
		if (!tree->nodes[i].self.nanoseconds)
			continue;
		if (!first)
			output__char(out, ',');
		first = false;
		output__number(out, tree->nodes[i].self.nanoseconds);
	}
	output__char(out, ']');
}

static void write_file(struct output *out, const struct stacktree *tree, uint32_t *stack,
		       const char *name, const struct export_opts *opts)
{
	output__string(out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
			    "\"exporter\":\"profbuf " PROFBUF_RELEASE "\",\n\"name\":");
	output__json(out, opts && opts->origin ? opts->origin : "profbuf");
	output__string(out, ",\n\"activeProfileIndex\":0,\n");
	write_frames(out, &tree->functions);
	output__string(out, ",\n\"profiles\":[{\"type\":\"sampled\",\"name\":");
	output__json(out, name);
	output__string(out, ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":");
	output__number(out, tree->nodes[0].total.nanoseconds);
	output__string(out, ",\n");
	write_samples(out, tree, stack);
	output__string(out, "}]}\n");
}

/* What it stands on: there is no other place for that. NULL: no memory. */
static char *make_name(const struct summary *summary)
{
	char *name = NULL;
	size_t size;
	FILE *file = open_memstream(&name, &size);
	uint32_t i;

	if (!file)
		return NULL;
	fprintf(file, "%s; %s", summary->samples, summary->losses);
	for (i = 0; i < summary->nr_remarks; i++)
		fprintf(file, "; %s", summary->remarks[i]);
	fprintf(file, "; %s", summary->completeness);
	if (fclose(file)) {
		free(name);
		return NULL;
	}
	return name;
}

/**
 * speedscope__write - export to speedscope
 * @profile: after symbolization
 * @file: where to
 * @opts: what else to say, or NULL
 *
 * Return: 0 or a negative errno.
 */
int speedscope__write(const struct profile *profile, FILE *file, const struct export_opts *opts)
{
	struct summary summary;
	struct stacktree tree;
	struct output out;
	uint32_t *stack;
	char *name;
	int err;

	err = summary__init(&summary, profile);
	if (err)
		return err;
	err = stacktree__init(&tree, profile, false);
	if (err)
		goto out_summary;
	output__init(&out, file);
	stack = malloc((tree.max_depth + 1UL) * sizeof(*stack));
	name = make_name(&summary);
	err = -ENOMEM;
	if (stack && name) {
		write_file(&out, &tree, stack, name, opts);
		err = output__finish(&out);
	}
	free(name);
	free(stack);
	stacktree__exit(&tree);
out_summary:
	summary__exit(&summary);
	return err;
}
