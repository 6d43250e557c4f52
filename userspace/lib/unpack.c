// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * ZSTD frames: from one of them to the frames in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <profbuf/recording.h>

#include "opts.h"
#include "stream.h"

/* What is said of a ZSTD frame has to be so: the checksum is only of what is in it. */
static int check_frame(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		       struct profbuf_zstd *zstd)
{
	size_t payload = frame->size - sizeof(*frame);
	const char *padding;
	size_t left;

	if (profbuf_recording__payload(frame, zstd, sizeof(*zstd), NULL) ||
	    zstd->size < offsetof(struct profbuf_zstd, checksum) || zstd->size % 8 ||
	    zstd->packed > payload - zstd->size || zstd->unpacked > PROFBUF_ZSTD_MAX)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame of impossible size");
	left = payload - zstd->size - zstd->packed;
	padding = (const char *)frame + frame->size - left;
	if (left >= 8)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame with %zu bytes behind its data", left);
	while (left && !padding[left - 1])
		left--;
	if (left || frame->hdrsize || frame->records || frame->words ||
	    frame->cpu != PROFBUF_CPU_NONE || zstd->reserved)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a damaged ZSTD frame: its header or its padding is wrong");
	if (frame->sequence != stream->nr_unpacked)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame out of order: it says that %" PRIu64
				    " came before it, and %" PRIu64 " did",
				    (uint64_t)frame->sequence, stream->nr_unpacked);
	stream->nr_unpacked++;
	return 0;
}

/* Have a decompressor, and room for what it gives. */
static int prepare(struct profbuf_stream *stream, size_t size)
{
	struct stream_source *unpacked = &stream->unpacked;

	if (!stream->zstd) {
		stream->zstd = ZSTD_createDCtx();
		if (!stream->zstd)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax,
				       PROFBUF_ZSTD_WINDOW_LOG);
	}
	if (unpacked->capacity < size) {
		char *buffer = realloc(unpacked->buffer, size);

		if (!buffer)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		unpacked->buffer = buffer;
		unpacked->capacity = size;
	}
	return 0;
}

static int decompress(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		      const struct profbuf_zstd *zstd)
{
	ZSTD_inBuffer in = { .src = (const char *)(frame + 1) + zstd->size, .size = zstd->packed };
	/* A byte more than there should be shows that there are more. */
	ZSTD_outBuffer out = { .dst = stream->unpacked.buffer, .size = zstd->unpacked + 1 };

	while (in.pos < in.size) {
		size_t before = in.pos + out.pos;
		size_t ret = ZSTD_decompressStream(stream->zstd, &out, &in);

		if (ZSTD_isError(ret))
			return stream__fail(stream, -EBADMSG, stream->offset,
					    "a damaged ZSTD frame: %s", ZSTD_getErrorName(ret));
		if (in.pos + out.pos == before)
			break;
	}
	if (in.pos != in.size || out.pos != zstd->unpacked)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame that gives other than %" PRIu64 " bytes",
				    (uint64_t)zstd->unpacked);
	/* Older recorders knew none. */
	if (OPTS_HAS(zstd, checksum) && crc32_z(0, out.dst, out.pos) != zstd->checksum)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a damaged ZSTD frame: its checksum is wrong");
	return 0;
}

/**
 * stream__unpack - decompress a ZSTD frame
 * @stream: the stream; its unpacked source gets the frames
 * @frame: the ZSTD frame, which profbuf_frame_check() accepts
 *
 * Return: 0 or a negative errno.
 */
int stream__unpack(struct profbuf_stream *stream, const struct profbuf_frame *frame)
{
	struct profbuf_zstd zstd;
	int err;

	err = check_frame(stream, frame, &zstd);
	if (!err)
		err = prepare(stream, zstd.unpacked + 1);
	if (!err)
		err = decompress(stream, frame, &zstd);
	if (err)
		return err;
	stream->unpacked.begin = 0;
	stream->unpacked.end = zstd.unpacked;
	stream->unpacked.ended = true;
	return 0;
}
