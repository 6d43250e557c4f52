/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_STACK_H
#define PROFBUF_STACK_H

#include <linux/compiler.h>
#include <linux/ptrace.h>
#include <linux/types.h>

/**
 * struct profbuf_stack - a stack while it is walked
 * @frames: where to put addresses: the interrupted instruction, then return addresses, those of
 *	the kernel before those of user code
 * @count: how many there are
 * @depth: how many may be there
 * @end: when the walk must be over, by the monotonic clock that NMIs can read
 * @flags: PROFBUF_MODE_TRUNCATED and the like, as it turns out
 */
struct profbuf_stack {
	u64 *frames;
	u32 count;
	u32 depth;
	u64 end;
	u64 flags;
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
	stack->end = now + READ_ONCE(profbuf_walk_ns);
	stack->flags = 0;
}

u32 profbuf_stack_kernel(struct profbuf_stack *stack, struct pt_regs *regs);
void profbuf_stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
			union profbuf_user_frame *buffer);

#endif /* PROFBUF_STACK_H */
