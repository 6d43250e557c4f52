/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SPACE_FRAME_H
#define PROFBUF_SPACE_FRAME_H

#include <linux/list.h>
#include <linux/profbuf.h>

struct profbuf_space;
struct profbuf_spaces;
struct space_look;

/**
 * struct space_frame - a SPACE frame that waits for the reader
 * @node: in the list
 * @bytes: of the frame, which begins with struct profbuf_frame
 */
struct space_frame {
	struct list_head node;
	char bytes[] __aligned(8);
};

bool profbuf_frames_make(struct profbuf_spaces *spaces, const struct profbuf_space *space,
			 const struct space_look *look, u32 flags, u64 now);
bool profbuf_frames_full(struct profbuf_spaces *spaces);
const struct profbuf_frame *profbuf_frames_first(struct profbuf_spaces *spaces);
void profbuf_frames_pop(struct profbuf_spaces *spaces);
void profbuf_frames_free(struct profbuf_spaces *spaces);

#endif /* PROFBUF_SPACE_FRAME_H */
