// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "trace.h"

/* What was read and not yet used: input[start..end). */
static char *input;
static size_t input_size;
static size_t start;
static size_t end;
static bool ended;

static unsigned long line_number;
static const char *rest;
static const char *line_end;
static bool more;

/* How much of a text of @length to show. */
static int quoted(size_t length)
{
	return length < 60 ? length : 60;
}

static __attribute__((noreturn)) void stop(int status, const char *reason, va_list args)
{
	answer_flush();
	fprintf(stderr, "replay: line %lu: ", line_number);
	vfprintf(stderr, reason, args);
	fputc('\n', stderr);
	/* No exit(): a blocked reader may still be there. */
	_exit(status);
}

void trace_fail(const char *reason, ...)
{
	va_list args;

	va_start(args, reason);
	stop(2, reason, args);
}

void trace_give_up(const char *reason, ...)
{
	va_list args;

	va_start(args, reason);
	stop(1, reason, args);
}

/* Reads more behind what there is, making room first. */
static void refill(void)
{
	ssize_t n;

	/* Whoever waits for answers before going on gets them. */
	answer_flush();

	if (start) {
		memmove(input, input + start, end - start);
		end -= start;
		start = 0;
	}
	if (end == input_size) {
		input_size = input_size ? 2 * input_size : 1 << 20;
		input = realloc(input, input_size);
		if (!input)
			trace_give_up("no memory for a line of %zu bytes", input_size);
	}

	do {
		n = read(STDIN_FILENO, input + end, input_size - end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		trace_give_up("cannot read the trace: %s", strerror(errno));
	ended = n == 0;
	end += n;
}

static bool next_line(void)
{
	size_t searched = 0;
	char *newline;

	for (;;) {
		newline = end - start > searched ?
			memchr(input + start + searched, '\n', end - start - searched) : NULL;
		if (newline || ended)
			break;
		searched = end - start;
		refill();
	}
	if (!newline && start == end)
		return false;

	line_number++;
	rest = input + start;
	line_end = newline ? newline : input + end;
	start = newline ? (size_t)(newline + 1 - input) : end;
	return true;
}

bool trace_next(void)
{
	while (next_line()) {
		more = rest < line_end && *rest != '#';
		if (more)
			return true;
	}
	return false;
}

bool trace_more(void)
{
	return more;
}

struct word trace_word(const char *what)
{
	struct word word = { .text = rest };
	const char *p = rest;

	if (!more)
		trace_fail("%s is missing", what);
	while (p < line_end && *p != ' ')
		p++;
	word.length = p - rest;
	if (!word.length)
		trace_fail("%s is missing: words are separated by single spaces", what);

	more = p < line_end;
	rest = more ? p + 1 : p;
	return word;
}

bool word_is(struct word word, const char *text)
{
	return word.length == strlen(text) && !memcmp(word.text, text, word.length);
}

uint64_t word_unsigned(struct word word, const char *what, uint64_t max)
{
	uint64_t value = 0;
	size_t i;

	if (!word.length)
		trace_fail("%s is no number", what);
	for (i = 0; i < word.length; i++) {
		unsigned int digit = (unsigned char)word.text[i] - '0';

		if (digit > 9)
			trace_fail("%s is no number: '%.*s'", what, quoted(word.length), word.text);
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value) || value > max)
			trace_fail("%s is out of range: %.*s", what,
				   quoted(word.length), word.text);
	}
	return value;
}

int64_t word_signed(struct word word, const char *what)
{
	if (word.text[0] != '-')
		return word_unsigned(word, what, INT64_MAX);

	word.text++;
	word.length--;
	return -word_unsigned(word, what, (uint64_t)INT64_MAX + 1);
}

uint64_t trace_unsigned(const char *what, uint64_t max)
{
	return word_unsigned(trace_word(what), what, max);
}

int64_t trace_signed(const char *what)
{
	return word_signed(trace_word(what), what);
}

void trace_end(void)
{
	if (more)
		trace_fail("unexpected '%.*s'", quoted(line_end - rest), rest);
}
