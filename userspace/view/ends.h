/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where stacks end, and why, in words.
 */
#ifndef PROFBUF_VIEW_ENDS_H
#define PROFBUF_VIEW_ENDS_H

#include <stdbool.h>

#include "profile/profile.h"
#include "symbol/symbol.h"

/**
 * enum end_reason - why stacks do not reach their root, besides enum profile_end
 * @END_NO_UNWIND: the file of the last frame has no unwind information
 * @END_NOT_LOADED: it has some, but no table of it was loaded
 * @END_NOT_FOUND: no table was loaded, and there is no file that tells why
 * @END_RUN_TIME: its code was made at run time
 * @END_32BIT: it is of 32 bits
 * @NR_END_REASONS: number of all of them
 */
enum end_reason {
	END_NO_UNWIND = PROFILE_NR_ENDS,
	END_NOT_LOADED,
	END_NOT_FOUND,
	END_RUN_TIME,
	END_32BIT,
	NR_END_REASONS,
};

/**
 * struct end_text - what is said of stacks that end somewhere
 * @name: for programs
 * @reason: for people: why callers are missing; NULL where none are, or nobody knows
 * @advice: what helps, or NULL
 * @in_file: it is so because of the code of the last frame, and its file is to be named
 */
struct end_text {
	const char *name;
	const char *reason;
	const char *advice;
	bool in_file;
};

const struct end_text *end_text(uint8_t reason);
bool end_wants_table(uint8_t end);
uint8_t end_reason(const struct profile *profile, const struct profile_stack *stack);

/**
 * struct end_place - stacks that end in a file for a reason
 * @reason: enum profile_end or enum end_reason
 * @module: the file of their last frames; NULL if it is no matter of that
 * @stacks: samples with such stacks
 */
struct end_place {
	uint8_t reason;
	const struct symbol_module *module;
	uint64_t stacks;
};

/**
 * struct ends - stacks that do not reach their root
 * @nr: number of @places
 * @places: where and why, the most frequent first
 */
struct ends {
	uint32_t nr;
	struct end_place *places;
};

int ends__init(struct ends *ends, const struct profile *profile);
void ends__exit(struct ends *ends);

#endif /* PROFBUF_VIEW_ENDS_H */
