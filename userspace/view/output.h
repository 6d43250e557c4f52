/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where views write to: a FILE, with the first error kept, so that a view can write all it
 * has and ask once, at the end. Numbers do not depend on the locale.
 */
#ifndef PROFBUF_VIEW_OUTPUT_H
#define PROFBUF_VIEW_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct output {
	FILE *file;
	int error;
	size_t used;
	char buffer[32768];
};

void output__init(struct output *out, FILE *file);
/* 0, or the negative errno of the first write that failed. */
int output__finish(struct output *out);

void output__flush(struct output *out);
void output__bytes(struct output *out, const void *data, size_t size);
void output__string(struct output *out, const char *string);
void output__printf(struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void output__char(struct output *out, char c)
{
	if (out->used == sizeof(out->buffer))
		output__flush(out);
	out->buffer[out->used++] = c;
}

void output__number(struct output *out, uint64_t number);
/* @value / 10^@digits, without zeroes at the end: 1250, 3 is 1.25. */
void output__fixed(struct output *out, uint64_t value, unsigned int digits);
void output__hex(struct output *out, uint64_t number);

/*
 * Text of any bytes, as what the format takes for it. What is not UTF-8 or not allowed
 * there becomes U+FFFD.
 */
void output__utf8(struct output *out, const char *text);
void output__xml(struct output *out, const char *text);
/* With its quotes. */
void output__json(struct output *out, const char *text);

/* The same as output__utf8(), for what is not written through a struct output. */
void utf8_print(const char *text, FILE *file);

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the valid UTF-8 character at @text, 0 if there is none. */
size_t utf8_length(const char *text);

#endif /* PROFBUF_VIEW_OUTPUT_H */
