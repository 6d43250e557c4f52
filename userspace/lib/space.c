// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * From a SPACE frame to mappings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/recording.h>

#include "stream.h"

/* Have room for so many mappings. */
static int stream__reserve_mappings(struct profbuf_stream *stream, size_t nr)
{
	struct profbuf_space_mapping *larger;

	if (nr <= stream->max_mappings)
		return 0;
	larger = realloc(stream->mappings, nr * sizeof(*larger));
	if (!larger)
		return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
	stream->mappings = larger;
	stream->max_mappings = nr;
	return 0;
}

/* Returns its size, or 0 if it is damaged. @at: aligned to 8 bytes. */
static size_t take_mapping(struct profbuf_space_mapping *mapping, const char *at, size_t left)
{
	const struct profbuf_mapping *fixed = (const void *)at;

	if (left < sizeof(*fixed) || fixed->size < sizeof(*fixed) || fixed->size > left ||
	    fixed->size % 8 || fixed->end <= fixed->start)
		return 0;
	if (fixed->path_offset < sizeof(*fixed) ||
	    (size_t)fixed->path_offset + fixed->path_size + 1 > fixed->size ||
	    at[fixed->path_offset + fixed->path_size])
		return 0;
	if (fixed->build_id_size &&
	    (fixed->build_id_offset < sizeof(*fixed) ||
	     (size_t)fixed->build_id_offset + fixed->build_id_size > fixed->size))
		return 0;
	*mapping = (struct profbuf_space_mapping){
		.fixed = *fixed,
		.path = at + fixed->path_offset,
		.build_id = fixed->build_id_size ?
			    (const uint8_t *)at + fixed->build_id_offset : NULL,
	};
	return fixed->size;
}

/**
 * stream__space - call a handler for a SPACE frame
 * @stream: the stream
 * @frame: the frame, which profbuf_frame_check() accepts
 * @handler: the handler, which has a place for it
 * @context: its first argument
 *
 * Return: 0, what a handler returned other than 0, or a negative errno.
 */
int stream__space(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		  const struct profbuf_handler *handler, void *context)
{
	const char *payload = (const char *)(frame + 1);
	size_t left = frame->size - sizeof(*frame);
	struct profbuf_space_info info;
	uint32_t i;
	int err;

	if (profbuf_recording__payload(frame, &info, sizeof(info), NULL) ||
	    info.size < sizeof(info) || info.size % 8)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a SPACE frame that is too small");
	payload += info.size;
	left -= info.size;
	if (info.nr_mappings > left / sizeof(struct profbuf_mapping))
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a SPACE frame too small for %u mappings", info.nr_mappings);
	err = stream__reserve_mappings(stream, info.nr_mappings);
	if (err)
		return err;
	for (i = 0; i < info.nr_mappings; i++) {
		size_t size = take_mapping(&stream->mappings[i], payload, left);

		if (!size)
			return stream__fail(stream, -EBADMSG, stream->offset,
					    "mapping %u of a SPACE frame of %u is damaged", i,
					    info.nr_mappings);
		payload += size;
		left -= size;
	}
	return handler->space ? handler->space(context, &info, stream->mappings) : 0;
}
