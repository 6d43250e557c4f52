/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SPACE frames where only some processes are recorded: what is mapped in others is not the
 * recording's business. They wait until a record of their space is kept.
 */
#ifndef PROFBUF_RECORD_HELD_FRAMES_H
#define PROFBUF_RECORD_HELD_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "util/index.h"
#include "writer.h"

struct held_frame;

/**
 * struct held_frames - frames that wait
 * @first: the oldest
 * @last: the newest
 * @bytes: of them all
 * @spaces: IDs of the spaces of which there are records
 * @nr_spaces: their number
 * @max_spaces: room for so many
 * @space_index: to find them
 */
struct held_frames {
	struct held_frame *first;
	struct held_frame *last;
	size_t bytes;
	uint64_t *spaces;
	uint32_t nr_spaces;
	uint32_t max_spaces;
	struct index space_index;
};

int held_frames__add(struct held_frames *held, struct writer *writer,
		     const struct profbuf_frame *frame, uint64_t space);
int held_frames__want(struct held_frames *held, struct writer *writer, uint64_t space);
void held_frames__exit(struct held_frames *held);

#endif /* PROFBUF_RECORD_HELD_FRAMES_H */
