/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk: a stack walked in userspace as the kernel walks it, by the same step.
 */
#ifndef PROFBUF_UNWIND_WALK_H
#define PROFBUF_UNWIND_WALK_H

#include <linux/types.h>
#include <linux/ptrace.h>

#include "unwind.h"

/* How many times a caller may lie below; as in the kernel. */
#define WALK_SWITCHES	4

#define WALK_DEPTH	512

/**
 * struct walk_memory - a piece of the memory of the process
 * @start: its address
 * @size: bytes of it
 * @bytes: what is in it
 */
struct walk_memory {
	u64 start;
	u64 size;
	const void *bytes;
};

/**
 * struct walk_mapping - executable memory
 * @start: its address
 * @end: what comes after it
 * @offset: of it in the file
 * @table: of the file, checked; or NULL
 */
struct walk_mapping {
	u64 start;
	u64 end;
	u64 offset;
	const struct profbuf_unwind_table *table;
};

/**
 * struct walk_process - all that a walk sees
 * @regs: the registers of the thread
 * @memory: pieces of memory
 * @nr_memory: how many
 * @mappings: what is executable
 * @nr_mappings: how much
 */
struct walk_process {
	struct pt_regs regs;
	const struct walk_memory *memory;
	size_t nr_memory;
	const struct walk_mapping *mappings;
	size_t nr_mappings;
};

/* Why a walk is over. */
enum walk_end {
	WALK_ROOT,
	WALK_DATA,
	WALK_TABLE,
	WALK_ABSENT,
	WALK_ZERO,
	WALK_STRAY,
	WALK_TOO_DEEP,
};

/**
 * struct walk_stack - what a walk has found
 * @frames: the interrupted instruction, then return addresses
 * @count: how many
 * @by_frame_pointer: how many of them were found by a frame pointer
 * @end: why there are no more
 */
struct walk_stack {
	u64 frames[WALK_DEPTH];
	size_t count;
	size_t by_frame_pointer;
	enum walk_end end;
};

/*
 * Aborts if a step does not lead towards an end, or several steps at a time lead to somewhere else
 * than one after the other.
 */
void walk(const struct walk_process *process, struct walk_stack *stack);

/* The rule of a position, NULL if there is none. */
const struct profbuf_unwind_rule *walk_find_rule(const struct profbuf_unwind_table *table,
						 u64 position);

const char *walk_end_name(enum walk_end end);

#endif /* PROFBUF_UNWIND_WALK_H */
