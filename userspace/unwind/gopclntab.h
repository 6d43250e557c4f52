/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gopclntab: what Go programs have in .gopclntab, stripped or not: of each function its position,
 * its name, and how much of the stack it has taken at each instruction.
 *
 * The format has changed with Go 1.16, 1.18 and 1.20.
 */
#ifndef PROFBUF_UNWIND_GOPCLNTAB_H
#define PROFBUF_UNWIND_GOPCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "code.h"
#include "symbol/image.h"

struct gopclntab_relocation;

/**
 * struct gopclntab - such a table
 * @data: from its header up to the end of what it is in
 * @size: in bytes
 * @address: of it, in the file's own numbering of addresses
 * @version: one of those below
 * @nr_functions: how many
 * @text: address that positions are relative to, from GOPCLNTAB_1_18 on
 * @names: of functions
 * @stacks: how much they have taken of the stack, and other tables by position
 * @functions: their index
 * @relocations: of words of the table, by address. NULL: they are there as they are
 * @nr_relocations: how many
 */
struct gopclntab {
	const uint8_t *data;
	size_t size;
	uint64_t address;
	enum {
		GOPCLNTAB_1_16,
		GOPCLNTAB_1_18,
		GOPCLNTAB_1_20,
	} version;
	uint32_t nr_functions;
	uint64_t text;
	struct bytes names;
	struct bytes stacks;
	struct bytes functions;
	struct gopclntab_relocation *relocations;
	size_t nr_relocations;
};

/* It is the first of its stack. */
#define GOPCLNTAB_TOP_FRAME	(1U << 0)
/* It changes its stack. */
#define GOPCLNTAB_SP_WRITE	(1U << 1)

/**
 * struct gopclntab_function - a function
 * @start: address of its first byte
 * @end: address up to which it can reach
 * @name: of it, and what comes behind that
 * @flags: GOPCLNTAB_*; Go 1.16 sets none
 * @stack: to be read with gopclntab__next_stack(); empty: it is not Go's
 */
struct gopclntab_function {
	uint64_t start;
	uint64_t end;
	struct bytes name;
	uint8_t flags;
	struct bytes stack;
};

/**
 * struct gopclntab_stack - how much a function has taken of its stack at some instructions
 * @start: address of the first; the function's at first
 * @end: address behind the last; the function's start at first
 * @size: in bytes, without the return address; -1 at first
 */
struct gopclntab_stack {
	uint64_t start;
	uint64_t end;
	int64_t size;
};

/* -ENODATA: there is none that can be read; -ENOMEM. */
int gopclntab__find(struct gopclntab *table, const struct image *image, struct code *code);

void gopclntab__free(struct gopclntab *table);

/* The function of that number. false: it is damaged. */
bool gopclntab__function(const struct gopclntab *table, uint32_t number,
			 struct gopclntab_function *function);

/* Is that its name? */
bool gopclntab__is_named(const struct gopclntab_function *function, const char *name);

/* false: behind the last, or damaged. */
bool gopclntab__next_stack(struct gopclntab_function *function, struct gopclntab_stack *stack);

#endif /* PROFBUF_UNWIND_GOPCLNTAB_H */
