/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From an input to a profile with names: what report and its like have in common.
 */
#ifndef PROFBUF_CMD_LOAD_H
#define PROFBUF_CMD_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"
#include "profile/profile.h"
#include "symbol/symbol.h"

#define LOAD_MAX_PIDS 64

#define DEFAULT_RECORDING "profbuf.data"

/**
 * struct names - where names for addresses come from while a stream is read
 * @symbols: the resolver
 * @info_seen: an INFO frame came
 * @recorded: the stream brings its own names: nothing is looked up on this machine
 * @same_boot: the kernel of the stream is the one that runs
 */
struct names {
	struct symbols *symbols;
	bool info_seen;
	bool recorded;
	bool same_boot;
};

int names__init(struct names *names);
void names__exit(struct names *names);
int names__info(struct names *names, const struct profbuf_info *info);
void names__process(struct names *names, uint32_t pid, uint64_t time);

/**
 * struct load - a profile on its way
 * @by_thread: keep the stacks of threads apart
 * @pids: only these processes
 * @nr_pids: how many; 0: all
 * @comm: only threads with this name, a shell pattern; NULL: all
 * @profile: the profile
 * @names: where its names are from
 * @damaged: the stream ended with an error
 */
struct load {
	bool by_thread;
	uint32_t pids[LOAD_MAX_PIDS];
	uint32_t nr_pids;
	const char *comm;
	struct profile *profile;
	struct names names;
	bool damaged;
};

int load__run(struct load *load, const char *path);
void load__exit(struct load *load);

#endif /* PROFBUF_CMD_LOAD_H */
