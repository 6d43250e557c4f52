/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table: read a table of linux/profbuf_unwind.h.
 */
#ifndef PROFBUF_UNWIND_TABLE_H
#define PROFBUF_UNWIND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/profbuf_unwind.h>

/*
 * Is it one that the kernel takes? All else here relies on that. @table has the alignment of a
 * pointer. -EBADMSG: it is not.
 */
int unwind_table__check(const void *table, size_t size);

/* The rule of the code at @offset in the file. NULL: there is none. */
const struct profbuf_unwind_rule *unwind_table__find(const struct profbuf_unwind_table *table,
						     uint64_t offset);

/**
 * struct unwind_table_row - a row, when all are gone through
 * @number: of the next one; 0 at first
 * @block: where that is looked for; 0 at first
 * @start: offset in the file from which on it holds
 * @end: offset up to which it does
 * @rule: its rule
 */
struct unwind_table_row {
	uint32_t number;
	uint32_t block;
	uint64_t start;
	uint64_t end;
	const struct profbuf_unwind_rule *rule;
};

/* The next row; false behind the last. */
bool unwind_table__next(const struct profbuf_unwind_table *table, struct unwind_table_row *row);

#endif /* PROFBUF_UNWIND_TABLE_H */
