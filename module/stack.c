// SPDX-License-Identifier: GPL-2.0
/*
 * Walking the stacks of what an interrupt interrupted.
 */
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nospec.h>
#include <linux/preempt.h>
#include <linux/profbuf.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/segment.h>
#include <asm/unwind.h>

#include "compat.h"
#include "ranges.h"
#include "stack.h"

#ifndef CONFIG_X86_64
#error "profbuf walks the stacks of x86-64 only"
#endif

/*
 * How many frames are walked between two looks at the clock. Each may be on a page of its own,
 * and take a few microseconds then.
 */
#define STACK_STEP	16

/* What is farther from each other is on different stacks. */
#define STACK_SIZE_MAX		(8 << 20)

/* What is closer below a frame is no other stack: one of Go's has 16 KiB, and little is in use. */
#define STACK_APART		(8 << 10)

/* Of the code that a program begins with: it is short, and does not return. */
#define STACK_ENTRY_SIZE	64

#define STACK_WALK_NS_MIN	1000
#define STACK_WALK_NS_MAX	NSEC_PER_SEC

unsigned int profbuf_walk_ns = 100 * NSEC_PER_USEC;

static int stack_set_walk_ns(const char *text, const struct kernel_param *kp)
{
	return param_set_uint_minmax(text, kp, STACK_WALK_NS_MIN, STACK_WALK_NS_MAX);
}

static const struct kernel_param_ops stack_walk_ns_ops = {
	.set = stack_set_walk_ns,
	.get = param_get_uint,
};

module_param_cb(walk_ns, &stack_walk_ns_ops, &profbuf_walk_ns, 0644);
MODULE_PARM_DESC(walk_ns, "longest time that a walk of a stack may take, nanoseconds");

static __always_inline bool stack_time_is_up(struct profbuf_stack *stack)
{
	if (likely((s64)(ktime_get_mono_fast_ns() - stack->end_time) < 0))
		return false;
	stack->flags |= PROFBUF_MODE_TIMED_OUT;
	return true;
}

/**
 * profbuf_stack_kernel - kernel frames of the current task
 * @stack: where they are added
 * @regs: what was interrupted, or NULL
 *
 * Context: hard interrupt or NMI.
 * Return: the number of frames; 0 if user code was interrupted.
 */
notrace u32 profbuf_stack_kernel(struct profbuf_stack *stack, struct pt_regs *regs)
{
	struct unwind_state state;
	struct pt_regs *entry;
	unsigned long address;
	u32 n = 0;

	if (!regs) {
		stack->flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
		return 0;
	}
	if (user_mode(regs))
		return 0;

	/* What was interrupted is known even where the unwinder does not know its way. */
	stack->frames[n++] = regs->ip;
	for (unwind_start(&state, current, regs, NULL); !unwind_done(&state);
	     unwind_next_frame(&state)) {
		address = unwind_get_return_address(&state);
		if (!address) {
			/* Where the kernel was entered, the next address is user code's. */
			entry = unwind_get_entry_regs(&state, NULL);
			if (!entry || !user_mode(entry))
				stack->flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
			goto out;
		}
		if (n == stack->depth) {
			stack->flags |= PROFBUF_MODE_TRUNCATED;
			goto out;
		}
		if (!(n % STACK_STEP) && stack_time_is_up(stack))
			goto out;
		stack->frames[n++] = address;
	}
	if (unwind_error(&state))
		stack->flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
out:
	stack->count = n;
	return n;
}
NOKPROBE_SYMBOL(profbuf_stack_kernel);

/*
 * Reads a frame inside an open user access window. Anything may be in a frame pointer:
 * the check keeps it from reaching kernel memory, also in speculation, of which the next
 * frame pointer would tell.
 */
static __always_inline bool user_frame_get(u64 *next, u64 *return_address, u64 address, bool compat)
{
	const union profbuf_user_frame __user *from;
	u64 limit = TASK_SIZE_MAX;

	if (address >= limit)
		return false;
	/* Where it is a constant, it is too large for one of an instruction. */
	OPTIMIZER_HIDE_VAR(limit);
	address = array_index_nospec(address, limit);
	from = (const union profbuf_user_frame __user *)address;

	if (compat) {
		unsafe_get_user(*next, &from->frame32.next, fault);
		unsafe_get_user(*return_address, &from->frame32.return_address, fault);
	} else {
		unsafe_get_user(*next, &from->frame.next, fault);
		unsafe_get_user(*return_address, &from->frame.return_address, fault);
	}
	return true;

fault:
	return false;
}

/*
 * May user memory be read from here? An NMI may hit the switch to another address space, in which
 * interrupts are disabled; only this function, which reads the frame on the way, can tell.
 */
static __always_inline bool user_memory_is_there(u64 fp, u64 size,
						 union profbuf_user_frame *buffer)
{
	return !in_nmi() || !copy_from_user_nofault(buffer, (const void __user *)fp, size);
}

/* Is what returns to that address where the program begins? */
static __always_inline bool stack_begins_at(const struct profbuf_stack *stack, u64 address,
					    bool compat)
{
	return !compat && stack->entry && address - stack->entry < STACK_ENTRY_SIZE;
}

/*
 * Follows frame pointers from frame to frame, a few of them in one window of user access. Returns
 * the next one; 0 if the walk is over.
 */
static __always_inline u64 stack_walk_step(struct profbuf_stack *stack, u64 fp, u64 size,
					   bool compat)
{
	u64 *to = stack->frames + stack->count;
	u64 *end = to + min_t(u32, STACK_STEP, stack->depth - stack->count);
	enum profbuf_end reason = PROFBUF_END_ABSENT;
	unsigned long start = 0, range_size = 0;
	u64 next = 0, return_address;

	if (!user_access_begin((const void __user *)fp, size))
		goto out;
	while (to != end) {
		if (!user_frame_get(&next, &return_address, fp, compat))
			goto out_access;
		/* As a rule it is in the same range as the one before. */
		if (return_address - start >= range_size &&
		    !profbuf_ranges_find(stack->ranges, return_address, &start, &range_size)) {
			reason = PROFBUF_END_DATA;
			goto out_access;
		}
		*to++ = return_address;
		if (!next) {
			reason = stack_begins_at(stack, return_address, compat) ?
				 PROFBUF_END_ROOT : PROFBUF_END_ZERO;
			goto out_access;
		}
		reason = PROFBUF_END_STRAY;
		if (next & (size / 2 - 1))
			goto out_access;
		/*
		 * Stacks grow down, so callers' frames lie above. Below may be another stack, but
		 * what is close there are frames that were left long ago.
		 */
		if (next <= fp) {
			if (next >= stack->lowest || stack->lowest - next < STACK_APART ||
			    !stack->switches--)
				goto out_access;
			stack->lowest = next;
		}
		fp = next;
		reason = PROFBUF_END_ABSENT;
	}
	user_access_end();
	stack->count = to - stack->frames;
	if (stack->count < stack->depth)
		return next;
	stack->end = PROFBUF_END_DEPTH;
	return 0;

out_access:
	user_access_end();
	stack->count = to - stack->frames;
out:
	stack->end = reason;
	return 0;
}

/* Follows frame pointers as long as they lead to frames. */
static __always_inline void stack_walk(struct profbuf_stack *stack, const struct pt_regs *regs,
				       bool compat, union profbuf_user_frame *buffer)
{
	u64 size = compat ? sizeof(buffer->frame32) : sizeof(buffer->frame);
	u64 fp = regs->bp;

	if (!fp) {
		stack->end = stack_begins_at(stack, regs->ip, compat) ? PROFBUF_END_ROOT :
									 PROFBUF_END_ZERO;
		return;
	}
	if (fp & (size / 2 - 1) || fp - regs->sp >= STACK_SIZE_MAX) {
		stack->end = PROFBUF_END_STRAY;
		return;
	}
	if (stack->count == stack->depth) {
		stack->end = PROFBUF_END_DEPTH;
		return;
	}
	if (!user_memory_is_there(fp, size, buffer)) {
		stack->end = PROFBUF_END_ABSENT;
		return;
	}

	stack->lowest = regs->sp;
	pagefault_disable();
	for (;;) {
		fp = stack_walk_step(stack, fp, size, compat);
		if (!fp)
			break;
		if (stack_time_is_up(stack)) {
			stack->end = PROFBUF_END_TIME;
			break;
		}
	}
	pagefault_enable();
}

/* Whether addresses of 32-bit code are what they seem: segments of its own have other bases. */
static __always_inline bool stack_is_flat(const struct pt_regs *regs)
{
	return (regs->cs == __USER32_CS || regs->cs == __USER_CS) && regs->ss == __USER_DS;
}

static __always_inline void stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
				       union profbuf_user_frame *buffer)
{
	bool compat;

	/* User workers have what was their creator's registers, and were never there. */
	if (current->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER) || !current->mm)
		return;
	if (!regs || !user_mode(regs)) {
		regs = task_pt_regs(current);
		/*
		 * Between fork() and the first return to user space there are none, and in execve()
		 * those of another program than the one whose address space it is.
		 */
		if (!user_mode(regs) || current->in_execve)
			return;
	}

	if (stack->count == stack->depth) {
		stack->end = PROFBUF_END_DEPTH;
		return;
	}
	stack->frames[stack->count++] = regs->ip;
	compat = !user_64bit_mode(regs);
	if (compat && !stack_is_flat(regs))
		stack->end = PROFBUF_END_SEGMENT;
	else if (!stack->ranges)
		stack->end = PROFBUF_END_UNKNOWN;
	else
		stack_walk(stack, regs, compat, buffer);
}

/**
 * profbuf_stack_user - user frames of the current task
 * @stack: where they are added: the instruction at which the task left user space, or is
 *	in it, then return addresses
 * @regs: what was interrupted, or NULL
 * @buffer: memory for a frame, of this CPU, neither on a stack nor vmalloc'ed
 *
 * User memory is read as it is; what is not present is not faulted in. Frame pointers are
 * whatever the program has in that register. So the first one must point into the stack, and what
 * is beside each of them must be the address of code: else it is something of the program's data,
 * which is nobody's business. A frame pointer of 0 alone does not tell that a thread
 * begins there.
 *
 * Context: hard interrupt or NMI.
 */
notrace void profbuf_stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
				union profbuf_user_frame *buffer)
{
	stack_user(stack, regs, buffer);
	if (stack->end == PROFBUF_END_DEPTH)
		stack->flags |= PROFBUF_MODE_TRUNCATED;
	else if (stack->end > PROFBUF_END_ROOT && stack->end != PROFBUF_END_TIME)
		stack->flags |= PROFBUF_MODE_USER_INCOMPLETE;
}
NOKPROBE_SYMBOL(profbuf_stack_user);
