// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "writer.h"

/* As many bytes are compressed at a time. A frame may be larger. */
#define WRITER_CHUNK (512 * 1024)

/*
 * Stacks repeat themselves word by word, and the fastest levels find that. More effort saves a
 * tenth and costs a multiple, for those who write and for those who read. The window is of a
 * size that stays in the cache.
 */
#define WRITER_LEVEL		(-1)
#define WRITER_WINDOW_LOG	20

/**
 * writer__init - begin a file
 * @writer: the writer
 * @fd: the file, open for writing; it stays the caller's
 * @compress: write ZSTD frames
 *
 * Return: 0 or a negative errno.
 */
int writer__init(struct writer *writer, int fd, bool compress)
{
	*writer = (struct writer){ .fd = fd, .capacity = WRITER_CHUNK };
	writer->buffer = malloc(writer->capacity);
	if (!writer->buffer)
		return -ENOMEM;
	if (!compress)
		return 0;
	writer->zstd = ZSTD_createCCtx();
	if (!writer->zstd)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, WRITER_LEVEL);
	ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_windowLog, WRITER_WINDOW_LOG);
	return 0;
}

/**
 * writer__exit - give back what a writer holds
 * @writer: the writer
 *
 * What was not flushed is gone.
 */
void writer__exit(struct writer *writer)
{
	ZSTD_freeCCtx(writer->zstd);
	free(writer->packed);
	free(writer->buffer);
}

static int writer__write(struct writer *writer, const char *data, size_t size)
{
	ssize_t count;

	while (size) {
		count = write(writer->fd, data, size);
		if (count < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		writer->bytes += count;
		data += count;
		size -= count;
	}
	writer->whole = writer->bytes;
	return 0;
}

static int writer__write_packed(struct writer *writer)
{
	size_t room = sizeof(struct profbuf_frame) + sizeof(struct profbuf_zstd) +
		      ZSTD_compressBound(writer->used) + 64;
	ZSTD_inBuffer in = { .src = writer->buffer, .size = writer->used };
	ZSTD_outBuffer out = { 0 };
	struct profbuf_frame *frame;
	struct profbuf_zstd *zstd;
	size_t left, padded;

	if (writer->packed_size < room) {
		char *larger = realloc(writer->packed, room);

		if (!larger)
			return -ENOMEM;
		writer->packed = larger;
		writer->packed_size = room;
	}
	frame = (void *)writer->packed;
	zstd = (void *)(frame + 1);
	out.dst = zstd + 1;
	out.size = writer->packed_size - sizeof(*frame) - sizeof(*zstd) - 8;
	do {
		left = ZSTD_compressStream2(writer->zstd, &out, &in, ZSTD_e_flush);
		if (ZSTD_isError(left) || (left && out.pos == out.size))
			return -EIO;
	} while (left);

	padded = (out.pos + 7) / 8 * 8;
	memset((char *)out.dst + out.pos, 0, padded - out.pos);
	*zstd = (struct profbuf_zstd){
		.size = sizeof(*zstd),
		.packed = out.pos,
		.unpacked = writer->used,
		.checksum = crc32_z(0, (const void *)writer->buffer, writer->used),
	};
	*frame = (struct profbuf_frame){
		.magic = PROFBUF_MAGIC,
		.type = PROFBUF_FRAME_ZSTD,
		.size = sizeof(*frame) + sizeof(*zstd) + padded,
		.cpu = PROFBUF_CPU_NONE,
		.sequence = writer->sequence[PROFBUF_FRAME_ZSTD - PROFBUF_FRAME_USER]++,
	};
	return writer__write(writer, writer->packed, frame->size);
}

/**
 * writer__flush - write what was added
 * @writer: the writer
 *
 * Whoever reads the file then finds whole frames only.
 *
 * Return: 0 or a negative errno.
 */
int writer__flush(struct writer *writer)
{
	int err;

	if (!writer->used)
		return 0;
	if (writer->zstd)
		err = writer__write_packed(writer);
	else
		err = writer__write(writer, writer->buffer, writer->used);
	writer->used = 0;
	return err;
}

/**
 * writer__reserve - have room for a frame
 * @writer: the writer
 * @size: most bytes of the frame
 * @place: where the room is. Who has filled it adds the frame's size to @writer->used
 *
 * Return: 0 or a negative errno.
 */
int writer__reserve(struct writer *writer, size_t size, void **place)
{
	int err;

	if (size > writer->capacity - writer->used) {
		err = writer__flush(writer);
		if (err)
			return err;
	}
	if (size > writer->capacity) {
		char *larger = realloc(writer->buffer, size);

		if (!larger)
			return -ENOMEM;
		writer->buffer = larger;
		writer->capacity = size;
	}
	*place = writer->buffer + writer->used;
	return 0;
}

/**
 * writer__add - add a frame as it is
 * @writer: the writer
 * @frame: the frame
 *
 * Return: 0 or a negative errno.
 */
int writer__add(struct writer *writer, const struct profbuf_frame *frame)
{
	void *place;
	int err = writer__reserve(writer, frame->size, &place);

	if (err)
		return err;
	memcpy(place, frame, frame->size);
	writer->used += frame->size;
	return 0;
}

/**
 * writer__bytes - add a frame of ours
 * @writer: the writer
 * @type: its type
 * @payload: its payload
 * @size: bytes of it; zeroes fill up to a multiple of 8
 *
 * Return: 0 or a negative errno.
 */
int writer__bytes(struct writer *writer, uint16_t type, const void *payload, size_t size)
{
	size_t padded = (size + 7) / 8 * 8;
	struct profbuf_frame *frame;
	void *place;
	int err;

	err = writer__reserve(writer, sizeof(*frame) + padded, &place);
	if (err)
		return err;
	frame = place;
	*frame = (struct profbuf_frame){
		.magic = PROFBUF_MAGIC,
		.type = type,
		.size = sizeof(*frame) + padded,
		.cpu = PROFBUF_CPU_NONE,
		.sequence = writer->sequence[type - PROFBUF_FRAME_USER]++,
	};
	memcpy(frame + 1, payload, size);
	memset((char *)(frame + 1) + size, 0, padded - size);
	writer->used += frame->size;
	return 0;
}

/**
 * writer__payload - add a frame of a structure and strings
 * @writer: the writer
 * @type: its type
 * @structure: the structure
 * @size: its size
 * @strings: the strings, NULL after the last
 *
 * Return: 0 or a negative errno.
 */
int writer__payload(struct writer *writer, uint16_t type, const void *structure, size_t size,
		    const char *const *strings)
{
	size_t total = size;
	char *payload, *end;
	int i, err;

	for (i = 0; strings[i]; i++)
		total += strlen(strings[i]) + 1;
	payload = malloc(total);
	if (!payload)
		return -ENOMEM;
	memcpy(payload, structure, size);
	end = payload + size;
	for (i = 0; strings[i]; i++)
		end = stpcpy(end, strings[i]) + 1;
	err = writer__bytes(writer, type, payload, total);
	free(payload);
	return err;
}
