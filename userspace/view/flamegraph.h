/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_VIEW_FLAMEGRAPH_H
#define PROFBUF_VIEW_FLAMEGRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "profile/profile.h"

#define FLAMEGRAPH_WIDTH	1200
#define FLAMEGRAPH_WIDTH_MIN	300
#define FLAMEGRAPH_WIDTH_MAX	100000
#define FLAMEGRAPH_MIN_WIDTH	10

/**
 * struct flamegraph_options - how to draw
 * @title: its title; NULL: "Flame graph"
 * @origin: where and how the profile was recorded, as one line; NULL if that is not known
 * @width: pixels, FLAMEGRAPH_WIDTH_MIN to FLAMEGRAPH_WIDTH_MAX; 0: FLAMEGRAPH_WIDTH
 * @min_width: functions narrower than so many hundredths of a pixel are left out
 * @icicle: roots at the top
 */
struct flamegraph_options {
	const char *title;
	const char *origin;
	uint32_t width;
	uint32_t min_width;
	bool icicle;
};

int flamegraph__write(const struct profile *profile, FILE *file,
		      const struct flamegraph_options *options);

#endif /* PROFBUF_VIEW_FLAMEGRAPH_H */
