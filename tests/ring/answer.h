/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The answers of replay: standard output through one large buffer.
 */
#ifndef PROFBUF_RING_ANSWER_H
#define PROFBUF_RING_ANSWER_H

#include <stdint.h>

void answer_text(const char *text);
/* A space, and the value in decimal. */
void answer_value(uint64_t value);
void answer_end(void);
void answer_flush(void);

#endif /* PROFBUF_RING_ANSWER_H */
