// SPDX-License-Identifier: GPL-2.0
#include "ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/index.h"

#define FRAME_POINTERS	"build programs and libraries with -fno-omit-frame-pointer"

static const struct end_text texts[NR_END_REASONS] = {
	[PROFBUF_END_NONE] = { "none", "no user frames: a process is made, executes a program or ends",
			       NULL },
	[PROFBUF_END_ROOT] = { "root", NULL, NULL },
	[PROFBUF_END_ZERO] = { "zero", "a frame pointer of 0 where no thread begins",
			       FRAME_POINTERS, true },
	[PROFBUF_END_UNKNOWN] = { "unknown", "what was mapped was not known yet", NULL },
	[PROFBUF_END_STRAY] = { "stray", "no frame pointer", FRAME_POINTERS, true },
	[PROFBUF_END_DATA] = { "data", "no return address where there should be one",
			       FRAME_POINTERS, true },
	[PROFBUF_END_ABSENT] = { "absent", "the stack is not in memory", NULL },
	[PROFBUF_END_DEPTH] = { "depth", "too deep",
				"have more frames recorded (the module's parameter stack_depth)" },
	[PROFBUF_END_TIME] = { "time", "too long to follow",
			       "let the module take longer (its parameter walk_ns)" },
	[PROFBUF_END_SEGMENT] = { "segment", "32-bit code with segments of its own", NULL },
	[PROFBUF_END_TABLE] = { "table", "its unwind table does not tell the caller", NULL, true },
	[PROFBUF_END_COPY] = { "copy", "the copy of the stack is too short",
			       "have more bytes of stacks copied (--stack copy=BYTES)" },
	[PROFILE_END_KERNEL] = { "kernel", "the kernel's frames are incomplete", NULL },
	[PROFILE_END_OTHER] = { "other", "a reason that a newer profbuf knows", NULL },
	[PROFILE_END_UNTOLD] = { "untold", NULL, NULL },
	[END_NO_UNWIND] = { "no_unwind", "no unwind information",
			    "build programs and libraries with -fasynchronous-unwind-tables or -fno-omit-frame-pointer",
			    true },
	[END_NOT_LOADED] = { "not_loaded", "its unwind table was not loaded",
			     "record again with 'profbuf record', which makes and keeps unwind tables, and says if there is no room for them",
			     true },
	[END_NOT_FOUND] = { "not_found", "no unwind table was loaded, and its file is not here to tell why",
			    NULL, true },
	[END_RUN_TIME] = { "run_time", "code made at run time, where only frame pointers are followed",
			   "have the runtime keep frame pointers (java -XX:+PreserveFramePointer)",
			   true },
	[END_32BIT] = { "32bit", "32-bit code, where only frame pointers are followed",
			FRAME_POINTERS, true },
};

/**
 * end_text - what is said of stacks that end somewhere
 * @reason: enum profile_end or enum end_reason
 *
 * Return: the words.
 */
const struct end_text *end_text(uint8_t reason)
{
	return &texts[reason];
}

/**
 * end_wants_table - might an unwind table have led on?
 * @end: enum profbuf_end or enum profile_end
 */
bool end_wants_table(uint8_t end)
{
	return end == PROFBUF_END_ABSENT || texts[end].in_file;
}

static const struct symbol_module *last_module(const struct profile *profile,
					       const struct profile_stack *stack)
{
	if (stack->nlocations <= stack->kernel_frames)
		return NULL;
	return profile__location(profile, stack->locations[stack->nlocations - 1])->symbol->module;
}

static uint8_t reason_without_table(const struct symbol_module *module)
{
	switch (module->unwind) {
	case SYMBOL_UNWIND_NONE:
		return END_NO_UNWIND;
	case SYMBOL_UNWIND_TOLD:
		return END_NOT_LOADED;
	case SYMBOL_UNWIND_32BIT:
		return END_32BIT;
	default:
		return module->problem == SYMBOL_ANONYMOUS ? END_RUN_TIME : END_NOT_FOUND;
	}
}

/**
 * end_reason - why a stack ends where it does
 * @profile: after symbolization
 * @stack: one of its stacks
 *
 * Return: enum profile_end, or enum end_reason where there was no unwind table that could have led
 *	on.
 */
uint8_t end_reason(const struct profile *profile, const struct profile_stack *stack)
{
	const struct symbol_module *module = last_module(profile, stack);

	if (!module || !(stack->flags & PROFILE_STACK_NO_TABLE) || !end_wants_table(stack->end))
		return stack->end;
	return reason_without_table(module);
}

/* What places are found by. Different files of one path are one to whoever reads it. */
struct finder {
	struct index index;
	uint32_t max;
};

static struct end_place *get_place(struct ends *ends, struct finder *finder, uint8_t reason,
				   const struct symbol_module *module)
{
	const char *path = module ? module->path : NULL;
	uint32_t hash = hash_pair((uintptr_t)path, reason);
	struct end_place *place;
	uint32_t cursor, i;

	index_for_each_candidate(&finder->index, hash, cursor, i) {
		place = &ends->places[i];
		if (place->reason == reason && (place->module ? place->module->path : NULL) == path)
			return place;
	}
	i = ends->nr;
	if (array__reserve(&ends->places, i, &finder->max, sizeof(*ends->places)) ||
	    index__insert(&finder->index, hash, i))
		return NULL;
	ends->places[i] = (struct end_place){ .reason = reason, .module = module };
	ends->nr++;
	return &ends->places[i];
}

static int add_stack(struct ends *ends, struct finder *finder, const struct profile *profile,
		     const struct profile_stack *stack)
{
	const struct symbol_module *module = NULL;
	struct end_place *place;
	uint8_t reason;

	if (stack->flags & PROFILE_STACK_LATE || !texts[stack->end].reason)
		return 0;
	reason = end_reason(profile, stack);
	if (texts[reason].in_file)
		module = last_module(profile, stack);
	place = get_place(ends, finder, reason, module);
	if (!place)
		return -ENOMEM;
	place->stacks += stack->weight.samples;
	return 0;
}

static int most_stacks(const void *left, const void *right)
{
	const struct end_place *a = left, *b = right;

	if (a->stacks != b->stacks)
		return a->stacks < b->stacks ? 1 : -1;
	if (a->reason != b->reason)
		return a->reason < b->reason ? -1 : 1;
	return a->module && b->module ? strcmp(a->module->path, b->module->path) : 0;
}

/**
 * ends__init - add up where and why stacks do not reach their root
 * @ends: to be filled in
 * @profile: after symbolization; it must outlive @ends
 *
 * Return: 0 or -ENOMEM; then there is nothing to give back.
 */
int ends__init(struct ends *ends, const struct profile *profile)
{
	uint32_t n = profile__nr_stacks(profile);
	struct finder finder = { 0 };
	int err = 0;
	uint32_t i;

	*ends = (struct ends){ 0 };
	for (i = 0; !err && i < n; i++)
		err = add_stack(ends, &finder, profile, profile__stack(profile, i));
	index__free(&finder.index);
	if (err)
		ends__exit(ends);
	else if (ends->nr)
		qsort(ends->places, ends->nr, sizeof(*ends->places), most_stacks);
	return err;
}

void ends__exit(struct ends *ends)
{
	free(ends->places);
}
