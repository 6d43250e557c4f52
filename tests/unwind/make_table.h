/* SPDX-License-Identifier: GPL-2.0 */
/*
 * make_table: tables made by hand.
 */
#ifndef PROFBUF_UNWIND_MAKE_TABLE_H
#define PROFBUF_UNWIND_MAKE_TABLE_H

#include <linux/profbuf_unwind.h>
#include <stddef.h>

/**
 * struct make_row - a row
 * @position: offset in the file
 * @rule: number of the rule
 */
struct make_row {
	__u64 position;
	__u16 rule;
};

/*
 * A table of the code from @start up to @end, of rows in the order of their positions. It is
 * malloc()ed, exactly as large as it says.
 */
struct profbuf_unwind_table *make_table(__u64 start, __u64 end, __u32 block_shift,
					const struct profbuf_unwind_rule *rules, size_t nr_rules,
					const struct make_row *rows, size_t nr_rows);

#endif /* PROFBUF_UNWIND_MAKE_TABLE_H */
