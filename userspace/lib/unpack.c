// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * ZSTD frames: from one of them to the frames in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include <profbuf/recording.h>

#include "stream.h"

/**
 * stream__unpack - decompress a ZSTD frame
 * @stream: the stream; its unpacked source gets the frames
 * @frame: the ZSTD frame, which profbuf_frame_check() accepts
 *
 * Return: 0 or a negative errno.
 */
int stream__unpack(struct profbuf_stream *stream, const struct profbuf_frame *frame)
{
	struct stream_source *unpacked = &stream->unpacked;
	size_t payload = frame->size - sizeof(*frame);
	ZSTD_outBuffer out = { 0 };
	ZSTD_inBuffer in = { 0 };
	struct profbuf_zstd zstd;

	if (profbuf_recording__payload(frame, &zstd, sizeof(zstd), NULL) ||
	    zstd.packed > payload - zstd.size || zstd.unpacked > PROFBUF_ZSTD_MAX)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame of impossible size");
	if (!stream->zstd) {
		stream->zstd = ZSTD_createDCtx();
		if (!stream->zstd)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax,
				       PROFBUF_ZSTD_WINDOW_LOG);
	}
	if (unpacked->capacity <= zstd.unpacked) {
		char *buffer = realloc(unpacked->buffer, zstd.unpacked + 1);

		if (!buffer)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		unpacked->buffer = buffer;
		unpacked->capacity = zstd.unpacked + 1;
	}

	in.src = (const char *)(frame + 1) + zstd.size;
	in.size = zstd.packed;
	out.dst = unpacked->buffer;
	/* A byte more than there should be shows that there are more. */
	out.size = zstd.unpacked + 1;
	while (in.pos < in.size) {
		size_t before = in.pos + out.pos;
		size_t ret = ZSTD_decompressStream(stream->zstd, &out, &in);

		if (ZSTD_isError(ret))
			return stream__fail(stream, -EBADMSG, stream->offset,
					    "a damaged ZSTD frame: %s", ZSTD_getErrorName(ret));
		if (in.pos + out.pos == before)
			break;
	}
	if (in.pos != in.size || out.pos != zstd.unpacked)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a ZSTD frame that gives other than %llu bytes",
				    (unsigned long long)zstd.unpacked);
	unpacked->begin = 0;
	unpacked->end = out.pos;
	unpacked->ended = true;
	return 0;
}
