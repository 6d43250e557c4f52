/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is only given back all at once, in pieces that never move.
 */
#ifndef PROFBUF_UTIL_ARENA_H
#define PROFBUF_UTIL_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	char *next;
	size_t left;
};

void *arena__alloc(struct arena *arena, size_t size);
void arena__free(struct arena *arena);

#endif /* PROFBUF_UTIL_ARENA_H */
