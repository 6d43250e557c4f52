/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SPACE_MEMORY_H
#define PROFBUF_SPACE_MEMORY_H

#include <linux/gfp.h>
#include <linux/types.h>

struct profbuf_ranges;
struct profbuf_space;
struct profbuf_spaces;

/* Nobody is killed for it. */
#define SPACE_GFP	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

bool profbuf_space_charge(struct profbuf_spaces *spaces, size_t size);
void profbuf_space_prepare_all(struct profbuf_spaces *spaces);
struct profbuf_ranges *profbuf_space_new_ranges(struct profbuf_spaces *spaces, u32 capacity);
void profbuf_space_drop_ranges(struct profbuf_spaces *spaces, struct profbuf_ranges *ranges);
void profbuf_space_free_retired(struct profbuf_spaces *spaces);
void profbuf_space_drop(struct profbuf_spaces *spaces, struct profbuf_space *space);
void profbuf_space_free(struct profbuf_space *space);

#endif /* PROFBUF_SPACE_MEMORY_H */
