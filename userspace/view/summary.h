/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a view stands on: how much was sampled, what was lost, how late timers were, how complete
 * stacks and names are.
 */
#ifndef PROFBUF_VIEW_SUMMARY_H
#define PROFBUF_VIEW_SUMMARY_H

#include <stdint.h>

#include "ends.h"
#include "profile/profile.h"
#include "symbol/symbol.h"

/* Of a list of modules only the first ones are named, and advised on. */
#define SUMMARY_MODULES		3
/* And of places where stacks end, and reasons for that. */
#define SUMMARY_ENDS		5
/* Of places, what is left of these, what helps there, modules, losses, cost. */
#define SUMMARY_ADVICE_MAX	(SUMMARY_ENDS + 1 + SUMMARY_ENDS + SUMMARY_MODULES + 2)
#define SUMMARY_REMARKS_MAX	2

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
 * @ends: where and why stacks are incomplete
 * @samples: how many samples, CPU time
 * @losses: what was lost, where, when
 * @completeness: what share of stacks and frames is whole; where names are missing
 * @nr_remarks: lines of @remarks
 * @remarks: how late timers were, when sampling was slowed down
 * @nr_advice: lines of @advice
 * @advice: where and why stacks are incomplete; how to get whole ones, more names, fewer losses
 *
 * What is in words is UTF-8 without control characters, whatever files are called.
 */
struct summary {
	const struct profile_totals *totals;
	uint64_t frames;
	uint64_t named;
	uint32_t nr_modules;
	struct summary_module *modules;
	struct ends ends;
	char *samples;
	char *losses;
	char *completeness;
	uint32_t nr_remarks;
	char *remarks[SUMMARY_REMARKS_MAX];
	uint32_t nr_advice;
	char *advice[SUMMARY_ADVICE_MAX];
};

int summary__init(struct summary *summary, const struct profile *profile);
void summary__exit(struct summary *summary);

#endif /* PROFBUF_VIEW_SUMMARY_H */
