/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A gzip file, written as it is made. It carries no time, so that equal data makes equal files.
 */
#ifndef PROFBUF_VIEW_GZIP_H
#define PROFBUF_VIEW_GZIP_H

#include <stddef.h>
#include <zlib.h>

#include "output.h"

struct gzip {
	struct output *out;
	z_stream stream;
	unsigned char compressed[32768];
};

int gzip__init(struct gzip *gzip, struct output *out);
void gzip__write(struct gzip *gzip, const void *data, size_t size);
void gzip__finish(struct gzip *gzip);

#endif /* PROFBUF_VIEW_GZIP_H */
