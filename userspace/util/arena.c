// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"

#define ARENA_CHUNK (1024 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	uint64_t data[];
};

/**
 * arena__alloc - get memory
 * @arena: the arena
 * @size: bytes
 *
 * Return: the memory, aligned to 8 bytes, or NULL.
 */
void *arena__alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;
	size_t room = ARENA_CHUNK;
	void *memory;

	/* Nothing is something as well: it has an address. */
	size = size ? (size + 7) & ~(size_t)7 : 8;
	if (size > arena->left) {
		if (room < size)
			room = size;
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->next = (char *)chunk->data;
		arena->left = room;
	}
	memory = arena->next;
	arena->next += size;
	arena->left -= size;
	return memory;
}

/**
 * arena__free - give back all that was got
 * @arena: the arena
 */
void arena__free(struct arena *arena)
{
	struct arena_chunk *chunk;

	while ((chunk = arena->chunks)) {
		arena->chunks = chunk->next;
		free(chunk);
	}
}
