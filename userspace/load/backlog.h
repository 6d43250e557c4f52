/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames whose records have to wait until it is told what was mapped in their spaces, where a
 * stream can be read only once and is shown as it comes.
 */
#ifndef PROFBUF_LOAD_BACKLOG_H
#define PROFBUF_LOAD_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "names.h"

struct backlog_frame;

/**
 * struct backlog - frames that wait
 * @first: the oldest one
 * @last: the newest one
 * @bytes: of all of them
 */
struct backlog {
	struct backlog_frame *first;
	struct backlog_frame *last;
	uint64_t bytes;
};

int backlog__add(struct backlog *backlog, const struct profbuf_frame *frame);
const struct profbuf_frame *backlog__first(struct backlog *backlog,
					   const struct profbuf_stream *stream,
					   const struct names *names);
const struct profbuf_frame *backlog__any(const struct backlog *backlog);
void backlog__remove(struct backlog *backlog);
void backlog__free(struct backlog *backlog);

#endif /* PROFBUF_LOAD_BACKLOG_H */
