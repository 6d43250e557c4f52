/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unwind tables: what a table must be to be used, and which rule it has for a position.
 * uapi/linux/profbuf_unwind.h tells what is in one, unwind_step.h what is done by a rule.
 */
#ifndef PROFBUF_UNWIND_H
#define PROFBUF_UNWIND_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/nospec.h>
#include <linux/profbuf_unwind.h>
#include <linux/types.h>

/* Registers that rules may name. */
#define PROFBUF_UNWIND_REGISTERS	16

/* Where they are, by their number: which word of struct pt_regs, and of struct sigcontext_64. */
extern const u8 profbuf_unwind_in_regs[PROFBUF_UNWIND_REGISTERS];
extern const u8 profbuf_unwind_in_mcontext[PROFBUF_UNWIND_REGISTERS];

/* Of struct ucontext: where a struct sigcontext_64 is; and where in that registers are. */
#define PROFBUF_UNWIND_MCONTEXT		40
#define PROFBUF_UNWIND_MCONTEXT_BP	80
#define PROFBUF_UNWIND_MCONTEXT_SP	120
#define PROFBUF_UNWIND_MCONTEXT_IP	128

int profbuf_unwind_check(const void *table, size_t size);

static __always_inline const struct profbuf_unwind_rule *
profbuf_unwind_rules(const struct profbuf_unwind_table *table)
{
	return (const struct profbuf_unwind_rule *)(table + 1);
}

static __always_inline const u32 *profbuf_unwind_index(const struct profbuf_unwind_table *table)
{
	return (const u32 *)(profbuf_unwind_rules(table) + table->nr_rules);
}

static __always_inline const struct profbuf_unwind_row *
profbuf_unwind_rows(const struct profbuf_unwind_table *table)
{
	return (const struct profbuf_unwind_row *)(profbuf_unwind_index(table) +
						   table->nr_blocks + 1);
}

/**
 * struct profbuf_unwind_parts - where what of a table is
 * @rules: its rules
 * @index: its index
 * @rows: its rows
 * @start: position of the first code that it is about
 * @size: bytes of that code
 * @nr_blocks: how many blocks
 * @block_shift: blocks have 1 << this bytes
 * @block_mask: these, less 1
 */
struct profbuf_unwind_parts {
	const struct profbuf_unwind_rule *rules;
	const u32 *index;
	const struct profbuf_unwind_row *rows;
	u64 start;
	u64 size;
	u32 nr_blocks;
	u32 block_shift;
	u32 block_mask;
};

static __always_inline void profbuf_unwind_parts(struct profbuf_unwind_parts *parts,
						 const struct profbuf_unwind_table *table)
{
	parts->rules = profbuf_unwind_rules(table);
	parts->index = profbuf_unwind_index(table);
	parts->rows = profbuf_unwind_rows(table);
	parts->start = table->start;
	parts->size = table->end - table->start;
	parts->nr_blocks = table->nr_blocks;
	parts->block_shift = table->block_shift;
	parts->block_mask = (1U << table->block_shift) - 1;
}

/**
 * profbuf_unwind_find_row - look a position up
 * @parts: of a table that profbuf_unwind_check() has found right
 * @position: offset in the file
 *
 * Inlined, as nothing may be called where user memory may be accessed.
 *
 * Context: any.
 * Return: the row that holds there; NULL if there is none.
 */
static __always_inline const struct profbuf_unwind_row *
profbuf_unwind_find_row(const struct profbuf_unwind_parts *parts, u64 position)
{
	u64 block, first, count, part, offset = position - parts->start;
	const struct profbuf_unwind_row *row;

	if (offset >= parts->size)
		return NULL;
	/* The program chooses the position: not even in speculation may it lead beyond. */
	block = array_index_nospec(offset >> parts->block_shift, parts->nr_blocks);
	offset &= parts->block_mask;

	/*
	 * Looks for the last row that is not behind the position, by a binary search without
	 * branches, as nobody could predict them. The row before the block's first one is searched,
	 * too: it holds if all others are behind. Before the first row of all lies the end of the
	 * index, which may be read. The first step leaves a power of two.
	 */
	first = parts->index[block];
	count = parts->index[block + 1] - first + 1;
	row = parts->rows + first - 1;
	part = 1ULL << __fls(count);
	row += row[count - part].position <= offset ? count - part : 0;
	while (part > 1) {
		part /= 2;
		row += row[part].position <= offset ? part : 0;
	}
	return row < parts->rows ? NULL : row;
}

/**
 * profbuf_unwind_find - look the rule of a position up
 * @parts: of a table that profbuf_unwind_check() has found right
 * @position: offset in the file
 *
 * Context: any.
 * Return: the rule; NULL if there is none.
 */
static __always_inline const struct profbuf_unwind_rule *
profbuf_unwind_find(const struct profbuf_unwind_parts *parts, u64 position)
{
	const struct profbuf_unwind_row *row = profbuf_unwind_find_row(parts, position);

	return row ? parts->rules + row->rule : NULL;
}

#endif /* PROFBUF_UNWIND_H */
