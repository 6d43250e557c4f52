/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What perf script prints of a recording, for programs that read that: each sample by itself, in
 * the order of time, no matter which CPU it is from. Because of that order, and because names are
 * known last, samples are kept until all have come, in a few bytes each; those with equal stacks
 * share it.
 */
#ifndef PROFBUF_VIEW_PERF_SCRIPT_H
#define PROFBUF_VIEW_PERF_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <profbuf/profbuf.h>

#include "profile/profile.h"
#include "symbol/symbol.h"

struct perf_script;

/* How addresses get names: symbols__resolve() or the like. */
typedef const struct symbol_location *(*perf_script_resolve_fn)(void *context, uint64_t owner,
								uint64_t address, bool exact);

struct perf_script *perf_script__new(void);
void perf_script__delete(struct perf_script *script);
int perf_script__add(struct perf_script *script, const struct profbuf_record *record,
		     uint64_t owner);
int perf_script__add_loss(struct perf_script *script, const struct profbuf_loss *loss);
int perf_script__write(struct perf_script *script, FILE *file, const struct profile *profile,
		       const char *origin, perf_script_resolve_fn resolve, void *context);

#endif /* PROFBUF_VIEW_PERF_SCRIPT_H */
