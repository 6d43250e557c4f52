// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's part of a recording, as it came from the device.
 */
#include "raw.h"

#include "output.h"

/**
 * raw__next - the kernel's next frame
 * @stream: where from
 * @frame: where its address goes
 *
 * Return: as profbuf_stream__next().
 */
int raw__next(struct profbuf_stream *stream, const struct profbuf_frame **frame)
{
	int ret;

	do
		ret = profbuf_stream__next(stream, frame);
	while (ret > 0 && (*frame)->type >= PROFBUF_FRAME_USER);
	return ret;
}

/**
 * raw__write - copy the kernel's frames
 * @stream: where from
 * @frame: the first one, from raw__next()
 * @file: where to
 *
 * Return: 0 or a negative errno. If it is the stream's, profbuf_stream__error() explains it, and
 *	all frames in front of the error were copied.
 */
int raw__write(struct profbuf_stream *stream, const struct profbuf_frame *frame, FILE *file)
{
	struct output out;
	int ret = 0, err;

	output__init(&out, file);
	do
		output__bytes(&out, frame, frame->size);
	while (!out.error && (ret = raw__next(stream, &frame)) > 0);
	err = output__finish(&out);
	return ret < 0 ? ret : err;
}
