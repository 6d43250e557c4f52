// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "held_frames.h"
#include "util/array.h"

/* The oldest are forgotten: the first record of a space comes soon after its first frame. */
#define HELD_BYTES	(16U << 20)

/**
 * struct held_frame - a frame that waits
 * @next: the next one
 * @space: ID of the space
 * @frame: the frame
 */
struct held_frame {
	struct held_frame *next;
	uint64_t space;
	struct profbuf_frame frame;
};

static bool is_wanted(const struct held_frames *held, uint64_t space)
{
	uint32_t cursor, i;

	index_for_each_candidate(&held->space_index, hash_pair(space, 0), cursor, i) {
		if (held->spaces[i] == space)
			return true;
	}
	return false;
}

/* @before: the one before it, or NULL. */
static void forget(struct held_frames *held, struct held_frame *frame, struct held_frame *before)
{
	if (before)
		before->next = frame->next;
	else
		held->first = frame->next;
	if (held->last == frame)
		held->last = before;
	held->bytes -= frame->frame.size;
	free(frame);
}

/**
 * held_frames__add - write a frame, or have it wait
 * @held: the frames that wait
 * @writer: where it is written if there have been records of its space
 * @frame: a SPACE frame
 * @space: ID of the space
 *
 * Return: 0 or a negative errno.
 */
int held_frames__add(struct held_frames *held, struct writer *writer,
		     const struct profbuf_frame *frame, uint64_t space)
{
	struct held_frame *waiting;

	if (is_wanted(held, space))
		return writer__add(writer, frame);
	waiting = malloc(offsetof(struct held_frame, frame) + frame->size);
	if (!waiting)
		return -ENOMEM;
	waiting->next = NULL;
	waiting->space = space;
	memcpy(&waiting->frame, frame, frame->size);
	if (held->last)
		held->last->next = waiting;
	else
		held->first = waiting;
	held->last = waiting;
	held->bytes += frame->size;
	while (held->bytes > HELD_BYTES)
		forget(held, held->first, NULL);
	return 0;
}

/**
 * held_frames__want - write what waits of a space, and what comes
 * @held: the frames that wait
 * @writer: where to
 * @space: ID of the space, of which there is a record
 *
 * Return: 0 or a negative errno.
 */
int held_frames__want(struct held_frames *held, struct writer *writer, uint64_t space)
{
	struct held_frame *frame, *next, *before = NULL;
	int err = 0;

	if (is_wanted(held, space))
		return 0;
	if (array__reserve(&held->spaces, held->nr_spaces, &held->max_spaces,
			   sizeof(*held->spaces)) ||
	    index__insert(&held->space_index, hash_pair(space, 0), held->nr_spaces))
		return -ENOMEM;
	held->spaces[held->nr_spaces++] = space;
	for (frame = held->first; !err && frame; frame = next) {
		next = frame->next;
		if (frame->space != space) {
			before = frame;
			continue;
		}
		err = writer__add(writer, &frame->frame);
		forget(held, frame, before);
	}
	return err;
}

/**
 * held_frames__exit - forget all
 * @held: the frames that wait
 */
void held_frames__exit(struct held_frames *held)
{
	while (held->first)
		forget(held, held->first, NULL);
	free(held->spaces);
	index__free(&held->space_index);
}
