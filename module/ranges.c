// SPDX-License-Identifier: GPL-2.0
/*
 * Which addresses of a space are executable, as its mappings say.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/slab.h>

#include "ranges.h"

/* An interrupt looks at no more mappings than that. */
#define RANGES_LOOK_MAX		1000

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
	u32 n = ranges->count;

	if (!(vma->vm_flags & VM_EXEC))
		return 0;
	if (n && ranges->range[n - 1].end == vma->vm_start) {
		ranges->range[n - 1].end = vma->vm_end;
		return 0;
	}
	if (n == ranges->capacity)
		return -ENOSPC;
	ranges->range[n].start = vma->vm_start;
	ranges->range[n].end = vma->vm_end;
	ranges->count = n + 1;
	return 0;
}

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
