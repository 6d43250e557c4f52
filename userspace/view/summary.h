/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a view stands on: how much was sampled, what was lost, how complete stacks and
 * names are.
 */
#ifndef PROFBUF_VIEW_SUMMARY_H
#define PROFBUF_VIEW_SUMMARY_H

#include <stdint.h>

#include "profile/profile.h"
#include "symbol/symbol.h"

/**
 * struct summary_module - a module with frames that have no names
 * @module: the module
 * @unnamed: frames of it without a name, in all samples
 */
struct summary_module {
	const struct symbol_module *module;
	uint64_t unnamed;
};

/**
 * struct summary - the numbers, and what they say in words
 * @totals: of the profile
 * @frames: frames in all samples
 * @named: those of them that have a name
 * @nr_modules: number of modules with unnamed frames
 * @modules: these, the one with the most first
 * @samples: how many samples, CPU time
 * @losses: what was lost, where, when
 * @completeness: what share of stacks and frames is whole; where names are missing
 * @advice: how to get more names or fewer losses; NULL if there is nothing to say
 */
struct summary {
	const struct profile_totals *totals;
	uint64_t frames;
	uint64_t named;
	uint32_t nr_modules;
	struct summary_module *modules;
	char *samples;
	char *losses;
	char *completeness;
	char *advice;
};

int summary__init(struct summary *summary, const struct profile *profile);
void summary__exit(struct summary *summary);

#endif /* PROFBUF_VIEW_SUMMARY_H */
