// SPDX-License-Identifier: GPL-2.0
/*
 * A look at what is mapped in an address space.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>

#include "space.h"
#include "space_look.h"

/* What is kept for those who cannot allocate. */
#define LOOK_CHUNKS	64

/* More mappings of a space are not told. */
#define LOOK_MAX	4096

static struct space_chunk *look_chunk(struct profbuf_spaces *spaces, gfp_t gfp)
{
	struct space_chunk *chunk = NULL;
	unsigned long flags;

	if (gfp)
		chunk = kmalloc(sizeof(*chunk), gfp);
	if (!chunk) {
		raw_spin_lock_irqsave(&spaces->lock, flags);
		chunk = spaces->chunks;
		if (chunk) {
			spaces->chunks = chunk->next;
			spaces->nr_chunks--;
		}
		raw_spin_unlock_irqrestore(&spaces->lock, flags);
	}
	if (chunk)
		chunk->count = 0;
	return chunk;
}

/**
 * profbuf_look_add - note a mapping
 * @spaces: the spaces
 * @chunks: where to; the caller's alone
 * @gfp: how to allocate; 0 for nothing but what is prepared
 * @mapping: what to note; takes over the reference to its file, unless it fails
 *
 * Context: as @gfp says.
 * Return: whether there was memory.
 */
bool profbuf_look_add(struct profbuf_spaces *spaces, struct space_chunk **chunks, gfp_t gfp,
		      const struct space_mapping *mapping)
{
	struct space_chunk *chunk = *chunks;

	if (!chunk || chunk->count == SPACE_CHUNK_MAPPINGS) {
		chunk = look_chunk(spaces, gfp);
		if (!chunk)
			return false;
		chunk->next = *chunks;
		*chunks = chunk;
	}
	chunk->mapping[chunk->count++] = *mapping;
	return true;
}

static bool look_add_vma(struct profbuf_spaces *spaces, struct space_look *look,
			 const struct vm_area_struct *vma, gfp_t gfp)
{
	struct space_mapping mapping = {
		.start = vma->vm_start,
		.end = vma->vm_end,
		.offset = vma->vm_pgoff,
		.file = vma->vm_file,
		.generation = look->generation,
	};

	if (!mapping.file) {
		mapping.offset = 0;
		mapping.flags = PROFBUF_MAPPING_ANONYMOUS;
		if (vma->vm_start == (unsigned long)vma->vm_mm->context.vdso)
			mapping.flags = PROFBUF_MAPPING_VDSO;
	}
	if (look->count == LOOK_MAX || !profbuf_look_add(spaces, &look->chunks, gfp, &mapping))
		return false;
	if (mapping.file)
		get_file(mapping.file);
	look->count++;
	return true;
}

/**
 * profbuf_space_look - look at what is mapped to be executed
 * @spaces: the spaces
 * @look: where to put it
 * @space: the space, in which nothing can be mapped meanwhile. Mappings that are being taken away
 *	may be missing: who takes them away has yet to tell that they were there
 * @gfp: how to allocate; 0 for nothing but what is prepared
 *
 * Context: as @gfp says.
 * Return: whether nothing is missing.
 */
bool profbuf_space_look(struct profbuf_spaces *spaces, struct space_look *look,
			struct profbuf_space *space, gfp_t gfp)
{
	VMA_ITERATOR(iterator, space->mm, 0);
	struct vm_area_struct *vma;

	look->generation = atomic_read(&space->generation);
	for_each_vma(iterator, vma) {
		if (vma->vm_flags & VM_EXEC && !look_add_vma(spaces, look, vma, gfp)) {
			look->incomplete = true;
			break;
		}
	}
	return !look->incomplete;
}

/**
 * profbuf_look_free - forget mappings
 * @chunks: these
 *
 * Context: process; files may be closed for good.
 */
void profbuf_look_free(struct space_chunk *chunks)
{
	struct space_chunk *next;
	u32 i;

	for (; chunks; chunks = next) {
		next = chunks->next;
		for (i = 0; i < chunks->count; i++)
			if (chunks->mapping[i].file)
				fput(chunks->mapping[i].file);
		kfree(chunks);
	}
}

/**
 * profbuf_look_prepare - make sure that there is memory for those who cannot allocate
 * @spaces: the spaces
 *
 * Context: process; sleeps.
 */
void profbuf_look_prepare(struct profbuf_spaces *spaces)
{
	struct space_chunk *chunk;
	unsigned long flags;

	while (READ_ONCE(spaces->nr_chunks) < LOOK_CHUNKS) {
		chunk = kmalloc(sizeof(*chunk), GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!chunk)
			return;
		raw_spin_lock_irqsave(&spaces->lock, flags);
		chunk->next = spaces->chunks;
		spaces->chunks = chunk;
		spaces->nr_chunks++;
		raw_spin_unlock_irqrestore(&spaces->lock, flags);
	}
}

/**
 * profbuf_look_cleanup - undo profbuf_look_prepare()
 * @spaces: the spaces, which nobody uses any more
 *
 * Context: process.
 */
void profbuf_look_cleanup(struct profbuf_spaces *spaces)
{
	struct space_chunk *chunk;

	while ((chunk = spaces->chunks)) {
		spaces->chunks = chunk->next;
		kfree(chunk);
	}
	spaces->nr_chunks = 0;
}
