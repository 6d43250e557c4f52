/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of Protocol Buffers, encoded field by field, in the order of the calls. A message
 * that is a field of another is made first, on its own.
 */
#ifndef PROFBUF_VIEW_PROTOBUF_H
#define PROFBUF_VIEW_PROTOBUF_H

#include "buffer.h"

/* For packed fields, whose values have no tags of their own. */
void protobuf__value(struct buffer *message, uint64_t value);
/* A value of 0 is the default and takes no room. */
void protobuf__number(struct buffer *message, unsigned int field, uint64_t value);
void protobuf__bytes(struct buffer *message, unsigned int field, const struct buffer *value);

#endif /* PROFBUF_VIEW_PROTOBUF_H */
