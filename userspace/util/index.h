/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hash table of indices into an array of the caller's, which also knows what equal means:
 *
 *	index_for_each_candidate(&index, hash, cursor, i)
 *		if (array[i] is what we look for)
 *			return i;
 *	index__insert(&index, hash, n);
 */
#ifndef PROFBUF_UTIL_INDEX_H
#define PROFBUF_UTIL_INDEX_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define INDEX_FIRST_SIZE 256

struct index_slot {
	uint32_t hash;
	uint32_t number; /* the index + 1; 0: empty */
};

struct index {
	struct index_slot *slots;
	uint32_t mask;
	uint32_t used;
};

static inline void index__free(struct index *index)
{
	free(index->slots);
}

static inline bool index__candidate(const struct index *index, uint32_t hash, uint32_t *cursor,
				    uint32_t *i)
{
	const struct index_slot *slot;

	if (!index->slots)
		return false;
	for (;;) {
		slot = &index->slots[*cursor & index->mask];
		if (!slot->number)
			return false;
		(*cursor)++;
		if (slot->hash == hash) {
			*i = slot->number - 1;
			return true;
		}
	}
}

#define index_for_each_candidate(index, hash, cursor, i) \
	for ((cursor) = (hash); index__candidate(index, hash, &(cursor), &(i));)

static inline void index__place(struct index *index, struct index_slot slot)
{
	uint32_t cursor = slot.hash;

	while (index->slots[cursor & index->mask].number)
		cursor++;
	index->slots[cursor & index->mask] = slot;
}

static inline int index__insert(struct index *index, uint32_t hash, uint32_t i)
{
	if (!index->slots || index->used >= index->mask / 2) {
		struct index larger = { .used = index->used };
		uint32_t n;

		larger.mask = index->slots ? index->mask * 2 + 1 : INDEX_FIRST_SIZE - 1;
		larger.slots = calloc((size_t)larger.mask + 1, sizeof(*larger.slots));
		if (!larger.slots)
			return -ENOMEM;
		for (n = 0; index->slots && n <= index->mask; n++)
			if (index->slots[n].number)
				index__place(&larger, index->slots[n]);
		free(index->slots);
		*index = larger;
	}
	index__place(index, (struct index_slot){ .hash = hash, .number = i + 1 });
	index->used++;
	return 0;
}

/* Folds the product of 64 bits by 64 bits: every bit of both reaches every bit of the result. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define HASH_ODD1 0x9e3779b97f4a7c15ULL
#define HASH_ODD2 0xd6e8feb86659fd93ULL

static inline uint32_t hash_pair(uint64_t a, uint64_t b)
{
	return hash_fold(a ^ HASH_ODD1, b ^ HASH_ODD2);
}

static inline uint32_t hash_string(const char *string)
{
	uint64_t hash = HASH_ODD1;

	while (*string)
		hash = (hash ^ (unsigned char)*string++) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

#endif /* PROFBUF_UTIL_INDEX_H */
