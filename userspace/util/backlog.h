/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames whose records have to wait until it is told what was mapped in their spaces, where a
 * stream can be read only once.
 */
#ifndef PROFBUF_UTIL_BACKLOG_H
#define PROFBUF_UTIL_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include <profbuf/profbuf.h>

struct backlog_frame;

/**
 * struct backlog - frames that wait
 * @is_told: whether that is known of a space word
 * @context: its first argument
 * @at_leisure: what is told does not come as it happens: frames wait as long as there is room
 * @first: the oldest one
 * @last: the newest one
 * @bytes: of all of them
 */
struct backlog {
	bool (*is_told)(const void *context, uint64_t word);
	const void *context;
	bool at_leisure;
	struct backlog_frame *first;
	struct backlog_frame *last;
	uint64_t bytes;
};

int backlog__add(struct backlog *backlog, const struct profbuf_frame *frame);
const struct profbuf_frame *backlog__first(struct backlog *backlog,
					   const struct profbuf_stream *stream, bool any);
void backlog__remove(struct backlog *backlog);
void backlog__free(struct backlog *backlog);

#endif /* PROFBUF_UTIL_BACKLOG_H */
