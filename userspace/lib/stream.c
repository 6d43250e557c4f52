// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * A stream: finds frames, and trusts none of them further than it has checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <profbuf/recording.h>

#include "opts.h"
#include "stream.h"

#define STREAM_MAX_FRAME (64UL * 1024 * 1024)

/**
 * stream__fail - end a stream with an error
 * @stream: the stream
 * @err: negative errno
 * @offset: where in the stream
 * @format: what is wrong
 *
 * Return: @err.
 */
int stream__fail(struct profbuf_stream *stream, int err, uint64_t offset, const char *format, ...)
{
	char what[256];
	va_list args;
	int length;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);

	free(stream->error);
	if (stream->inside)
		length = asprintf(&stream->error, "%s: at byte %" PRIu64 ", byte %" PRIu64
				  " of what is packed there: %s", stream->name, stream->offset,
				  stream->inner_offset + (offset - stream->offset), what);
	else
		length = asprintf(&stream->error, "%s: at byte %" PRIu64 ": %s", stream->name,
				  offset, what);
	if (length < 0)
		stream->error = NULL;
	stream->failed = err;
	return err;
}

static int stream__new(struct profbuf_stream **result, const char *name,
		       const struct profbuf_stream_opts *opts)
{
	const char *other = OPTS_GET(opts, name, NULL);
	size_t max_frame = OPTS_GET(opts, max_frame, 0);
	struct profbuf_stream *stream;

	if (!OPTS_VALID(opts))
		return -EINVAL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->name = strdup(other ? other : name);
	if (!stream->name) {
		free(stream);
		return -ENOMEM;
	}
	stream->source.fd = -1;
	stream->unpacked.fd = -1;
	stream->max_frame = max_frame ? max_frame : STREAM_MAX_FRAME;
	stream__default_words(stream);
	*result = stream;
	return 0;
}

/**
 * profbuf_stream__open - open a file of frames
 * @stream: where the stream goes
 * @path: the file; "-" is the standard input
 * @opts: options, or NULL
 *
 * Return: 0 or a negative errno.
 */
int profbuf_stream__open(struct profbuf_stream **stream, const char *path,
			 const struct profbuf_stream_opts *opts)
{
	bool input = !strcmp(path, "-");
	int fd = STDIN_FILENO;
	int err;

	if (!input) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	err = stream__new(stream, input ? "standard input" : path, opts);
	if (err) {
		if (!input)
			close(fd);
		return err;
	}
	(*stream)->source.fd = fd;
	(*stream)->source.owns_fd = !input;
	return 0;
}

/**
 * profbuf_stream__open_fd - read frames from a descriptor
 * @stream: where the stream goes
 * @fd: a file, a pipe, a socket; it stays the caller's
 * @opts: options, or NULL
 *
 * Return: 0 or a negative errno.
 */
int profbuf_stream__open_fd(struct profbuf_stream **stream, int fd,
			    const struct profbuf_stream_opts *opts)
{
	int err = stream__new(stream, "stream", opts);

	if (!err)
		(*stream)->source.fd = fd;
	return err;
}

/**
 * profbuf_stream__open_memory - read frames that are in memory
 * @stream: where the stream goes
 * @data: the frames, of any alignment; they stay the caller's
 * @size: bytes of them
 * @opts: options, or NULL
 *
 * Return: 0 or a negative errno.
 */
int profbuf_stream__open_memory(struct profbuf_stream **stream, const void *data, size_t size,
				const struct profbuf_stream_opts *opts)
{
	int err = stream__new(stream, "memory", opts);

	if (!err) {
		(*stream)->source.memory = data;
		(*stream)->source.memory_size = size;
	}
	return err;
}

/**
 * profbuf_stream__open_session - read what a session samples
 * @stream: where the stream goes
 * @session: the session; it stays the caller's
 * @opts: options, or NULL
 *
 * Return: 0 or a negative errno.
 */
int profbuf_stream__open_session(struct profbuf_stream **stream, struct profbuf_session *session,
				 const struct profbuf_stream_opts *opts)
{
	int err = stream__new(stream, PROFBUF_DEVICE, opts);

	if (!err)
		(*stream)->source.session = session;
	return err;
}

/**
 * profbuf_stream__close - end a stream
 * @stream: the stream, or NULL
 */
void profbuf_stream__close(struct profbuf_stream *stream)
{
	if (!stream)
		return;
	source__close(&stream->source);
	source__close(&stream->unpacked);
	ZSTD_freeDCtx(stream->zstd);
	free(stream->stack_words);
	free(stream->stack_ends);
	free(stream->samples);
	free(stream->mappings);
	free(stream->sequence);
	free(stream->info);
	free(stream->error);
	free(stream->name);
	free(stream);
}

/**
 * profbuf_stream__rewind - go back to the beginning, whatever happened since
 * @stream: the stream
 *
 * Return: 0, or a negative errno: -ESPIPE if it cannot be read twice.
 */
int profbuf_stream__rewind(struct profbuf_stream *stream)
{
	int err = source__rewind(&stream->source);

	if (err)
		return err;
	stream->failed = 0;
	free(stream->error);
	stream->error = NULL;
	stream->offset = 0;
	stream->frame_size = 0;
	stream->inside = false;
	stream->inner_size = 0;
	stream->nr_unpacked = 0;
	if (stream->zstd)
		ZSTD_DCtx_reset(stream->zstd, ZSTD_reset_session_only);
	stream->nr_stacks = 0;
	stream->nr_stack_words = 0;
	stream->nr_sequences = 0;
	stream->counts = (struct profbuf_counts){ 0 };
	free(stream->info);
	stream->info = NULL;
	stream->info_capacity = 0;
	stream__default_words(stream);
	return 0;
}

static int stream__source_error(struct profbuf_stream *stream, uint64_t offset, int err)
{
	if (err == -EAGAIN)
		return err;
	return stream__fail(stream, err, offset, "cannot read: %s", strerror(-err));
}

/* Said apart, so that whoever gave us the wrong file knows. */
static int stream__bad_magic(struct profbuf_stream *stream, uint32_t magic)
{
	if (magic == PROFBUF_MAGIC_SWAPPED)
		return stream__fail(stream, -EPROTO, stream->offset,
				    "recorded on a machine of the other byte order");
	if (!stream->offset)
		return stream__fail(stream, -EBADMSG, 0, "this is no profbuf stream");
	return stream__fail(stream, -EBADMSG, stream->offset,
			    "no frame begins here (magic number %#x)", magic);
}

static struct stream_source *stream__source(struct profbuf_stream *stream)
{
	return stream->inside ? &stream->unpacked : &stream->source;
}

static int stream__fill(struct profbuf_stream *stream, size_t need)
{
	struct stream_source *source = stream__source(stream);
	size_t available;
	int err = source__fill(source, need);

	if (err)
		return stream__source_error(stream, stream->offset, err);
	available = source__available(source);
	if (available < need)
		return stream__fail(stream, stream->inside ? -EBADMSG : -ENODATA, stream->offset,
				    "truncated: %zu of %zu bytes of a frame are there", available,
				    need);
	return 0;
}

/* Have the header of the next frame. Returns 1, 0 at the end, or a negative errno. */
static int stream__header(struct profbuf_stream *stream, const struct profbuf_frame **frame)
{
	struct stream_source *source = stream__source(stream);
	const struct profbuf_frame *f;
	int err;

	err = source__fill(source, sizeof(*f));
	if (err)
		return stream__source_error(stream, stream->offset, err);
	if (!source__available(source)) {
		if (!stream->offset)
			return stream__fail(stream, -ENODATA, 0, "the stream is empty");
		return 0;
	}
	if (source__available(source) >= sizeof(f->magic)) {
		f = (const void *)(source->buffer + source->begin);
		if (f->magic != PROFBUF_MAGIC)
			return stream__bad_magic(stream, f->magic);
	}
	err = stream__fill(stream, sizeof(*f));
	if (err)
		return err;
	f = (const void *)(source->buffer + source->begin);
	if (f->size < sizeof(*f) || f->size % 8)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a frame of impossible size (%u bytes)", f->size);
	*frame = f;
	return 1;
}

static void stream__count(struct profbuf_stream *stream, uint16_t type)
{
	struct profbuf_counts *counts = &stream->counts;

	switch (type) {
	case PROFBUF_FRAME_INFO:
		counts->infos++;
		break;
	case PROFBUF_FRAME_SAMPLES:
		counts->samples++;
		break;
	case PROFBUF_FRAME_LIMIT:
		counts->limits++;
		break;
	case PROFBUF_FRAME_SPACE:
		counts->spaces++;
		break;
	case PROFBUF_FRAME_HOST:
		counts->hosts++;
		break;
	case PROFBUF_FRAME_END:
		counts->ends++;
		break;
	case PROFBUF_FRAME_PROCESS:
	case PROFBUF_FRAME_MAPPING:
	case PROFBUF_FRAME_SYMBOLS:
		counts->others++;
		break;
	default:
		if (!counts->unknown++) {
			counts->unknown_offset = stream->offset;
			counts->unknown_type = type;
		}
	}
}

/* Of what need not be understood, not even to be held: a frame that is too large. */
static int stream__pass_over(struct profbuf_stream *stream, const struct profbuf_frame *frame)
{
	uint32_t size = frame->size;
	uint16_t type = frame->type;
	int err;

	if (type == PROFBUF_FRAME_INFO || type == PROFBUF_FRAME_SAMPLES ||
	    type == PROFBUF_FRAME_ZSTD || type == PROFBUF_FRAME_PACKED ||
	    stream->inside)
		return stream__fail(stream, -EFBIG, stream->offset,
				    "a frame of %u bytes; at most %zu are taken", size,
				    stream->max_frame);
	err = source__skip(&stream->source, size);
	if (err == -ENODATA)
		return stream__fail(stream, err, stream->offset,
				    "truncated: a frame of %u bytes is not whole", size);
	if (err)
		return stream__source_error(stream, stream->offset, err);
	stream__count(stream, type);
	stream->offset += size;
	return 0;
}

/* Be done with the frame that was returned last. */
static void stream__advance(struct profbuf_stream *stream)
{
	if (stream->inside) {
		stream->unpacked.begin += stream->inner_size;
		stream->inner_offset += stream->inner_size;
		stream->inner_size = 0;
		if (source__available(&stream->unpacked))
			return;
		stream->inside = false;
	}
	stream->source.begin += stream->frame_size;
	stream->offset += stream->frame_size;
	stream->frame_size = 0;
}

/* Have a whole frame, packed or not. Returns 1, 0 at the end, or a negative errno. */
static int stream__frame(struct profbuf_stream *stream, const struct profbuf_frame **frame)
{
	const struct profbuf_frame *f = NULL;
	int err;

	for (;;) {
		err = stream__header(stream, &f);
		if (err <= 0)
			return err;
		if (f->size <= stream->max_frame)
			break;
		err = stream__pass_over(stream, f);
		if (err)
			return err;
	}
	err = stream__fill(stream, f->size);
	if (err)
		return err;
	/* It may have moved. */
	f = (const void *)(stream__source(stream)->buffer + stream__source(stream)->begin);
	if (!profbuf_frame_check(f, f->size))
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a frame of %u bytes cannot hold %u words and %u records",
				    f->size, f->words, f->records);
	if (stream->inside)
		stream->inner_size = f->size;
	else
		stream->frame_size = f->size;
	*frame = f;
	return 1;
}

/**
 * profbuf_stream__next - the next frame
 * @stream: the stream
 * @frame: where its address goes; it is there until the next call
 *
 * Its sizes agree with each other, and what an INFO frame says is known to the stream. Frames
 * that are packed into others come one by one.
 *
 * Return: 1, or 0 at the end, or a negative errno that profbuf_stream__error() explains: -ENODATA
 *	if the stream is truncated or empty, -EBADMSG if it is damaged, -EPROTO if it is of the
 *	other byte order, -EFBIG if a frame is too large; then nothing more can be read. After
 *	-EAGAIN, of a source that does not wait, call again.
 */
int profbuf_stream__next(struct profbuf_stream *stream, const struct profbuf_frame **frame)
{
	const struct profbuf_frame *f = NULL;
	int ret;

	if (stream->failed)
		return stream->failed;
	for (;;) {
		stream__advance(stream);
		ret = stream__frame(stream, &f);
		if (ret <= 0)
			return ret;
		if (f->type != PROFBUF_FRAME_ZSTD)
			break;
		if (stream->inside)
			return stream__fail(stream, -EBADMSG, stream->offset,
					    "a ZSTD frame within another");
		ret = stream__unpack(stream, f);
		if (ret)
			return ret;
		stream->inside = true;
		stream->inner_offset = 0;
		stream->inner_size = 0;
	}
	if (f->type == PROFBUF_FRAME_PACKED)
		ret = stream__expand(stream, &f);
	else if (f->type == PROFBUF_FRAME_INFO)
		ret = stream__take_info(stream, f);
	if (ret < 0)
		return ret;
	stream__count(stream, f->type);
	*frame = f;
	return 1;
}

/**
 * profbuf_stream__handle - call a handler for what is in a frame
 * @stream: the stream
 * @frame: what profbuf_stream__next() has just given
 * @handler: the handler
 * @context: its first argument
 *
 * Return: 0, what a handler returned other than 0, or a negative errno that
 *	profbuf_stream__error() explains.
 */
int profbuf_stream__handle(struct profbuf_stream *stream, const struct profbuf_frame *frame,
			   const struct profbuf_handler *handler, void *context)
{
	int (*info)(void *, const struct profbuf_info *) = OPTS_GET(handler, info, NULL);
	int (*other)(void *, const struct profbuf_frame *) = OPTS_GET(handler, frame, NULL);

	if (!handler || !OPTS_VALID(handler))
		return -EINVAL;
	switch (frame->type) {
	case PROFBUF_FRAME_INFO:
		return info ? info(context, stream->info) : 0;
	case PROFBUF_FRAME_SAMPLES:
		return stream__records(stream, frame, handler, context);
	case PROFBUF_FRAME_LIMIT:
		if (OPTS_HAS(handler, limit))
			return stream__limit(stream, frame, handler, context);
		return other ? other(context, frame) : 0;
	case PROFBUF_FRAME_SPACE:
		if (OPTS_HAS(handler, space))
			return stream__space(stream, frame, handler, context);
		return other ? other(context, frame) : 0;
	default:
		return other ? other(context, frame) : 0;
	}
}

/**
 * profbuf_stream__read - call a handler for everything up to the end
 * @stream: the stream
 * @handler: the handler
 * @context: its first argument
 *
 * Return: 0 at the end, else as profbuf_stream__next() and profbuf_stream__handle(). What came
 *	before an error has been handled.
 */
int profbuf_stream__read(struct profbuf_stream *stream, const struct profbuf_handler *handler,
			 void *context)
{
	const struct profbuf_frame *frame;
	int ret;

	for (;;) {
		ret = profbuf_stream__next(stream, &frame);
		if (ret <= 0)
			return ret;
		ret = profbuf_stream__handle(stream, frame, handler, context);
		if (ret)
			return ret;
	}
}

/**
 * profbuf_stream__info - what the latest INFO frame says
 * @stream: the stream
 *
 * Return: the information, checked; NULL before the first.
 */
const struct profbuf_info *profbuf_stream__info(const struct profbuf_stream *stream)
{
	return stream->info;
}

/**
 * profbuf_stream__counts - which frames there were so far
 * @stream: the stream
 * @counts: where the numbers go. Its size is the caller's
 *
 * A stream without frames that this library knows gives no error: it may be of a newer version.
 *
 * Return: 0, or -EINVAL if the size is not one that this library knows.
 */
int profbuf_stream__counts(const struct profbuf_stream *stream, struct profbuf_counts *counts)
{
	size_t size = counts->size;

	if (!OPTS_VALID(counts))
		return -EINVAL;
	memcpy(counts, &stream->counts, size);
	counts->size = size;
	return 0;
}

/**
 * profbuf_stream__offset - where the frame is that profbuf_stream__next() gave last
 * @stream: the stream
 *
 * Return: bytes from the beginning.
 */
uint64_t profbuf_stream__offset(const struct profbuf_stream *stream)
{
	return stream->offset;
}

/**
 * profbuf_stream__name - what errors call the stream
 * @stream: the stream
 *
 * Return: the name.
 */
const char *profbuf_stream__name(const struct profbuf_stream *stream)
{
	return stream->name;
}

/**
 * profbuf_stream__failed - has the stream ended with an error?
 * @stream: the stream
 *
 * Tells errors of the stream from those that handlers return.
 *
 * Return: the negative errno, or 0.
 */
int profbuf_stream__failed(const struct profbuf_stream *stream)
{
	return stream->failed;
}

/**
 * profbuf_stream__error - what went wrong, for people
 * @stream: the stream, or NULL
 *
 * Return: the stream's name, the byte, and what is wrong there.
 */
const char *profbuf_stream__error(const struct profbuf_stream *stream)
{
	if (!stream)
		return "no stream";
	if (!stream->failed)
		return "no error";
	return stream->error ? stream->error : strerror(-stream->failed);
}
