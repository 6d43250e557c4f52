// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../../module/unwind.h"
#include "rule.h"
#include "table.h"

static bool is_valid_header(const struct profbuf_unwind_table *table, uint64_t size)
{
	uint64_t block, needed;

	if (size < sizeof(*table) || table->magic != PROFBUF_UNWIND_MAGIC ||
	    table->header_size != sizeof(*table) || table->size != size ||
	    table->start >= table->end || table->end > INT64_MAX || !table->nr_rows ||
	    !table->nr_rules || table->nr_rules > 65536 ||
	    table->block_shift < PROFBUF_UNWIND_BLOCK_SHIFT_MIN ||
	    table->block_shift > PROFBUF_UNWIND_BLOCK_SHIFT_MAX)
		return false;
	block = 1ULL << table->block_shift;
	if ((table->end - table->start + block - 1) >> table->block_shift != table->nr_blocks)
		return false;
	needed = sizeof(*table) + table->nr_rules * sizeof(struct profbuf_unwind_rule) +
		 ((uint64_t)table->nr_blocks + 1) * sizeof(__u32) +
		 (uint64_t)table->nr_rows * sizeof(struct profbuf_unwind_row);
	return needed == size;
}

static bool is_valid_block(const struct profbuf_unwind_table *table, uint32_t block)
{
	const struct profbuf_unwind_row *row = profbuf_unwind_rows(table);
	const uint32_t *index = profbuf_unwind_index(table);
	uint32_t first = index[block], last = index[block + 1], i;
	uint64_t room = table->end - table->start - ((uint64_t)block << table->block_shift);

	if (room > 1ULL << table->block_shift)
		room = 1ULL << table->block_shift;
	if (first > last || last > table->nr_rows)
		return false;
	for (i = first; i < last; i++)
		if (row[i].position >= room || row[i].rule >= table->nr_rules ||
		    (i > first && row[i].position <= row[i - 1].position))
			return false;
	return true;
}

int unwind_table__check(const void *data, size_t size)
{
	const struct profbuf_unwind_table *table = data;
	const uint32_t *index;
	uint32_t i;

	if (!is_valid_header(table, size))
		return -EBADMSG;
	for (i = 0; i < table->nr_rules; i++)
		if (!unwind_rule__is_valid(&profbuf_unwind_rules(table)[i]))
			return -EBADMSG;
	index = profbuf_unwind_index(table);
	if (index[0] || index[table->nr_blocks] != table->nr_rows)
		return -EBADMSG;
	for (i = 0; i < table->nr_blocks; i++)
		if (!is_valid_block(table, i))
			return -EBADMSG;
	return 0;
}

const struct profbuf_unwind_rule *unwind_table__find(const struct profbuf_unwind_table *table,
						     uint64_t offset)
{
	struct profbuf_unwind_parts parts;

	profbuf_unwind_parts(&parts, table);
	return profbuf_unwind_find(&parts, offset);
}

/* Where row @number begins; @block: at first one that it is not before, then its own. */
static uint64_t row_start(const struct profbuf_unwind_table *table, uint32_t number,
			  uint32_t *block)
{
	const uint32_t *index = profbuf_unwind_index(table);

	if (number == table->nr_rows)
		return table->end;
	while (index[*block + 1] <= number)
		(*block)++;
	return table->start + ((uint64_t)*block << table->block_shift) +
	       profbuf_unwind_rows(table)[number].position;
}

bool unwind_table__next(const struct profbuf_unwind_table *table, struct unwind_table_row *row)
{
	const struct profbuf_unwind_row *rows = profbuf_unwind_rows(table);

	if (row->number == table->nr_rows)
		return false;
	row->rule = &profbuf_unwind_rules(table)[rows[row->number].rule];
	row->start = row_start(table, row->number, &row->block);
	row->number++;
	row->end = row_start(table, row->number, &row->block);
	return true;
}
