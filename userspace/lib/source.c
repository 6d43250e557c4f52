// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * Where the bytes of a stream come from: read() into one buffer, for files as well. A mapping
 * would be no faster, and a file that shrinks while it is read would kill the reader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

/* The device is asked for as much, and never for less. */
#define SOURCE_CAPACITY	(256 * 1024)
#define SOURCE_LEAST	(64 * 1024)

static ssize_t source__read(struct stream_source *source, void *buffer, size_t size)
{
	ssize_t count;

	if (source->memory) {
		if (size > source->memory_size - source->memory_read)
			size = source->memory_size - source->memory_read;
		memcpy(buffer, source->memory + source->memory_read, size);
		source->memory_read += size;
		return size;
	}
	do {
		if (source->session) {
			count = profbuf_session__read(source->session, buffer, size);
		} else {
			count = read(source->fd, buffer, size);
			if (count < 0)
				count = -errno;
		}
	} while (count == -EINTR);
	return count;
}

static int source__reserve(struct stream_source *source, size_t need)
{
	size_t available = source__available(source);
	size_t capacity = source->capacity ? source->capacity : SOURCE_CAPACITY;
	char *buffer;

	if (available && source->begin)
		memmove(source->buffer, source->buffer + source->begin, available);
	source->begin = 0;
	source->end = available;

	/*
	 * A size that is a lie shall not cost memory: grow with what there is, not with what
	 * is promised.
	 */
	while (capacity < need && capacity - available < SOURCE_LEAST)
		capacity *= 2;
	if (capacity == source->capacity)
		return 0;
	buffer = realloc(source->buffer, capacity);
	if (!buffer)
		return -ENOMEM;
	source->buffer = buffer;
	source->capacity = capacity;
	return 0;
}

/**
 * source__fill - have so many bytes in the buffer
 * @source: the source
 * @need: the number of bytes
 *
 * Return: 0, also if the end came before; then fewer are available. Otherwise a negative errno;
 *	after -EAGAIN it can be called again.
 */
int source__fill(struct stream_source *source, size_t need)
{
	ssize_t count;
	int err;

	while (source__available(source) < need && !source->ended) {
		err = source__reserve(source, need);
		if (err)
			return err;
		count = source__read(source, source->buffer + source->end,
				     source->capacity - source->end);
		if (count < 0)
			return count;
		if (!count)
			source->ended = true;
		source->end += count;
	}
	return 0;
}

/**
 * source__skip - throw bytes away
 * @source: the source
 * @bytes: how many
 *
 * Return: 0, -ENODATA if there are fewer, or another negative errno.
 */
int source__skip(struct stream_source *source, uint64_t bytes)
{
	size_t part;
	int err;

	while (bytes) {
		err = source__fill(source, 1);
		if (err)
			return err;
		part = source__available(source);
		if (!part)
			return -ENODATA;
		if (part > bytes)
			part = bytes;
		source->begin += part;
		bytes -= part;
	}
	return 0;
}

/**
 * source__rewind - go back to the beginning
 * @source: the source
 *
 * Return: 0, or a negative errno: -ESPIPE if it cannot be read twice.
 */
int source__rewind(struct stream_source *source)
{
	if (source->session)
		return -ESPIPE;
	if (source->fd >= 0 && lseek(source->fd, 0, SEEK_SET) < 0)
		return -errno;
	source->memory_read = 0;
	source->begin = 0;
	source->end = 0;
	source->ended = false;
	return 0;
}

/**
 * source__close - give back what a source holds
 * @source: the source; a session stays open
 */
void source__close(struct stream_source *source)
{
	if (source->owns_fd)
		close(source->fd);
	free(source->buffer);
}
