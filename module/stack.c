// SPDX-License-Identifier: GPL-2.0
/*
 * Walking the stacks of what an interrupt interrupted.
 */
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nospec.h>
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
#include "unwind_usual.h"

#ifndef CONFIG_X86_64
#error "profbuf walks the stacks of x86-64 only"
#endif

/*
 * Reads a word inside an open user access window. Anything may be in an address: the check
 * keeps it from reaching kernel memory, also in speculation, of which what is read next would tell.
 */
static __always_inline bool profbuf_unwind_get(u64 *value, u64 address)
{
	u64 limit = TASK_SIZE_MAX - sizeof(u64);

	if (address >= limit)
		return false;
	/* Where it is a constant, it is too large for one of an instruction. */
	OPTIMIZER_HIDE_VAR(limit);
	address = array_index_nospec(address, limit);
	unsafe_get_user(*value, (const u64 __user *)address, fault);
	return true;

fault:
	return false;
}

/*
 * Checks an address once for all words that lie not far above it, so that they can be read by
 * unsafe_get_user() alone.
 */
static __always_inline bool profbuf_unwind_below(u64 *address)
{
	u64 limit = TASK_SIZE_MAX - PROFBUF_UNWIND_BELOW;

	if (*address >= limit)
		return false;
	OPTIMIZER_HIDE_VAR(limit);
	*address = array_index_nospec(*address, limit);
	return true;
}

static __always_inline bool profbuf_unwind_get_below(u64 *value, u64 address, u32 offset)
{
	unsafe_get_user(*value, (const u64 __user *)(address + offset), fault);
	return true;

fault:
	return false;
}

#include "unwind_run.h"

/*
 * A window of user access is of no more frames, and the clock is looked at when as many have been
 * walked: after two windows at the latest. Each frame may be on a page of its own, and take a few
 * microseconds then.
 */
#define STACK_STEP	16

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

/* Is what returns to that address where the program begins? */
static __always_inline bool stack_begins_at(const struct profbuf_stack *stack, u64 address,
					    bool compat)
{
	return !compat && stack->entry && address - stack->entry < STACK_ENTRY_SIZE;
}

/**
 * struct stack_walk - where a walk is
 * @frame: the present frame
 * @code: where its code is
 * @cache: rules that were used before
 * @compat: 32-bit code
 */
struct stack_walk {
	struct profbuf_unwind_frame frame;
	struct profbuf_unwind_code code;
	struct profbuf_unwind_cache *cache;
	bool compat;
};

/* Finds out where the present frame's code is. Returns false if that is not executable. */
static __always_inline bool walk_find_code(struct profbuf_stack *stack, struct stack_walk *walk)
{
	u64 address = profbuf_unwind_code(&walk->frame);
	const struct profbuf_table *table = NULL;
	struct profbuf_range *range;

	if (likely(profbuf_unwind_code_has(&walk->code, address)))
		return true;
	range = profbuf_ranges_find(stack->ranges, address);
	if (!range)
		return false;
	if (!walk->compat && !stack->frame_pointers)
		table = profbuf_range_table(range);
	profbuf_unwind_code_init(&walk->code, range->start, range->end, range->base,
				 table ? &table->unwind : NULL, table ? table->usual : NULL,
				 table ? table->id : 0);
	return true;
}

/* Is the present frame's code executable? What is known of the frame before stays. */
static __always_inline bool walk_is_in_code(const struct profbuf_stack *stack,
					    const struct stack_walk *walk)
{
	return profbuf_ranges_find(stack->ranges, profbuf_unwind_code(&walk->frame));
}

/* What 32-bit code has there: the caller's frame pointer, and the return address. */
static __always_inline enum profbuf_unwind_step walk_compat(struct profbuf_unwind_frame *frame)
{
	enum profbuf_unwind_step step = profbuf_unwind_judge(frame, sizeof(u32));
	u64 both;

	if (step != PROFBUF_UNWIND_STEPPED)
		return step;
	if (!profbuf_unwind_get(&both, frame->bp))
		return PROFBUF_UNWIND_ABSENT;
	return profbuf_unwind_to(frame, upper_32_bits(both), frame->bp + sizeof(both),
				 lower_32_bits(both));
}

static __always_inline enum profbuf_unwind_step walk_caller(struct stack_walk *walk)
{
	const struct profbuf_unwind_rule *rule = NULL;
	enum profbuf_unwind_step step;

	if (walk->compat)
		return walk_compat(&walk->frame);
	if (walk->code.has_table)
		rule = profbuf_unwind_find(&walk->code.table,
					   profbuf_unwind_code(&walk->frame) - walk->code.base);
	step = profbuf_unwind_by_rule(&walk->frame, rule);
	if (step == PROFBUF_UNWIND_UNTOLD)
		step = profbuf_unwind_by_frame_pointer(&walk->frame);
	return step;
}

/* To the caller. Returns whether there is one; else the stack knows why not. */
static __always_inline bool walk_step(struct profbuf_stack *stack, struct stack_walk *walk)
{
	switch (walk_caller(walk)) {
	case PROFBUF_UNWIND_STEPPED:
		return true;
	case PROFBUF_UNWIND_ENDED:
		stack->end = PROFBUF_END_ROOT;
		return false;
	case PROFBUF_UNWIND_ABSENT:
		stack->end = PROFBUF_END_ABSENT;
		return false;
	case PROFBUF_UNWIND_ZERO:
		stack->end = stack_begins_at(stack, walk->frame.ip, walk->compat) ?
			     PROFBUF_END_ROOT : PROFBUF_END_ZERO;
		return false;
	case PROFBUF_UNWIND_STRAY:
		stack->end = PROFBUF_END_STRAY;
		return false;
	default:
		stack->end = PROFBUF_END_TABLE;
		return false;
	}
}

/*
 * What follows opens a window of user access each, in a function of its own, so that what the loop
 * needs is in registers. They return whether the present frame is one that has not been recorded
 * yet.
 */
static noinline notrace bool walk_usual(struct profbuf_stack *stack, struct stack_walk *walk)
{
	u64 *to = stack->frames + stack->count;
	u64 *end = to + min_t(u32, STACK_STEP, stack->depth - stack->count);
	bool moved;

	/* Each address is checked when it is read. */
	if (!user_access_begin((const void __user *)PAGE_SIZE, sizeof(u64)))
		return false;
	moved = profbuf_unwind_run(&walk->frame, &walk->code, walk->cache, &to, end);
	user_access_end();
	stack->count = to - stack->frames;
	return moved;
}
NOKPROBE_SYMBOL(walk_usual);

static noinline notrace bool walk_unusual(struct profbuf_stack *stack, struct stack_walk *walk)
{
	u64 *to = stack->frames + stack->count;
	u64 *end = to + min_t(u32, STACK_STEP, stack->depth - stack->count);
	bool moved;

	if (!user_access_begin((const void __user *)PAGE_SIZE, sizeof(u64))) {
		stack->end = PROFBUF_END_ABSENT;
		return false;
	}
	for (;;) {
		moved = walk_step(stack, walk);
		/* What has a table is as usual again. */
		if (!moved || walk->code.has_tags || to == end ||
		    !profbuf_unwind_code_has(&walk->code, profbuf_unwind_code(&walk->frame)))
			break;
		*to++ = walk->frame.ip;
	}
	user_access_end();
	stack->count = to - stack->frames;
	return moved;
}
NOKPROBE_SYMBOL(walk_unusual);

static __always_inline void walk_frames(struct profbuf_stack *stack, struct stack_walk *walk)
{
	u32 look = stack->count + STACK_STEP;

	/*
	 * The interrupted instruction may be anywhere, and is recorded as it is. Mapped lately, it
	 * may well have a table.
	 */
	if (!walk_find_code(stack, walk) && stack->ranges_old) {
		stack->end = PROFBUF_END_UNKNOWN;
		return;
	}
	while ((walk->code.has_tags && walk_usual(stack, walk)) || walk_unusual(stack, walk)) {
		if (stack->count == stack->depth) {
			stack->end = walk_is_in_code(stack, walk) ? PROFBUF_END_DEPTH :
								    PROFBUF_END_DATA;
			return;
		}
		if (!walk_find_code(stack, walk)) {
			stack->end = PROFBUF_END_DATA;
			return;
		}
		stack->frames[stack->count++] = walk->frame.ip;
		if (stack->count < look)
			continue;
		look = stack->count + STACK_STEP;
		if (stack_time_is_up(stack)) {
			stack->end = PROFBUF_END_TIME;
			return;
		}
	}
}

static __always_inline void stack_walk(struct profbuf_stack *stack, const struct pt_regs *regs,
				       bool compat, u64 *buffer)
{
	struct stack_walk walk = { .compat = compat, .cache = stack->cache };

	if (!profbuf_user_memory_is_there(regs->sp, buffer)) {
		stack->end = PROFBUF_END_ABSENT;
		return;
	}
	profbuf_unwind_begin(&walk.frame, regs, regs->ip, regs->sp, regs->bp,
			     PROFBUF_STACK_SWITCHES);
	pagefault_disable();
	walk_frames(stack, &walk);
	pagefault_enable();
	if (stack->end == PROFBUF_END_DATA && stack->ranges_old)
		stack->end = PROFBUF_END_UNKNOWN;
	if (!walk.code.has_table && stack->end != PROFBUF_END_ROOT &&
	    stack->end != PROFBUF_END_UNKNOWN)
		stack->end |= PROFBUF_END_NO_TABLE;
}

/* Whether addresses of 32-bit code are what they seem: segments of its own have other bases. */
static __always_inline bool stack_is_flat(const struct pt_regs *regs)
{
	return (regs->cs == __USER32_CS || regs->cs == __USER_CS) && regs->ss == __USER_DS;
}

static __always_inline void stack_user(struct profbuf_stack *stack, struct pt_regs *regs,
				       u64 *buffer)
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
	if (!compat)
		stack->user_regs = regs;
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
 * @buffer: memory for a word, of this CPU, neither on a stack nor vmalloc'ed
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
				u64 *buffer)
{
	stack_user(stack, regs, buffer);
	switch (PROFBUF_END(stack->end)) {
	case PROFBUF_END_NONE:
	case PROFBUF_END_ROOT:
	case PROFBUF_END_TIME:
		break;
	case PROFBUF_END_DEPTH:
		stack->flags |= PROFBUF_MODE_TRUNCATED;
		break;
	default:
		stack->flags |= PROFBUF_MODE_USER_INCOMPLETE;
	}
}
NOKPROBE_SYMBOL(profbuf_stack_user);
