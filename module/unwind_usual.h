/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that nearly all code has: the CFA is sp or bp and an offset, the return address is below
 * it, and bp is still in the register or stored somewhere near. They are made ready for use when
 * a table is loaded, and those of code that was walked are kept in a cache.
 */
#ifndef PROFBUF_UNWIND_USUAL_H
#define PROFBUF_UNWIND_USUAL_H

#include <linux/types.h>

struct profbuf_unwind_table;

/* So far below the CFA the return address and bp are looked for. */
#define PROFBUF_UNWIND_BELOW	2048

/* A power of two. */
#define PROFBUF_UNWIND_CACHED	1024

/**
 * enum profbuf_unwind_usual_bp - where a usual rule finds bp
 * @PROFBUF_UNWIND_BP_KEPT: it is what it was
 * @PROFBUF_UNWIND_BP_STORED: it is stored
 * @PROFBUF_UNWIND_UNUSUAL: the rule is none of the usual ones
 */
enum profbuf_unwind_usual_bp {
	PROFBUF_UNWIND_BP_KEPT,
	PROFBUF_UNWIND_BP_STORED,
	PROFBUF_UNWIND_UNUSUAL,
};

/**
 * struct profbuf_unwind_usual - a rule, ready for use
 * @below: CFA - PROFBUF_UNWIND_BELOW, from sp, or from bp if @from_bp
 * @bp_offset: from there, where bp is stored
 * @from_bp: see @below
 * @bp: enum profbuf_unwind_usual_bp
 */
struct profbuf_unwind_usual {
	s32 below;
	u16 bp_offset;
	u8 from_bp;
	u8 bp;
};

/**
 * struct profbuf_unwind_entry - the rule of a piece of code
 * @tag: what code: ID of the table in the upper half, never 0, position in the lower one
 * @rule: its rule
 */
struct profbuf_unwind_entry {
	u64 tag;
	struct profbuf_unwind_usual rule;
};

/**
 * struct profbuf_unwind_cache - rules of code that was walked
 * @entries: each at the place that the position says; all 0 at first
 *
 * Nobody else uses it during a walk.
 */
struct profbuf_unwind_cache {
	struct profbuf_unwind_entry entries[PROFBUF_UNWIND_CACHED];
};

void profbuf_unwind_prepare(const struct profbuf_unwind_table *table,
			    struct profbuf_unwind_usual *usual);

#endif /* PROFBUF_UNWIND_USUAL_H */
