// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backlog.h"
#include "machine.h"

/* Longer than it takes the kernel to tell, but for a machine that is too busy to do so. */
#define BACKLOG_NS	1000000000ULL
#define BACKLOG_BYTES	(32U << 20)

/**
 * struct backlog_frame - a frame
 * @next: the next one
 * @since: when it came, CLOCK_MONOTONIC
 * @position: up to which word spaces are known
 * @frame: the frame
 */
struct backlog_frame {
	struct backlog_frame *next;
	uint64_t since;
	uint32_t position;
	struct profbuf_frame frame;
};

/**
 * backlog__add - have a frame wait behind those that do
 * @backlog: the backlog
 * @frame: is copied
 *
 * Return: 0 or a negative errno.
 */
int backlog__add(struct backlog *backlog, const struct profbuf_frame *frame)
{
	struct backlog_frame *waiting;

	waiting = malloc(offsetof(struct backlog_frame, frame) + frame->size);
	if (!waiting)
		return -ENOMEM;
	waiting->next = NULL;
	waiting->since = machine__clock(CLOCK_MONOTONIC);
	waiting->position = 0;
	memcpy(&waiting->frame, frame, frame->size);
	if (backlog->last)
		backlog->last->next = waiting;
	else
		backlog->first = waiting;
	backlog->last = waiting;
	backlog->bytes += frame->size;
	return 0;
}

/* The place of the space word in a header; as many as there are words if it has none. */
static uint32_t space_position(const struct profbuf_stream *stream, uint32_t hdrsize)
{
	const struct profbuf_info *info = profbuf_stream__info(stream);
	const uint32_t *words;
	uint32_t i;

	if (!info)
		return PROFBUF_WORD_SPACE - 1;
	words = (const void *)((const char *)info + info->size);
	for (i = 0; i < info->nr_words && i < hdrsize; i++)
		if (words[i] == PROFBUF_WORD_SPACE)
			return i;
	return hdrsize;
}

/* What is damaged is not waited for. */
static bool is_told(const struct backlog *backlog, struct backlog_frame *waiting,
		    const struct profbuf_stream *stream)
{
	const struct profbuf_frame *frame = &waiting->frame;
	const uint64_t *words = (const void *)profbuf_frame_records(frame);
	uint32_t length, at;

	if (frame->type != PROFBUF_FRAME_SAMPLES)
		return true;
	at = space_position(stream, frame->hdrsize);
	if (at >= frame->hdrsize)
		return true;
	for (; (length = profbuf_record_check(frame, waiting->position));
	     waiting->position += length) {
		const uint64_t *header = words + waiting->position + PROFBUF_RECORD_FIXED;

		if (!backlog->is_told(backlog->context, header[at]))
			return false;
	}
	return true;
}

/**
 * backlog__first - the first frame, if it has waited long enough
 * @backlog: the backlog
 * @stream: the stream that it is of
 * @any: however long it has waited
 *
 * Return: the frame, or NULL.
 */
const struct profbuf_frame *backlog__first(struct backlog *backlog,
					   const struct profbuf_stream *stream, bool any)
{
	struct backlog_frame *first = backlog->first;

	if (!first)
		return NULL;
	if (any || is_told(backlog, first, stream) || backlog->bytes > BACKLOG_BYTES ||
	    (!backlog->at_leisure &&
	     machine__clock(CLOCK_MONOTONIC) - first->since >= BACKLOG_NS))
		return &first->frame;
	return NULL;
}

/**
 * backlog__remove - be done with the first frame
 * @backlog: the backlog, in which there is one
 */
void backlog__remove(struct backlog *backlog)
{
	struct backlog_frame *first = backlog->first;

	backlog->first = first->next;
	if (!backlog->first)
		backlog->last = NULL;
	backlog->bytes -= first->frame.size;
	free(first);
}

/**
 * backlog__free - forget all frames
 * @backlog: the backlog
 */
void backlog__free(struct backlog *backlog)
{
	while (backlog->first)
		backlog__remove(backlog);
}
