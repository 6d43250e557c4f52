// SPDX-License-Identifier: GPL-2.0
/*
 * Which addresses of a space are executable, as its mappings say.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/slab.h>

#include "ranges.h"

/* An interrupt looks at no more mappings than that. */
#define RANGES_LOOK_MAX		1000

/* As if the table had not been there before any was loaded. */
#define RANGE_NOT_ASKED		1

/**
 * profbuf_ranges_alloc - make room for ranges
 * @capacity: for how many
 * @gfp: how to allocate
 *
 * Context: as @gfp says.
 * Return: no ranges yet, to be freed by kfree() or, once published, kfree_rcu(); NULL if there
 * is no memory.
 */
struct profbuf_ranges *profbuf_ranges_alloc(u32 capacity, gfp_t gfp)
{
	struct profbuf_ranges *ranges = kmalloc(struct_size(ranges, range, capacity), gfp);

	if (!ranges)
		return NULL;
	ranges->capacity = capacity;
	ranges->count = 0;
	return ranges;
}

/**
 * profbuf_ranges_add - add the addresses of a mapping, if they are executable
 * @ranges: ranges that are not published yet
 * @vma: the mapping, above all that were added before
 *
 * Context: any; the mapping must stay.
 * Return: 0, or -ENOSPC if there is no room.
 */
int profbuf_ranges_add(struct profbuf_ranges *ranges, const struct vm_area_struct *vma)
{
	struct profbuf_range *range = ranges->range + ranges->count;
	u64 key;

	if (!(vma->vm_flags & VM_EXEC))
		return 0;
	key = profbuf_table_key(vma);
	/* A just-in-time compiler may have thousands of them. */
	if (!key && ranges->count && !range[-1].key && range[-1].end == vma->vm_start) {
		range[-1].end = vma->vm_end;
		return 0;
	}
	if (ranges->count == ranges->capacity)
		return -ENOSPC;
	range->start = vma->vm_start;
	range->end = vma->vm_end;
	range->base = vma->vm_start;
	if (vma->vm_file)
		range->base -= (u64)vma->vm_pgoff << PAGE_SHIFT;
	range->key = key;
	range->table = RANGE_NOT_ASKED;
	ranges->count++;
	return 0;
}

/**
 * profbuf_range_find_table - look for the unwind table of a range's code anew
 * @range: the range
 *
 * Context: any, under RCU.
 * Return: the table, or NULL.
 */
notrace const struct profbuf_table *profbuf_range_find_table(struct profbuf_range *range)
{
	/* Before the look: one that is loaded meanwhile is looked for once more. */
	u32 loaded = atomic_read_acquire(&profbuf_tables_loaded);
	u64 id = profbuf_table_find(range->key);

	WRITE_ONCE(range->table, id ? id << 1 : (u64)loaded << 1 | 1);
	return id ? profbuf_table_get(id) : NULL;
}
NOKPROBE_SYMBOL(profbuf_range_find_table);

/**
 * profbuf_ranges_look - find out what is executable, without waiting
 * @ranges: where to put it; what was there is forgotten
 * @mm: the address space, of which nothing can be mapped or unmapped meanwhile
 *
 * Context: any in which the address space's lock can be held for reading.
 * Return: 0, or -ENOSPC if there is no room, or there are too many mappings.
 */
int profbuf_ranges_look(struct profbuf_ranges *ranges, struct mm_struct *mm)
{
	VMA_ITERATOR(iterator, mm, 0);
	struct vm_area_struct *vma;
	int error;

	if (mm->map_count > RANGES_LOOK_MAX)
		return -ENOSPC;
	ranges->count = 0;
	for_each_vma(iterator, vma) {
		error = profbuf_ranges_add(ranges, vma);
		if (error)
			return error;
	}
	return 0;
}
