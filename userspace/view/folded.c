// SPDX-License-Identifier: GPL-2.0
/*
 * Folded stacks: "process;root;...;leaf 12", the number being that of sampling periods. What is
 * the kernel's ends with "_[k]".
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "export.h"
#include "output.h"
#include "stacktree.h"

static void add_label(struct buffer *path, const struct function *function)
{
	const char *label = function->label;

	while (*label) {
		size_t length = utf8_length(label);

		if (!length || (length == 1 && iscntrl((unsigned char)*label))) {
			buffer__append(path, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
			length = 1;
		} else if (*label == ';') {
			buffer__append(path, ":", 1);
		} else {
			buffer__append(path, label, length);
		}
		label += length;
	}
	if (function->flags & FUNCTION_KERNEL)
		buffer__append(path, "_[k]", 4);
}

/* @ends: for each depth, where the path to the last node of that depth ends. */
static void write_stacks(struct output *out, const struct stacktree *tree, struct buffer *path,
			 size_t *ends)
{
	uint32_t i;

	ends[0] = 0;
	for (i = 1; i < tree->nr; i++) {
		const struct stacktree_node *node = &tree->nodes[i];

		path->size = ends[node->depth - 1];
		if (path->size)
			buffer__append(path, ";", 1);
		add_label(path, &tree->functions.list[node->function]);
		ends[node->depth] = path->size;
		if (path->failed)
			return;
		if (!node->self.periods)
			continue;
		output__bytes(out, path->data, path->size);
		output__char(out, ' ');
		output__number(out, node->self.periods);
		output__char(out, '\n');
	}
}

/**
 * folded__write - export folded stacks
 * @profile: after symbolization
 * @file: where to
 * @opts: has no place here
 *
 * Return: 0 or a negative errno.
 */
int folded__write(const struct profile *profile, FILE *file, const struct export_opts *opts)
{
	struct buffer path = { 0 };
	struct stacktree tree;
	struct output out;
	size_t *ends;
	int err;

	(void)opts;
	err = stacktree__init(&tree, profile, true);
	if (err)
		return err;
	output__init(&out, file);
	ends = malloc((tree.max_depth + 1UL) * sizeof(*ends));
	if (ends)
		write_stacks(&out, &tree, &path, ends);
	err = ends && !path.failed ? output__finish(&out) : -ENOMEM;
	free(ends);
	buffer__free(&path);
	stacktree__exit(&tree);
	return err;
}
