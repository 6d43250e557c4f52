/* SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only */
/*
 * Inside of a stream: source.c fills its buffer, stream.c finds frames there, record.c decodes.
 */
#ifndef PROFBUF_LIB_STREAM_H
#define PROFBUF_LIB_STREAM_H

#include <stdbool.h>

#include <profbuf/profbuf.h>

/* More than any kernel can have; what is above is damage. */
#define STREAM_MAX_CPUS 65536

/* Not in the header. */
#define WORD_ABSENT 0xff

/**
 * struct stream_source - bytes on their way in
 * @fd: what to read from, or -1
 * @owns_fd: close it
 * @session: what to read from, or NULL
 * @memory: what to read from, or NULL
 * @memory_size: its size
 * @memory_read: bytes of it that were taken
 * @buffer: what was read
 * @capacity: size of @buffer
 * @begin: where in it unused bytes begin
 * @end: where they end
 * @ended: there are no more
 */
struct stream_source {
	int fd;
	bool owns_fd;
	struct profbuf_session *session;
	const char *memory;
	size_t memory_size;
	size_t memory_read;
	char *buffer;
	size_t capacity;
	size_t begin;
	size_t end;
	bool ended;
};

int source__fill(struct stream_source *source, size_t need);
int source__skip(struct stream_source *source, uint64_t bytes);
int source__rewind(struct stream_source *source);
void source__close(struct stream_source *source);

static inline size_t source__available(const struct stream_source *source)
{
	return source->end - source->begin;
}

struct profbuf_stream {
	struct stream_source source;
	char *name;
	char *error;
	int failed;
	size_t max_frame;

	/* Of the frame that was returned last; @inside: of the ZSTD frame that it is in. */
	uint64_t offset;
	uint32_t frame_size;

	/* What a ZSTD frame has given, how much of it was returned, and how many there were. */
	struct stream_source unpacked;
	bool inside;
	uint64_t inner_offset;
	uint32_t inner_size;
	uint64_t nr_unpacked;
	struct ZSTD_DCtx_s *zstd;

	/* Stacks of PACKED frames by their ID, and the frame that was made of the last one. */
	uint64_t *stack_words;
	size_t nr_stack_words;
	size_t max_stack_words;
	uint32_t *stack_ends;
	size_t nr_stacks;
	size_t max_stacks;
	struct profbuf_frame *samples;
	size_t samples_size;

	/* Of the SPACE frame that is being handled. */
	struct profbuf_space_mapping *mappings;
	size_t max_mappings;

	struct profbuf_counts counts;

	struct profbuf_info *info;
	size_t info_capacity;
	uint8_t position[PROFBUF_WORDS + 1];

	/* Records of each CPU so far, by which missing frames are found. */
	uint64_t *sequence;
	uint32_t nr_sequences;
};

__attribute__((format(printf, 4, 5)))
int stream__fail(struct profbuf_stream *stream, int err, uint64_t offset, const char *format, ...);
int stream__unpack(struct profbuf_stream *stream, const struct profbuf_frame *frame);
int stream__expand(struct profbuf_stream *stream, const struct profbuf_frame **frame);
int stream__take_info(struct profbuf_stream *stream, const struct profbuf_frame *frame);
void stream__default_words(struct profbuf_stream *stream);
int stream__limit(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		  const struct profbuf_handler *handler, void *context);
int stream__space(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		  const struct profbuf_handler *handler, void *context);
int stream__records(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		    const struct profbuf_handler *handler, void *context);

#endif /* PROFBUF_LIB_STREAM_H */
