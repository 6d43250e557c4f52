// SPDX-License-Identifier: GPL-2.0
/*
 * Walking the stacks of what an interrupt interrupted.
 */
#include <linux/kprobes.h>
#include <linux/nospec.h>
#include <linux/profbuf.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/unwind.h>

#include "stack.h"

#ifndef CONFIG_X86_64
#error "profbuf walks the stacks of x86-64 only"
#endif

/**
 * profbuf_stack_kernel - kernel frames of the current task
 * @regs: what was interrupted, or NULL
 * @stack: where to put them: the interrupted instruction, then return addresses
 * @depth: most frames to put there
 * @flags: PROFBUF_MODE_TRUNCATED and PROFBUF_MODE_KERNEL_INCOMPLETE are set as it turns out
 *
 * Context: hard interrupt or NMI.
 * Return: the number of frames; 0 if user code was interrupted.
 */
notrace u32 profbuf_stack_kernel(struct pt_regs *regs, u64 *stack, u32 depth, u64 *flags)
{
	struct unwind_state state;
	struct pt_regs *entry;
	unsigned long address;
	u32 n = 0;

	if (!regs) {
		*flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
		return 0;
	}
	if (user_mode(regs))
		return 0;

	/* What was interrupted is known even where the unwinder does not know its way. */
	stack[n++] = regs->ip;
	for (unwind_start(&state, current, regs, NULL); !unwind_done(&state);
	     unwind_next_frame(&state)) {
		address = unwind_get_return_address(&state);
		if (!address) {
			/* Where the kernel was entered, the next address is user code's. */
			entry = unwind_get_entry_regs(&state, NULL);
			if (!entry || !user_mode(entry))
				*flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
			return n;
		}
		if (n == depth) {
			*flags |= PROFBUF_MODE_TRUNCATED;
			return n;
		}
		stack[n++] = address;
	}
	if (unwind_error(&state))
		*flags |= PROFBUF_MODE_KERNEL_INCOMPLETE;
	return n;
}
NOKPROBE_SYMBOL(profbuf_stack_kernel);

/* What a frame pointer points to, for 64-bit and 32-bit code. */
struct user_frame {
	u64 next;
	u64 return_address;
};

struct user_frame32 {
	u32 next;
	u32 return_address;
};

/*
 * Reads a frame inside an open user access window. Anything may be in a frame pointer:
 * the check keeps it from reaching kernel memory, also in speculation, of which the next
 * frame pointer would tell.
 */
static __always_inline bool user_frame_get(struct user_frame *frame, u64 address, bool compat)
{
	const struct user_frame32 __user *frame32;
	const struct user_frame __user *frame64;

	if (address >= TASK_SIZE_MAX)
		return false;
	address = array_index_nospec(address, TASK_SIZE_MAX);
	frame32 = (const struct user_frame32 __user *)address;
	frame64 = (const struct user_frame __user *)address;

	if (compat) {
		unsafe_get_user(frame->next, &frame32->next, fault);
		unsafe_get_user(frame->return_address, &frame32->return_address, fault);
	} else {
		unsafe_get_user(frame->next, &frame64->next, fault);
		unsafe_get_user(frame->return_address, &frame64->return_address, fault);
	}
	return true;

fault:
	return false;
}

/*
 * Follows frame pointers until one is 0, which is where threads begin. The first
 * frame is read by a function that also sees whether user memory may be read at all
 * from here: an NMI may hit the switch to another address space. The rest
 * is read in one window, at a sixth of the cost.
 */
static __always_inline u32 stack_walk(u64 fp, bool compat, u64 *stack, u32 n, u32 depth,
				      u64 *flags)
{
	u64 size = compat ? sizeof(struct user_frame32) : sizeof(struct user_frame);
	u64 align = compat ? 3 : 7;
	struct user_frame32 frame32;
	struct user_frame frame;
	u64 last;

	if (!fp)
		return n;
	if (fp & align)
		goto incomplete;
	if (n == depth)
		goto truncated;
	if (compat) {
		if (copy_from_user_nofault(&frame32, (const void __user *)fp, sizeof(frame32)))
			goto incomplete;
		frame.next = frame32.next;
		frame.return_address = frame32.return_address;
	} else if (copy_from_user_nofault(&frame, (const void __user *)fp, sizeof(frame))) {
		goto incomplete;
	}

	pagefault_disable();
	if (!user_access_begin((const void __user *)fp, size))
		goto incomplete_enabled;
	for (;;) {
		if (!frame.return_address)
			goto incomplete_access;
		stack[n++] = frame.return_address;
		if (!frame.next)
			break;
		last = fp;
		fp = frame.next;
		/* Stacks grow down, so callers' frames lie above; else it may go in circles. */
		if (fp <= last || fp & align)
			goto incomplete_access;
		if (n == depth) {
			*flags |= PROFBUF_MODE_TRUNCATED;
			break;
		}
		if (!user_frame_get(&frame, fp, compat))
			goto incomplete_access;
	}
	user_access_end();
	pagefault_enable();
	return n;

incomplete_access:
	user_access_end();
incomplete_enabled:
	pagefault_enable();
incomplete:
	*flags |= PROFBUF_MODE_USER_INCOMPLETE;
	return n;

truncated:
	*flags |= PROFBUF_MODE_TRUNCATED;
	return n;
}

/**
 * profbuf_stack_user - user frames of the current task
 * @regs: what was interrupted, or NULL
 * @stack: where to put them: the instruction at which the task left user space, or is
 *	in it, then return addresses
 * @depth: most frames to put there, 0 or more
 * @flags: PROFBUF_MODE_TRUNCATED and PROFBUF_MODE_USER_INCOMPLETE are set as it turns out
 *
 * User memory is read as it is; what is not present is not faulted in.
 *
 * Context: hard interrupt or NMI.
 * Return: the number of frames; 0 for a kernel thread.
 */
notrace u32 profbuf_stack_user(struct pt_regs *regs, u64 *stack, u32 depth, u64 *flags)
{
	if (current->flags & (PF_KTHREAD | PF_IO_WORKER) || !current->mm)
		return 0;
	if (!regs || !user_mode(regs)) {
		regs = task_pt_regs(current);
		/* Between fork() and the first return to user space there are none. */
		if (!user_mode(regs))
			return 0;
	}

	if (!depth) {
		*flags |= PROFBUF_MODE_TRUNCATED;
		return 0;
	}
	stack[0] = regs->ip;
	return stack_walk(regs->bp, !user_64bit_mode(regs), stack, 1, depth, flags);
}
NOKPROBE_SYMBOL(profbuf_stack_user);
