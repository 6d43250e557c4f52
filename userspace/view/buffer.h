/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that become more. A failure is kept, so that it can be asked for at the end.
 */
#ifndef PROFBUF_VIEW_BUFFER_H
#define PROFBUF_VIEW_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct buffer - bytes; all zero is an empty one
 * @data: the bytes
 * @size: number of them
 * @room: bytes allocated
 * @failed: there was not enough memory: what is there is of no use
 */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t room;
	bool failed;
};

bool buffer__reserve(struct buffer *buffer, size_t size);
void buffer__append(struct buffer *buffer, const void *data, size_t size);
void buffer__free(struct buffer *buffer);

#endif /* PROFBUF_VIEW_BUFFER_H */
