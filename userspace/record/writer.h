/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a recording: gathers frames, and compresses them many at a time.
 */
#ifndef PROFBUF_RECORD_WRITER_H
#define PROFBUF_RECORD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <profbuf/recording.h>

struct ZSTD_CCtx_s;

/**
 * struct writer - a file of frames
 * @fd: the file
 * @zstd: compressor; NULL: frames are written as they are
 * @sequence: number of frames of each type of ours
 * @bytes: bytes that were written
 * @whole: bytes of them that are whole frames
 * @used: bytes in @buffer
 * @capacity: bytes that there is room for in @buffer
 * @buffer: frames that are not written yet
 * @packed: room for a ZSTD frame
 * @packed_size: its size
 */
struct writer {
	int fd;
	struct ZSTD_CCtx_s *zstd;
	uint64_t sequence[PROFBUF_FRAME_PACKED - PROFBUF_FRAME_USER + 1];
	uint64_t bytes;
	uint64_t whole;
	size_t used;
	size_t capacity;
	char *buffer;
	char *packed;
	size_t packed_size;
};

int writer__init(struct writer *writer, int fd, bool compress);
void writer__exit(struct writer *writer);
int writer__add(struct writer *writer, const struct profbuf_frame *frame);
int writer__reserve(struct writer *writer, size_t size, void **place);
int writer__payload(struct writer *writer, uint16_t type, const void *structure, size_t size,
		    const char *const *strings);
int writer__bytes(struct writer *writer, uint16_t type, const void *payload, size_t size);
int writer__flush(struct writer *writer);

#endif /* PROFBUF_RECORD_WRITER_H */
