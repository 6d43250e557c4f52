/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When sampling was slowed down: LIMIT frames put together.
 */
#ifndef PROFBUF_PROFILE_LIMITS_H
#define PROFBUF_PROFILE_LIMITS_H

#include <profbuf/profbuf.h>

/* So many are listed one by one. */
#define PROFILE_MAX_LIMITS 1000

/**
 * struct profile_limit - a time in which a CPU was sampled less often than asked for
 * @cpu: the CPU
 * @share: what sampling may take of its time, in 1/1000
 * @begin: CLOCK_MONOTONIC
 * @end: the same; 0: it went on as far as the stream tells
 * @cost: mean nanoseconds of an interrupt
 */
struct profile_limit {
	uint32_t cpu;
	uint32_t share;
	uint64_t begin;
	uint64_t end;
	uint64_t cost;
};

/**
 * struct profile_limits - all of these times
 * @list: those that are told one by one, at most PROFILE_MAX_LIMITS
 * @nr: their number
 * @max: room for so many
 * @times: how many there were, with those too short to be told one by one
 * @ns: how long they were, as far as they are told
 */
struct profile_limits {
	struct profile_limit *list;
	uint32_t nr;
	uint32_t max;
	uint64_t times;
	uint64_t ns;
};

int limits__add(struct profile_limits *limits, uint32_t cpu, const struct profbuf_limit *frame);
void limits__finish(struct profile_limits *limits, uint64_t last);
void limits__free(struct profile_limits *limits);

#endif /* PROFBUF_PROFILE_LIMITS_H */
