/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From an input to a profile with names: what report and its like have in common.
 */
#ifndef PROFBUF_LOAD_LOAD_H
#define PROFBUF_LOAD_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "copies.h"
#include "filter.h"
#include "input.h"
#include "names.h"
#include "profile/profile.h"
#include "util/backlog.h"

struct perf_script;

/**
 * struct load - a profile on its way
 * @by_thread: keep the stacks of threads apart
 * @filter: of which records
 * @records: gather all records as well, if it is not NULL
 * @profile: the profile
 * @names: where its names are from
 * @backlog: frames with copies, up to what is told of their spaces
 * @copies: how these are walked
 * @damaged: the stream ended with an error
 */
struct load {
	bool by_thread;
	struct filter filter;
	struct perf_script *records;
	struct profile *profile;
	struct names names;
	struct backlog backlog;
	struct copies copies;
	bool damaged;
};

int load__run(struct load *load, const char *path);
void load__exit(struct load *load);

#endif /* PROFBUF_LOAD_LOAD_H */
