// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind_usual.h"
#include "walk.h"

/* What the present walk sees. */
static const struct walk_process *walked;

static __always_inline bool profbuf_unwind_get(u64 *value, u64 address)
{
	const struct walk_memory *memory = walked->memory;
	size_t i;

	for (i = 0; i < walked->nr_memory; i++, memory++) {
		u64 offset = address - memory->start;

		if (offset < memory->size && memory->size - offset >= sizeof(*value)) {
			memcpy(value, (const char *)memory->bytes + offset, sizeof(*value));
			return true;
		}
	}
	return false;
}

static __always_inline bool profbuf_unwind_below(u64 *address)
{
	return *address < 1ULL << 47;
}

static __always_inline bool profbuf_unwind_get_below(u64 *value, u64 address, u32 offset)
{
	if (offset > PROFBUF_UNWIND_BELOW - sizeof(u64)) {
		fprintf(stderr, "walk: a word that was not checked is read\n");
		abort();
	}
	return profbuf_unwind_get(value, address + offset);
}

#include "unwind_run.h"

static const struct walk_mapping *walk_find_mapping(u64 address)
{
	size_t i;

	for (i = 0; i < walked->nr_mappings; i++) {
		if (address >= walked->mappings[i].start && address < walked->mappings[i].end)
			return &walked->mappings[i];
	}
	return NULL;
}

/* Has the walk come closer to its end? It does not, or else this does not return. */
static void walk_expect_progress(const struct profbuf_unwind_frame *before,
				 const struct profbuf_unwind_frame *frame)
{
	if (frame->switches < before->switches)
		return;
	if (frame->switches == before->switches && frame->sp > before->sp)
		return;
	if (frame->switches == before->switches && frame->sp == before->sp &&
	    (before->regs || before->mcontext) && !frame->regs && !frame->mcontext)
		return;
	fprintf(stderr, "walk: no progress from sp %llx to sp %llx, switches %u to %u\n",
		before->sp, frame->sp, before->switches, frame->switches);
	abort();
}

static enum walk_end walk_end_of(enum profbuf_unwind_step step)
{
	switch (step) {
	case PROFBUF_UNWIND_ENDED:
		return WALK_ROOT;
	case PROFBUF_UNWIND_ABSENT:
		return WALK_ABSENT;
	case PROFBUF_UNWIND_ZERO:
		return WALK_ZERO;
	case PROFBUF_UNWIND_STRAY:
		return WALK_STRAY;
	default:
		return WALK_TABLE;
	}
}

static void walk_begin(const struct walk_process *process, struct walk_stack *stack,
		       struct profbuf_unwind_frame *frame)
{
	stack->count = 0;
	stack->by_frame_pointer = 0;
	profbuf_unwind_begin(frame, &process->regs, process->regs.ip, process->regs.sp,
			     process->regs.bp, WALK_SWITCHES);
}

static enum profbuf_unwind_step walk_step(struct walk_stack *stack,
					  struct profbuf_unwind_frame *frame,
					  const struct profbuf_unwind_rule *rule)
{
	enum profbuf_unwind_step step = profbuf_unwind_by_rule(frame, rule);

	if (step == PROFBUF_UNWIND_UNTOLD) {
		step = profbuf_unwind_by_frame_pointer(frame);
		if (step == PROFBUF_UNWIND_STEPPED)
			stack->by_frame_pointer++;
	}
	return step;
}

const struct profbuf_unwind_rule *walk_find_rule(const struct profbuf_unwind_table *table,
						 u64 position)
{
	struct profbuf_unwind_parts parts;

	profbuf_unwind_parts(&parts, table);
	return profbuf_unwind_find(&parts, position);
}

/* Records the present frame, and returns what its code is in; NULL if the walk is over. */
static const struct walk_mapping *walk_enter(struct walk_stack *stack,
					     const struct profbuf_unwind_frame *frame)
{
	const struct walk_mapping *mapping = walk_find_mapping(profbuf_unwind_code(frame));

	if (!mapping) {
		stack->end = WALK_DATA;
		return NULL;
	}
	if (stack->count == WALK_DEPTH) {
		stack->end = WALK_TOO_DEEP;
		return NULL;
	}
	stack->frames[stack->count++] = frame->ip;
	return mapping;
}

/* Step by step. */
static void walk_by_steps(const struct walk_process *process, struct walk_stack *stack)
{
	const struct profbuf_unwind_rule *rule;
	struct profbuf_unwind_frame frame, before;
	const struct walk_mapping *mapping;
	enum profbuf_unwind_step step;
	u64 position;

	walk_begin(process, stack, &frame);
	while ((mapping = walk_enter(stack, &frame))) {
		before = frame;
		position = profbuf_unwind_code(&frame) - mapping->start + mapping->offset;
		rule = mapping->table ? walk_find_rule(mapping->table, position) : NULL;
		step = walk_step(stack, &frame, rule);
		if (step != PROFBUF_UNWIND_STEPPED) {
			stack->end = walk_end_of(step);
			return;
		}
		walk_expect_progress(&before, &frame);
	}
}

static void walk_code_init(struct profbuf_unwind_code *code, const struct walk_process *process,
			   const struct walk_mapping *mapping, struct profbuf_unwind_usual **usual)
{
	size_t number = mapping - process->mappings;

	if (mapping->table && !usual[number]) {
		usual[number] = calloc(mapping->table->nr_rules + 1, sizeof(**usual));
		if (!usual[number])
			abort();
		profbuf_unwind_prepare(mapping->table, usual[number]);
	}
	profbuf_unwind_code_init(code, mapping->start, mapping->end,
				 mapping->start - mapping->offset, mapping->table, usual[number],
				 number + 1);
}

/* Several steps at a time, where that can be. */
static void walk_by_runs(const struct walk_process *process, struct walk_stack *stack,
			 struct profbuf_unwind_cache *cache, struct profbuf_unwind_usual **usual)
{
	struct profbuf_unwind_code code = { 0 };
	const struct profbuf_unwind_rule *rule;
	const struct walk_mapping *mapping;
	struct profbuf_unwind_frame frame;
	enum profbuf_unwind_step step;
	u64 *to;

	walk_begin(process, stack, &frame);
	while ((mapping = walk_enter(stack, &frame))) {
		walk_code_init(&code, process, mapping, usual);
		to = stack->frames + stack->count;
		if (profbuf_unwind_run(&frame, &code, cache, &to, stack->frames + WALK_DEPTH)) {
			stack->count = to - stack->frames;
			continue;
		}
		stack->count = to - stack->frames;
		rule = NULL;
		if (code.has_table)
			rule = profbuf_unwind_find(&code.table,
						   profbuf_unwind_code(&frame) - code.base);
		step = walk_step(stack, &frame, rule);
		if (step != PROFBUF_UNWIND_STEPPED) {
			stack->end = walk_end_of(step);
			return;
		}
	}
}

static void walk_expect_same(const struct walk_stack *steps, const struct walk_stack *runs)
{
	if (steps->count == runs->count && steps->end == runs->end &&
	    steps->by_frame_pointer == runs->by_frame_pointer &&
	    !memcmp(steps->frames, runs->frames, steps->count * sizeof(*steps->frames)))
		return;
	fprintf(stderr, "walk: %zu frames and %s step by step, %zu and %s by several at a time\n",
		steps->count, walk_end_name(steps->end), runs->count, walk_end_name(runs->end));
	abort();
}

void walk(const struct walk_process *process, struct walk_stack *stack)
{
	static struct profbuf_unwind_cache cache;
	struct profbuf_unwind_usual **usual = calloc(process->nr_mappings + 1, sizeof(*usual));
	struct walk_stack runs;
	size_t i;

	if (!usual)
		abort();
	walked = process;
	walk_by_steps(process, stack);
	memset(&cache, 0, sizeof(cache));
	/* The second time, by rules that are in the cache. */
	for (i = 0; i < 2; i++) {
		walk_by_runs(process, &runs, &cache, usual);
		walk_expect_same(stack, &runs);
	}
	for (i = 0; i < process->nr_mappings; i++)
		free(usual[i]);
	free(usual);
}

const char *walk_end_name(enum walk_end end)
{
	static const char *const names[] = {
		[WALK_ROOT] = "root",
		[WALK_DATA] = "not executable",
		[WALK_TABLE] = "table",
		[WALK_ABSENT] = "absent",
		[WALK_ZERO] = "zero",
		[WALK_STRAY] = "stray",
		[WALK_TOO_DEEP] = "too deep",
	};

	return names[end];
}
