/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where stacks end, in words.
 */
#ifndef PROFBUF_VIEW_ENDS_H
#define PROFBUF_VIEW_ENDS_H

#include "profile/profile.h"

/**
 * struct end_text - what is said of stacks that end somewhere
 * @name: for programs
 * @reason: for people: why callers are missing; NULL where none are, or nobody knows
 * @advice: what helps, or NULL
 */
struct end_text {
	const char *name;
	const char *reason;
	const char *advice;
};

const struct end_text *end_text(uint8_t end);

/**
 * struct ends - stacks that do not reach their root
 * @nr: number of reasons
 * @end: these, the most frequent one first: enum profile_end
 */
struct ends {
	uint32_t nr;
	uint8_t end[PROFILE_NR_ENDS];
};

void ends__init(struct ends *ends, const struct profile_totals *totals);

#endif /* PROFBUF_VIEW_ENDS_H */
