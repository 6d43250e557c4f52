/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk: the walk of a stack by a copy of it, step by step as the kernel makes it.
 */
#ifndef PROFBUF_UNWIND_WALK_H
#define PROFBUF_UNWIND_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/profbuf.h>
#include <linux/profbuf_unwind.h>

/**
 * struct walk_copy - what a walk begins with
 * @ip: where the thread was
 * @registers: PROFBUF_COPY_REGISTERS of them, by their numbers
 * @start: address of @words
 * @words: memory
 * @nr_words: how much of it
 * @cut: there was more, and it was not asked for
 */
struct walk_copy {
	uint64_t ip;
	const uint64_t *registers;
	uint64_t start;
	const uint64_t *words;
	size_t nr_words;
	bool cut;
};

/**
 * struct walk_code - code that was mapped
 * @base: the address of what is at offset 0 of its file
 * @table: the unwind table of that, which unwind_table__check() found right; NULL: there is none
 */
struct walk_code {
	uint64_t base;
	const struct profbuf_unwind_table *table;
};

/* Finds the code at an address. Returns false if there is none. */
typedef bool (*walk_find_fn)(void *context, uint64_t address, struct walk_code *code);

/*
 * Puts frames to @frames, @copy->ip first, at most @max of them, which is 1 or more. Returns how
 * many; @end is the end word, as for walks of the kernel, or PROFBUF_END_COPY.
 */
uint32_t walk__copy(const struct walk_copy *copy, walk_find_fn find, void *context,
		    uint64_t *frames, uint32_t max, uint64_t *end);

#endif /* PROFBUF_UNWIND_WALK_H */
