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

/* Ranges that an interrupt has room for; a process of more is left to the worker. */
#define PROFBUF_RANGES_SPARE	60

/**
 * struct profbuf_ranges - executable addresses of a space, constant once published
 * @rcu: to be freed, when no interrupt uses it any more
 * @retired: before that, when an interrupt has replaced it
 * @generation: of the space, when the address space was looked at
 * @grown: of the space, at the same time
 * @shrunk: of the space, at the same time
 * @capacity: of @range
 * @count: how many there are
 * @range: sorted, apart from each other
 * @range.start: first address
 * @range.end: address after the last one
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
	struct {
		unsigned long start;
		unsigned long end;
	} range[];
};

struct profbuf_ranges *profbuf_ranges_alloc(u32 capacity, gfp_t gfp);
int profbuf_ranges_add(struct profbuf_ranges *ranges, const struct vm_area_struct *vma);
int profbuf_ranges_look(struct profbuf_ranges *ranges, struct mm_struct *mm);

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
 * @start: where to put the first address of the range that it lies in
 * @size: where to put the size of that range
 *
 * Inlined, as nothing may be called where user memory may be accessed.
 *
 * Context: any, under RCU.
 * Return: whether it lies in one.
 */
static __always_inline bool profbuf_ranges_find(const struct profbuf_ranges *ranges,
						unsigned long address, unsigned long *start,
						unsigned long *size)
{
	u32 i = profbuf_ranges_search(ranges, address);

	if (i == ranges->count || address < ranges->range[i].start)
		return false;
	*start = ranges->range[i].start;
	*size = ranges->range[i].end - *start;
	return true;
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
