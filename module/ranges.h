/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which addresses of a space are executable.
 */
#ifndef PROFBUF_RANGES_H
#define PROFBUF_RANGES_H

#include <linux/llist.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "table.h"

/* Ranges that an interrupt has room for; a process of more is left to the worker. */
#define PROFBUF_RANGES_SPARE	60

/**
 * struct profbuf_range - executable addresses that are mapped as one
 * @start: first address
 * @end: address after the last one
 * @base: what is subtracted from an address for its position in the file
 * @key: of the file, by which its unwind table is found; 0: there can be none
 * @table: ID of the table, shifted by 1; or, of how many that were loaded it is none, with bit 0
 *	set. In one word, so that interrupts of several CPUs may write it at the same time
 */
struct profbuf_range {
	unsigned long start;
	unsigned long end;
	u64 base;
	u64 key;
	u64 table;
};

/**
 * struct profbuf_ranges - executable addresses of a space, constant but for @table once published
 * @rcu: to be freed, when no interrupt uses it any more
 * @retired: before that, when an interrupt has replaced it
 * @generation: of the space, when the address space was looked at
 * @grown: of the space, at the same time
 * @shrunk: of the space, at the same time
 * @capacity: of @range
 * @count: how many there are
 * @range: sorted
 */
struct profbuf_ranges {
	union {
		struct rcu_head rcu;
		struct llist_node retired;
	};
	u32 generation;
	u32 grown;
	u32 shrunk;
	u32 capacity;
	u32 count;
	struct profbuf_range range[];
};

struct profbuf_ranges *profbuf_ranges_alloc(u32 capacity, gfp_t gfp);
int profbuf_ranges_add(struct profbuf_ranges *ranges, const struct vm_area_struct *vma);
int profbuf_ranges_look(struct profbuf_ranges *ranges, struct mm_struct *mm);
const struct profbuf_table *profbuf_range_find_table(struct profbuf_range *range);

/* Returns the first range that ends behind an address, or the count of ranges. */
static __always_inline u32 profbuf_ranges_search(const struct profbuf_ranges *ranges,
						 unsigned long address)
{
	u32 low = 0, high = ranges->count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (address >= ranges->range[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * profbuf_ranges_find - look an address up
 * @ranges: the ranges
 * @address: the address
 *
 * Inlined, as nothing may be called where user memory may be accessed.
 *
 * Context: any, under RCU.
 * Return: the range that it lies in, or NULL.
 */
static __always_inline struct profbuf_range *profbuf_ranges_find(struct profbuf_ranges *ranges,
								 unsigned long address)
{
	u32 i = profbuf_ranges_search(ranges, address);

	if (i == ranges->count || address < ranges->range[i].start)
		return NULL;
	return &ranges->range[i];
}

static __always_inline bool profbuf_range_has(const struct profbuf_range *range,
					      unsigned long address)
{
	return address - range->start < range->end - range->start;
}

/**
 * profbuf_range_table - the unwind table of a range's code
 * @range: the range
 *
 * Context: any, under RCU.
 * Return: the table, or NULL.
 */
static __always_inline const struct profbuf_table *
profbuf_range_table(struct profbuf_range *range)
{
	u64 known = READ_ONCE(range->table);
	const struct profbuf_table *table;

	if (known & 1) {
		if (!range->key || known >> 1 == (u32)atomic_read(&profbuf_tables_loaded))
			return NULL;
	} else {
		table = profbuf_table_get(known >> 1);
		if (likely(table))
			return table;
	}
	return profbuf_range_find_table(range);
}

/**
 * profbuf_ranges_overlap - is any of these addresses executable?
 * @ranges: the ranges
 * @start: first address
 * @end: address after the last one
 *
 * Context: any, under RCU.
 * Return: whether one is.
 */
static inline bool profbuf_ranges_overlap(const struct profbuf_ranges *ranges,
					  unsigned long start, unsigned long end)
{
	u32 i = profbuf_ranges_search(ranges, start);

	return i < ranges->count && ranges->range[i].start < end;
}

#endif /* PROFBUF_RANGES_H */
