/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rows: what is known of a file's code, gathered range by range, and made into a table.
 *
 *	struct unwind_rows rows = { 0 };
 *
 *	unwind_rows__add(&rows, 0x1000, 0x1004, &rule);
 *	...
 *	unwind_rows__make_table(&rows, &table);
 *	unwind_rows__free(&rows);
 */
#ifndef PROFBUF_UNWIND_ROWS_H
#define PROFBUF_UNWIND_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/profbuf_unwind.h>

#include "util/index.h"

struct unwind_range;

/**
 * struct unwind_rows - ranges, each with a rule
 * @ranges: of positions
 * @nr_ranges: how many
 * @max_ranges: room for so many
 * @rules: what their rules are numbers of, each different one once
 * @nr_rules: how many
 * @max_rules: room for so many
 * @index: rules by what they say
 * @next_order: more than that of all ranges; what was added before has a lower one
 * @last: number of the rule of the range that was added last
 * @settled: the ranges are sorted and do not overlap
 */
struct unwind_rows {
	struct unwind_range *ranges;
	uint32_t nr_ranges;
	uint32_t max_ranges;
	struct profbuf_unwind_rule *rules;
	uint32_t nr_rules;
	uint32_t max_rules;
	struct index index;
	uint32_t next_order;
	uint32_t last;
	bool settled;
};

/*
 * Of the code from offset @start in the file up to @end, @rule tells how to find its caller. Where
 * ranges overlap, the one that was added first holds. -E2BIG: more than any real file has.
 */
int unwind_rows__add(struct unwind_rows *rows, uint64_t start, uint64_t end,
		     const struct profbuf_unwind_rule *rule);

/* A range that gives way to all others, also to those that are added later. */
int unwind_rows__add_weak(struct unwind_rows *rows, uint64_t start, uint64_t end,
			  const struct profbuf_unwind_rule *rule);

/* All that @others have, which come later than what is there. */
int unwind_rows__add_all(struct unwind_rows *rows, const struct unwind_rows *others);

/*
 * The first range from @start up to @end of which nothing is known goes there. Return: 1, 0 if
 * there is none, -ENOMEM.
 */
int unwind_rows__next_gap(struct unwind_rows *rows, uint64_t *start, uint64_t *end);

/*
 * Gaps that hold nothing but padding, as is_padding() has it of short ones, are given to what
 * is before them: they cost no row then. -ENOMEM.
 */
int unwind_rows__fill_padding(struct unwind_rows *rows,
			      bool (*is_padding)(void *context, uint64_t start, uint64_t end),
			      void *context);

/* The table, to be freed. -ENODATA: nothing is known; -ENOMEM. */
int unwind_rows__make_table(struct unwind_rows *rows, struct profbuf_unwind_table **table);

void unwind_rows__free(struct unwind_rows *rows);

#endif /* PROFBUF_UNWIND_ROWS_H */
