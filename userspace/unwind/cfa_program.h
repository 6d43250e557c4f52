/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cfa_program: the instructions by which DWARF tells, for each address of a function, where the CFA
 * and the caller's registers are.
 *
 * Of the columns, those of rbp, rsp and of the return address matter here.
 */
#ifndef PROFBUF_UNWIND_CFA_PROGRAM_H
#define PROFBUF_UNWIND_CFA_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/profbuf_unwind.h>

#include "bytes.h"
#include "expression.h"

enum place_kind {
	PLACE_UNTOLD,		/* nothing was said */
	PLACE_SAME,		/* the caller's value is still in it */
	PLACE_UNDEFINED,	/* it is lost */
	PLACE_CFA,		/* in memory, at the CFA + @offset */
	PLACE_MEMORY,		/* in memory, at the register @number + @offset */
	PLACE_REGISTER,		/* in the register @number */
	PLACE_VALUE_CFA,	/* it is the CFA + @offset */
	PLACE_OTHER,
};

/**
 * struct place - where a register of the caller is
 * @kind: enum place_kind
 * @number: see there
 * @offset: see there
 */
struct place {
	uint8_t kind;
	uint8_t number;
	int64_t offset;
};

enum cfa_column {
	COLUMN_BP,
	COLUMN_SP,
	COLUMN_RA,
	COLUMNS
};

/**
 * struct cfa_state - a row of DWARF's table
 * @cfa: how the CFA is found
 * @places: the caller's registers, by enum cfa_column
 */
struct cfa_state {
	struct value cfa;
	struct place places[COLUMNS];
};

/**
 * struct cfa_common - what a CIE says for many functions
 * @code_factor: of advances
 * @data_factor: of offsets
 * @ra: column of the return address
 * @signal: these functions are what signal handlers return to
 * @initial: before the first instruction
 */
struct cfa_common {
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t ra;
	bool signal;
	struct cfa_state initial;
};

/**
 * struct cfa_function - a function, that is, an FDE
 * @common: its CIE
 * @start: its address
 * @end: of what comes behind it
 * @address: reads an address as the CIE encodes them; false: it cannot be known
 * @row: is told that from @start to @end this is the rule, in the order of addresses
 * @context: the first argument of both
 */
struct cfa_function {
	const struct cfa_common *common;
	uint64_t start;
	uint64_t end;
	bool (*address)(void *context, struct bytes *bytes, uint64_t *address);
	int (*row)(void *context, uint64_t start, uint64_t end,
		   const struct profbuf_unwind_rule *rule);
	void *context;
};

/*
 * The first instructions, those of a CIE, which tell what is true at the start: they go
 * into @common->initial. -EBADMSG: they are damaged.
 */
int cfa_program__begin(struct cfa_common *common, struct bytes program);

/*
 * Those of a function. -EBADMSG: they are damaged; from there on the rule is
 * PROFBUF_UNWIND_UNKNOWN. What @function->row returns, if that is not 0.
 */
int cfa_program__run(const struct cfa_function *function, struct bytes program);

#endif /* PROFBUF_UNWIND_CFA_PROGRAM_H */
