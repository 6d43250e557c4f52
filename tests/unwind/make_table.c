// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "make_table.h"

struct profbuf_unwind_table *make_table(__u64 start, __u64 end, __u32 block_shift,
					const struct profbuf_unwind_rule *rules, size_t nr_rules,
					const struct make_row *rows, size_t nr_rows)
{
	size_t nr_blocks = ((end - start - 1) >> block_shift) + 1;
	struct profbuf_unwind_table header = {
		.magic = PROFBUF_UNWIND_MAGIC,
		.header_size = sizeof(header),
		.size = sizeof(header) + nr_rules * sizeof(*rules) +
			(nr_blocks + 1) * sizeof(__u32) +
			nr_rows * sizeof(struct profbuf_unwind_row),
		.start = start,
		.end = end,
		.nr_rows = nr_rows,
		.nr_blocks = nr_blocks,
		.nr_rules = nr_rules,
		.block_shift = block_shift,
	};
	struct profbuf_unwind_table *table = malloc(header.size);
	struct profbuf_unwind_row *row;
	size_t block, i = 0;
	__u32 *index;

	if (!table)
		abort();
	*table = header;
	if (nr_rules)
		memcpy(table + 1, rules, nr_rules * sizeof(*rules));
	index = (void *)((struct profbuf_unwind_rule *)(table + 1) + nr_rules);
	row = (void *)(index + nr_blocks + 1);
	for (block = 0; block < nr_blocks; block++) {
		__u64 from = start + ((__u64)block << block_shift);

		index[block] = i;
		for (; i < nr_rows && rows[i].position - from < 1ULL << block_shift; i++) {
			row[i].position = rows[i].position - from;
			row[i].rule = rows[i].rule;
		}
	}
	index[nr_blocks] = i;
	return table;
}
