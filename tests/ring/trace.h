/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trace that replay reads: standard input line by line, and a line word by
 * word. What is malformed ends the program, with the reason.
 */
#ifndef PROFBUF_RING_TRACE_H
#define PROFBUF_RING_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *text;
	size_t length;
};

/* Goes to the next line with a command; false at the end of the input. */
bool trace_next(void);

/* Are there further words on the line? */
bool trace_more(void);

/* The next word of the line, which must be there; @what is what to call it if not. */
struct word trace_word(const char *what);
bool word_is(struct word word, const char *text);

uint64_t trace_unsigned(const char *what, uint64_t max);
int64_t trace_signed(const char *what);
uint64_t word_unsigned(struct word word, const char *what, uint64_t max);
int64_t word_signed(struct word word, const char *what);

/* There must be no further word. */
void trace_end(void);

/* Flushes the answers given so far and exits with status 2. */
__attribute__((noreturn, format(printf, 1, 2))) void trace_fail(const char *reason, ...);

/* The same with status 1: it is not the trace that is wrong. */
__attribute__((noreturn, format(printf, 1, 2))) void trace_give_up(const char *reason, ...);

#endif /* PROFBUF_RING_TRACE_H */
