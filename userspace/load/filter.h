/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which records of a stream are wanted.
 */
#ifndef PROFBUF_LOAD_FILTER_H
#define PROFBUF_LOAD_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

#define FILTER_MAX_PIDS 64

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

bool filter__wants(const struct filter *filter, const struct profbuf_record *record);

#endif /* PROFBUF_LOAD_FILTER_H */
