// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void output__init(struct output *out, FILE *file)
{
	out->file = file;
	out->error = 0;
	out->used = 0;
}

static void write_out(struct output *out, const void *data, size_t size)
{
	if (out->error || !size)
		return;
	errno = 0;
	if (fwrite(data, 1, size, out->file) != size)
		out->error = errno ? -errno : -EIO;
}

void output__flush(struct output *out)
{
	write_out(out, out->buffer, out->used);
	out->used = 0;
}

int output__finish(struct output *out)
{
	output__flush(out);
	if (!out->error && fflush(out->file))
		out->error = errno ? -errno : -EIO;
	return out->error;
}

void output__bytes(struct output *out, const void *data, size_t size)
{
	if (size > sizeof(out->buffer) - out->used) {
		output__flush(out);
		if (size > sizeof(out->buffer)) {
			write_out(out, data, size);
			return;
		}
	}
	memcpy(out->buffer + out->used, data, size);
	out->used += size;
}

void output__string(struct output *out, const char *string)
{
	output__bytes(out, string, strlen(string));
}

void output__printf(struct output *out, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		if (!out->error)
			out->error = -ENOMEM;
		return;
	}
	output__bytes(out, text, length);
	free(text);
}

void output__number(struct output *out, uint64_t number)
{
	char digits[20];
	char *end = digits + sizeof(digits);
	char *p = end;

	do {
		p--;
		*p = '0' + number % 10;
	} while (number /= 10);
	output__bytes(out, p, end - p);
}

void output__fixed(struct output *out, uint64_t value, unsigned int digits)
{
	uint64_t unit = 1;
	uint64_t fraction;
	unsigned int i;

	for (i = 0; i < digits; i++)
		unit *= 10;
	output__number(out, value / unit);
	fraction = value % unit;
	if (!fraction)
		return;
	output__char(out, '.');
	while (fraction) {
		unit /= 10;
		output__char(out, '0' + fraction / unit);
		fraction %= unit;
	}
}

void output__hex(struct output *out, uint64_t number)
{
	char digits[16];
	char *end = digits + sizeof(digits);
	char *p = end;

	do {
		p--;
		*p = "0123456789abcdef"[number & 0xf];
	} while (number >>= 4);
	output__bytes(out, p, end - p);
}

size_t utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (s[0] < 0x80)
		return s[0] != 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;

	/* Neither overlong forms, nor surrogates, nor what is above U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < length; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return length;
}

/*
 * How an ASCII character is written: NULL as it is, else so. Control characters are asked
 * about, too.
 */
typedef const char *(*escape_fn)(unsigned char c);

/* What is written instead of a character, NULL if it stays. @length: of it, 0 if it is none. */
static const char *instead_of(const char *text, size_t length, escape_fn escape)
{
	const unsigned char *s = (const unsigned char *)text;

	if (!length)
		return UTF8_REPLACEMENT;
	if (length == 1)
		return escape(*text);
	/* Control characters, which some terminals obey. */
	if (length == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return UTF8_REPLACEMENT;
	/* These two are no characters, and XML does not allow them. */
	if (!memcmp(text, "\xef\xbf\xbe", 3) || !memcmp(text, "\xef\xbf\xbf", 3))
		return UTF8_REPLACEMENT;
	return NULL;
}

static void escaped(struct output *out, const char *text, escape_fn escape)
{
	while (*text) {
		size_t length = utf8_length(text);
		const char *instead = instead_of(text, length, escape);

		if (instead)
			output__string(out, instead);
		else
			output__bytes(out, text, length);
		text += length ? length : 1;
	}
}

static const char *escape_nothing(unsigned char c)
{
	return c < ' ' || c == 0x7f ? UTF8_REPLACEMENT : NULL;
}

static const char *escape_xml(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return escape_nothing(c);
	}
}

static const char *escape_json(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	default:
		return escape_nothing(c);
	}
}

void output__utf8(struct output *out, const char *text)
{
	escaped(out, text, escape_nothing);
}

void utf8_print(const char *text, FILE *file)
{
	while (*text) {
		const char *instead;
		size_t length = 0;

		/* Most names are nothing but this. */
		while (text[length] >= ' ' && text[length] < 0x7f)
			length++;
		if (length) {
			fwrite(text, 1, length, file);
			text += length;
			continue;
		}
		length = utf8_length(text);
		instead = instead_of(text, length, escape_nothing);
		if (instead)
			fputs(instead, file);
		else
			fwrite(text, 1, length, file);
		text += length ? length : 1;
	}
}

void output__xml(struct output *out, const char *text)
{
	escaped(out, text, escape_xml);
}

void output__json(struct output *out, const char *text)
{
	output__char(out, '"');
	escaped(out, text, escape_json);
	output__char(out, '"');
}
