/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_STACK_H
#define PROFBUF_STACK_H

#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/profbuf.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <linux/uaccess.h>

struct profbuf_ranges;
struct profbuf_unwind_cache;

/**
 * struct profbuf_stack - a stack while it is walked
 * @frames: where to put addresses: the interrupted instruction, then return addresses, those of
 *	the kernel before those of user code
 * @count: how many there are
 * @depth: how many may be there
 * @end_time: when the walk must be over, by the monotonic clock that NMIs can read
 * @flags: PROFBUF_MODE_TRUNCATED and the like, as it turns out
 * @ranges: what is executable in user space; NULL if that is not known
 * @ranges_old: what was mapped lately is not in @ranges
 * @cache: rules of unwind tables that were used before
 * @entry: where the program begins; 0 if that is not known
 * @end: where the walk of user frames ended: the record's end word
 * @user_regs: registers of the first user frame; NULL if there is none, or it is 32-bit code
 * @frame_pointers: user frames are walked by these alone, tables are not used
 */
struct profbuf_stack {
	u64 *frames;
	u32 count;
	u32 depth;
	u64 end_time;
	u64 flags;
	struct profbuf_ranges *ranges;
	bool ranges_old;
	struct profbuf_unwind_cache *cache;
	u64 entry;
	u64 end;
	const struct pt_regs *user_regs;
	bool frame_pointers;
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
 * @cache: rules of unwind tables, which nobody else uses meanwhile
 * @now: the monotonic clock that NMIs can read
 *
 * Context: any.
 */
static __always_inline void profbuf_stack_init(struct profbuf_stack *stack, u64 *frames,
					       u32 depth, struct profbuf_unwind_cache *cache,
					       u64 now)
{
	stack->frames = frames;
	stack->count = 0;
	stack->depth = depth;
	stack->end_time = now + READ_ONCE(profbuf_walk_ns);
	stack->flags = 0;
	stack->ranges = NULL;
	stack->ranges_old = false;
	stack->cache = cache;
	stack->entry = 0;
	stack->end = PROFBUF_END_NONE;
	stack->user_regs = NULL;
	stack->frame_pointers = false;
}

/**
 * profbuf_user_memory_is_there - may user memory be read from here?
 * @address: where it is going to be read first
 * @buffer: memory for a word, of this CPU, neither on a stack nor vmalloc'ed
 *
 * An NMI may hit the switch to another address space, in which interrupts are disabled; only the
 * function that is called here, which reads a word on the way, can tell.
 *
 * Context: hard interrupt or NMI.
 * Return: whether it may.
 */
static __always_inline bool profbuf_user_memory_is_there(u64 address, u64 *buffer)
{
	return !in_nmi() ||
	       !copy_from_user_nofault(buffer, (const void __user *)address, sizeof(*buffer));
}

u32 profbuf_stack_kernel(struct profbuf_stack *stack, struct pt_regs *regs);
void profbuf_stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
			u64 *buffer);

#endif /* PROFBUF_STACK_H */
