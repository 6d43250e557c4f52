// SPDX-License-Identifier: GPL-2.0
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/**
 * buffer__reserve - have room behind the last byte
 * @buffer: the buffer
 * @size: bytes of room
 *
 * Return: whether there is.
 */
bool buffer__reserve(struct buffer *buffer, size_t size)
{
	size_t room = buffer->room ? buffer->room : FIRST_ROOM;
	uint8_t *data;

	if (buffer->failed)
		return false;
	if (size <= buffer->room - buffer->size)
		return true;
	while (room - buffer->size < size)
		room *= 2;
	data = realloc(buffer->data, room);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->room = room;
	return true;
}

void buffer__append(struct buffer *buffer, const void *data, size_t size)
{
	if (!size || !buffer__reserve(buffer, size))
		return;
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

void buffer__free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}
