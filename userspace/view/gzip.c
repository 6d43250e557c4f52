// SPDX-License-Identifier: GPL-2.0
#include "gzip.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define LEVEL		1
#define WINDOW_GZIP	(15 + 16) /* the largest window, and a gzip header */
#define MEMORY_LEVEL	8

/**
 * gzip__init - begin a gzip file
 * @gzip: to be filled in
 * @out: where it goes
 *
 * Return: 0 or -ENOMEM.
 */
int gzip__init(struct gzip *gzip, struct output *out)
{
	gzip->out = out;
	memset(&gzip->stream, 0, sizeof(gzip->stream));
	if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	return 0;
}

static void compress_input(struct gzip *gzip, int flush)
{
	z_stream *stream = &gzip->stream;

	do {
		stream->next_out = gzip->compressed;
		stream->avail_out = sizeof(gzip->compressed);
		deflate(stream, flush);
		output__bytes(gzip->out, gzip->compressed,
			      sizeof(gzip->compressed) - stream->avail_out);
	} while (!stream->avail_out);
}

void gzip__write(struct gzip *gzip, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	while (size) {
		uInt part = size < UINT_MAX ? size : UINT_MAX;

		gzip->stream.next_in = (unsigned char *)bytes;
		gzip->stream.avail_in = part;
		compress_input(gzip, Z_NO_FLUSH);
		bytes += part;
		size -= part;
	}
}

/* Write what is left, and give back all memory. */
void gzip__finish(struct gzip *gzip)
{
	gzip->stream.avail_in = 0;
	compress_input(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
}
