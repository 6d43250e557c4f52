/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which records of a stream are wanted.
 */
#ifndef PROFBUF_CMD_FILTER_H
#define PROFBUF_CMD_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

#include "options.h"

#define FILTER_MAX_PIDS 64

#define OPTION_FILTER_PID	'p'
#define OPTION_FILTER_COMM	'c'

/* Rows of an option table. */
#define FILTER_OPTIONS \
	{ OPTION_FILTER_PID, "pid", "PID", "only this process; may be given several times", \
	  "PID" }, \
	{ OPTION_FILTER_COMM, "comm", "NAME", "only threads with this name, a shell pattern" }

/**
 * struct filter - what is wanted
 * @pids: these processes
 * @nr_pids: how many; 0: all
 * @comm: threads with this name, a shell pattern; NULL: all
 */
struct filter {
	uint32_t pids[FILTER_MAX_PIDS];
	uint32_t nr_pids;
	const char *comm;
};

int filter__option(struct filter *filter, struct options *options, int option);
bool filter__wants(const struct filter *filter, const struct profbuf_record *record);

#endif /* PROFBUF_CMD_FILTER_H */
