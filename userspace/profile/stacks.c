// SPDX-License-Identifier: GPL-2.0
/*
 * Distinct stacks: which of them a record has.
 */
#include <string.h>

#include "tables.h"
#include "util/array.h"

static uint32_t generation_of(const struct profile_process *process,
			      const struct profbuf_record *record)
{
	if (!profile__has_space(record))
		return process->generation;
	if (record->space == PROFBUF_SPACE_NONE)
		return 0;
	return PROFBUF_SPACE_ID(record->space) ? PROFBUF_SPACE_GENERATION(record->space) :
						 PROFILE_NO_SPACE;
}

struct stack_key profile__stack_key(const struct profile *profile, uint32_t thread,
				    const struct profbuf_record *record)
{
	uint32_t process = profile->threads[thread].process;
	struct stack_key key = {
		.process = process,
		.thread = profile->by_thread ? thread : NONE,
		.generation = generation_of(&profile->processes[process], record),
		.kernel_frames = record->kernel_frames,
		.mode = PROFILE_MODE_UNKNOWN,
		.end = PROFILE_END_UNTOLD,
	};

	if (record->has & 1U << PROFBUF_WORD_MODE) {
		key.mode = PROFBUF_MODE(record->mode);
		if (record->mode & PROFBUF_MODE_TRUNCATED)
			key.flags |= PROFILE_STACK_TRUNCATED;
		if (record->mode & PROFBUF_MODE_KERNEL_INCOMPLETE)
			key.flags |= PROFILE_STACK_KERNEL_INCOMPLETE;
		if (record->mode & PROFBUF_MODE_USER_INCOMPLETE)
			key.flags |= PROFILE_STACK_USER_INCOMPLETE;
		if (record->mode & PROFBUF_MODE_TIMED_OUT)
			key.flags |= PROFILE_STACK_TIMED_OUT;
	}
	if (profile__has_space(record) && record->space == PROFBUF_SPACE_NONE)
		key.flags |= PROFILE_STACK_NO_SPACE;
	if (record->has & 1U << PROFBUF_WORD_END) {
		key.end = record->end <= PROFBUF_END_COPY ? record->end : PROFILE_END_OTHER;
		if (record->end_flags & PROFBUF_END_NO_TABLE)
			key.flags |= PROFILE_STACK_NO_TABLE;
	}
	return key;
}

static uint32_t hash_stack(const struct profile *profile, const struct stack_key *key,
			   const uint64_t *words, uint32_t depth)
{
	uint64_t a = profile->seed ^ ((uint64_t)key->process << 32 | key->thread);
	uint64_t b = HASH_ODD1 ^ ((uint64_t)(depth ^ key->generation << 16) << 32 |
				  (uint32_t)key->kernel_frames << 16 |
				  (uint32_t)key->flags << 8 | (key->mode ^ key->end << 4));
	uint32_t n;

	/* Two chains, so that one multiplication does not wait for the other. */
	for (n = 0; n + 4 <= depth; n += 4) {
		a = hash_fold(a ^ words[n], HASH_ODD1 ^ words[n + 1]);
		b = hash_fold(b ^ words[n + 2], HASH_ODD2 ^ words[n + 3]);
	}
	for (; n < depth; n++)
		a = hash_fold(a ^ words[n], HASH_ODD1);
	return hash_fold(a ^ HASH_ODD2, b);
}

static bool same_stack(const struct stack *stack, const struct stack_key *key,
		       const uint64_t *words, uint32_t depth)
{
	const struct profile_stack *view = &stack->view;

	return view->process == key->process && view->thread == key->thread &&
	       view->generation == key->generation && view->nlocations == depth &&
	       view->kernel_frames == key->kernel_frames && view->flags == key->flags &&
	       view->mode == key->mode && view->end == key->end &&
	       !memcmp(stack->words, words, depth * sizeof(*words));
}

int profile__get_stack(struct profile *profile, const struct stack_key *key, const uint64_t *words,
		       uint32_t depth, struct stack **found)
{
	uint32_t hash = hash_stack(profile, key, words, depth);
	struct stack *stack;
	uint32_t cursor, i;

	index_for_each_candidate(&profile->stack_index, hash, cursor, i) {
		stack = &profile->stacks[i];
		if (same_stack(stack, key, words, depth)) {
			profile->last_stack = i;
			*found = stack;
			return 0;
		}
	}
	/* A short recording can say the same deep stack for ever more processes. */
	if (depth > profile->max_words - profile->nr_words)
		return -E2BIG;
	i = profile->nr_stacks;
	if (array__reserve(&profile->stacks, i, &profile->max_stacks, sizeof(*profile->stacks)))
		return -ENOMEM;
	stack = &profile->stacks[i];
	*stack = (struct stack){
		.view = {
			.process = key->process,
			.thread = key->thread,
			.generation = key->generation,
			.nlocations = depth,
			.kernel_frames = key->kernel_frames,
			.flags = key->flags,
			.mode = key->mode,
			.end = key->end,
		},
		.words = arena__alloc(&profile->words, depth * sizeof(*words)),
	};
	if (!stack->words || index__insert(&profile->stack_index, hash, i))
		return -ENOMEM;
	memcpy(stack->words, words, depth * sizeof(*words));
	profile->last_stack = i;
	profile->nr_stacks++;
	profile->nr_words += depth;
	*found = stack;
	return 0;
}
