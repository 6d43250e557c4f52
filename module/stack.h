/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_STACK_H
#define PROFBUF_STACK_H

#include <linux/compiler.h>
#include <linux/profbuf.h>
#include <linux/ptrace.h>
#include <linux/types.h>

struct profbuf_ranges;

/**
 * struct profbuf_stack - a stack while it is walked
 * @frames: where to put addresses: the interrupted instruction, then return addresses, those of
 *	the kernel before those of user code
 * @count: how many there are
 * @depth: how many may be there
 * @end_time: when the walk must be over, by the monotonic clock that NMIs can read
 * @flags: PROFBUF_MODE_TRUNCATED and the like, as it turns out
 * @ranges: what is executable in user space; NULL if that is not known
 * @entry: where the program begins; 0 if that is not known
 * @lowest: the lowest user frame; one between it and the present one was there already
 * @switches: how many times a frame may lie below all that it called
 * @end: where the walk of user frames ended
 */
struct profbuf_stack {
	u64 *frames;
	u32 count;
	u32 depth;
	u64 end_time;
	u64 flags;
	const struct profbuf_ranges *ranges;
	u64 entry;
	u64 lowest;
	u32 switches;
	enum profbuf_end end;
};

/**
 * union profbuf_user_frame - what a frame pointer of user code points to
 * @frame: of 64-bit code: the caller's frame pointer, and the return address
 * @frame32: of 32-bit code
 */
union profbuf_user_frame {
	struct {
		u64 next;
		u64 return_address;
	} frame;
	struct {
		u32 next;
		u32 return_address;
	} frame32;
};

/*
 * Stacks that call others may lie anywhere: those of signal handlers, of coroutines, and the one
 * that Go runs its own functions on. More of them are a circle.
 */
#define PROFBUF_STACK_SWITCHES	4

/* The module's parameter walk_ns. */
extern unsigned int profbuf_walk_ns;

/**
 * profbuf_stack_init - begin to walk a stack
 * @stack: the stack
 * @frames: where to put addresses
 * @depth: how many may be put there, 1 or more
 * @now: the monotonic clock that NMIs can read
 *
 * Context: any.
 */
static __always_inline void profbuf_stack_init(struct profbuf_stack *stack, u64 *frames,
					       u32 depth, u64 now)
{
	stack->frames = frames;
	stack->count = 0;
	stack->depth = depth;
	stack->end_time = now + READ_ONCE(profbuf_walk_ns);
	stack->flags = 0;
	stack->ranges = NULL;
	stack->entry = 0;
	stack->lowest = 0;
	stack->switches = PROFBUF_STACK_SWITCHES;
	stack->end = PROFBUF_END_NONE;
}

u32 profbuf_stack_kernel(struct profbuf_stack *stack, struct pt_regs *regs);
void profbuf_stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
			union profbuf_user_frame *buffer);

#endif /* PROFBUF_STACK_H */
