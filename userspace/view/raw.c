// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's part of a recording, as it came from the device.
 */
#include "raw.h"

#include "output.h"

/**
 * raw__write - copy the kernel's frames
 * @stream: where from
 * @file: where to
 *
 * Return: 0 or a negative errno. If it is the stream's, profbuf_stream__error() explains it, and
 *	all frames in front of the error were copied.
 */
int raw__write(struct profbuf_stream *stream, FILE *file)
{
	const struct profbuf_frame *frame;
	struct output out;
	int ret, err;

	output__init(&out, file);
	while ((ret = profbuf_stream__next(stream, &frame)) > 0) {
		if (frame->type < PROFBUF_FRAME_USER)
			output__bytes(&out, frame, frame->size);
		if (out.error)
			break;
	}
	err = output__finish(&out);
	return ret < 0 ? ret : err;
}
