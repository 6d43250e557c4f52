/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SPACE_LOOK_H
#define PROFBUF_SPACE_LOOK_H

#include <linux/mm_types.h>
#include <linux/slab.h>
#include <linux/types.h>

struct file;
struct profbuf_space;
struct profbuf_spaces;

/**
 * struct space_mapping - what was seen of a mapping
 * @start: first address
 * @end: address after the last one
 * @offset: in the file, in pages
 * @file: the file, of which it holds a reference; or NULL
 * @flags: PROFBUF_MAPPING_GONE and the like
 * @generation: up to which it was there
 */
struct space_mapping {
	unsigned long start;
	unsigned long end;
	unsigned long offset;
	struct file *file;
	u32 flags;
	u32 generation;
};

/* Fills a kilobyte. */
#define SPACE_CHUNK_MAPPINGS	25

/**
 * struct space_chunk - some mappings
 * @next: more of them
 * @count: how many there are here
 * @mapping: these
 */
struct space_chunk {
	struct space_chunk *next;
	u32 count;
	struct space_mapping mapping[SPACE_CHUNK_MAPPINGS];
};

/**
 * struct space_look - what was seen of an address space
 * @chunks: mappings, in no order
 * @count: how many
 * @generation: that the space had
 * @incomplete: not all of them are there
 * @undisturbed: nothing was being unmapped meanwhile
 */
struct space_look {
	struct space_chunk *chunks;
	u32 count;
	u32 generation;
	bool incomplete;
	bool undisturbed;
};

bool profbuf_space_look(struct profbuf_spaces *spaces, struct space_look *look,
			struct profbuf_space *space, gfp_t gfp);
bool profbuf_look_add(struct profbuf_spaces *spaces, struct space_chunk **chunks, gfp_t gfp,
		      const struct space_mapping *mapping);
void profbuf_look_free(struct space_chunk *chunks);
void profbuf_look_prepare(struct profbuf_spaces *spaces);
void profbuf_look_cleanup(struct profbuf_spaces *spaces);

#endif /* PROFBUF_SPACE_LOOK_H */
