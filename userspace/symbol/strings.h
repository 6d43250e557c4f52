/* SPDX-License-Identifier: GPL-2.0 */
/*
 * strings: equal strings become one pointer.
 */
#ifndef PROFBUF_SYMBOL_STRINGS_H
#define PROFBUF_SYMBOL_STRINGS_H

#include <stddef.h>

struct strings;

struct strings *strings__new(void);
void strings__free(struct strings *strings);

/* NULL if there is no memory. */
const char *strings__intern(struct strings *strings, const char *string, size_t length);

#endif /* PROFBUF_SYMBOL_STRINGS_H */
