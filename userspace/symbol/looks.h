/* SPDX-License-Identifier: GPL-2.0 */
/*
 * looks: what was told of an address space, one look after another, and what an address in it stood
 * for at a generation. <linux/profbuf.h> says how that is found.
 */
#ifndef PROFBUF_SYMBOL_LOOKS_H
#define PROFBUF_SYMBOL_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "symbol.h"

/**
 * struct looks_mapping - a mapping of an address space
 * @mapping: the mapping
 * @gone: it is not there any more
 * @generation: up to which it was there, if it is @gone
 */
struct looks_mapping {
	struct symbol_mapping mapping;
	bool gone;
	uint32_t generation;
};

struct look;

/**
 * struct looks - the looks at a space
 * @list: in the order of generations
 * @nr: their number
 * @max: room for so many
 * @open: what the next frame may go on with, or NULL
 */
struct looks {
	struct look **list;
	uint32_t nr;
	uint32_t max;
	struct look *open;
};

/**
 * enum looks_answer - what is known of an address
 * @LOOKS_FOUND: its mapping
 * @LOOKS_NOTHING: nothing in a file is mapped there
 * @LOOKS_NOT_ALL: nothing that was told, but not all was told
 * @LOOKS_NOT_TOLD: nothing was told of the generation so far
 */
enum looks_answer {
	LOOKS_FOUND,
	LOOKS_NOTHING,
	LOOKS_NOT_ALL,
	LOOKS_NOT_TOLD,
};

/* The look that a frame goes on with, or begins. NULL: no memory. */
struct look *looks__begin(struct looks *looks, uint32_t generation);

/* @mapping: stays the caller's, and must stay where it is. -ENOMEM. */
int look__add(struct look *look, struct looks_mapping *mapping);

/* The frame is read. @more: the next one goes on with it; @incomplete: that was not all. */
void looks__end(struct looks *looks, struct look *look, bool more, bool incomplete);

/* Is it known what was mapped at a generation? */
bool looks__know(const struct looks *looks, uint32_t generation);

/* @mapping: set for LOOKS_FOUND. */
enum looks_answer looks__find(const struct looks *looks, uint32_t generation, uint64_t address,
			      struct looks_mapping **mapping);

/* Call @function for all that was told at a generation or last before it, until it fails. */
int looks__each(const struct looks *looks, uint32_t generation,
		int (*function)(void *context, struct looks_mapping *mapping), void *context);

void looks__free(struct looks *looks);

#endif /* PROFBUF_SYMBOL_LOOKS_H */
