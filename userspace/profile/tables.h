/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside of struct profile. profile.c adds up, tasks.c knows whose a record is, stacks.c which
 * stacks are equal, finish.c makes of them what views see.
 */
#ifndef PROFBUF_PROFILE_TABLES_H
#define PROFBUF_PROFILE_TABLES_H

#include "limits.h"
#include "profile.h"
#include "util/arena.h"
#include "util/index.h"

#define NONE UINT32_MAX

/* A distinct stack: what views see of it, and the words that tell it from others. */
struct stack {
	struct profile_stack view;
	uint64_t *words;
};

struct profile {
	bool by_thread;
	uint64_t max_words; /* of all stacks */
	uint64_t nr_words;
	uint64_t seed;
	struct profile_totals totals;
	struct profile_limits limits;
	struct profbuf_info *info;

	struct stack *stacks;
	uint32_t nr_stacks, max_stacks;
	struct index stack_index;
	uint32_t last_stack;

	struct profile_location *locations;
	uint32_t nr_locations, max_locations;
	struct index location_index;

	struct profile_process *processes;
	uint32_t nr_processes, max_processes;
	struct index process_index;
	struct index space_index; /* of processes that have one */

	struct profile_thread *threads;
	uint32_t nr_threads, max_threads;
	struct index thread_index;
	uint32_t last_thread;

	struct profile_cpu *cpus;
	uint32_t nr_cpus, max_cpus;
	uint32_t *cpu_numbers; /* by CPU: its index + 1 */
	uint32_t max_cpu_numbers;

	struct arena words;
	struct arena location_lists;
};

/**
 * struct stack_key - what of a record tells its stack from others, besides the words of the stack
 * @process: as for struct profile_stack, like the rest
 * @thread: thread
 * @generation: generation
 * @kernel_frames: number of the kernel's frames
 * @flags: PROFILE_STACK_*
 * @mode: enum profbuf_mode
 * @end: enum profbuf_end
 */
struct stack_key {
	uint32_t process;
	uint32_t thread;
	uint32_t generation;
	uint16_t kernel_frames;
	uint8_t flags;
	uint8_t mode;
	uint8_t end;
};

/* The index of the thread of a record, or NONE. */
uint32_t profile__get_thread(struct profile *profile, const struct profbuf_record *record);

struct stack_key profile__stack_key(const struct profile *profile, uint32_t thread,
				    const struct profbuf_record *record);
int profile__get_stack(struct profile *profile, const struct stack_key *key, const uint64_t *words,
		       uint32_t depth, struct stack **found);

#endif /* PROFBUF_PROFILE_TABLES_H */
