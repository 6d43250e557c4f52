/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_VIEW_TREE_H
#define PROFBUF_VIEW_TREE_H

#include <stdbool.h>
#include <stdio.h>

#include "profile/profile.h"

#define TREE_THRESHOLD_ALL 100000

enum tree_direction {
	TREE_CALLEES, /* from roots to what they call */
	TREE_CALLERS, /* from interrupted functions to what called them */
};

/**
 * struct tree_options - how to print a tree
 * @direction: which way it grows
 * @threshold: leave out what has less of the time, all of which is TREE_THRESHOLD_ALL
 * @color: with colours, for a terminal
 * @json: as JSON
 * @origin: where and how the profile was recorded, as one line; NULL if that is not known
 */
struct tree_options {
	enum tree_direction direction;
	uint32_t threshold;
	bool color;
	bool json;
	const char *origin;
};

int view__tree(const struct profile *profile, FILE *file, const struct tree_options *options);

#endif /* PROFBUF_VIEW_TREE_H */
