/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_VIEW_RAW_H
#define PROFBUF_VIEW_RAW_H

#include <stdio.h>

#include <profbuf/profbuf.h>

int raw__next(struct profbuf_stream *stream, const struct profbuf_frame **frame);
int raw__write(struct profbuf_stream *stream, const struct profbuf_frame *frame, FILE *file);

#endif /* PROFBUF_VIEW_RAW_H */
