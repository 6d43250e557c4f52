// SPDX-License-Identifier: GPL-2.0
/*
 * Copying the registers and the top of the stack that an interrupt finds.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "copy.h"
#include "stack.h"
#include "unwind.h"

/* A buffer of 64 KiB holds any frame of one record and its tag. */
static_assert(sizeof(struct profbuf_frame) +
	      (PROFBUF_RECORD_FIXED + PROFBUF_HDRSIZE_MAX + PROFBUF_STACK_MAX +
	       PROFBUF_COPY_FIXED + PROFBUF_COPY_RED_WORDS +
	       PROFBUF_STACK_COPY_MAX / sizeof(u64) + 1) * sizeof(u64) <= 64 << 10);

static_assert(ARRAY_SIZE(profbuf_unwind_in_regs) == PROFBUF_COPY_REGISTERS);

/* So many words are copied in one window of user access. */
#define COPY_STEP	(PAGE_SIZE / sizeof(u64))

/* Returns how many words there were, up to what is not present or no user memory. */
static __always_inline u32 copy_memory(u64 *to, u64 address, u32 words)
{
	const u64 __user *from = (const u64 __user *)address;
	u32 done = 0, end;

	if (address >= TASK_SIZE_MAX)
		return 0;
	words = min_t(u64, words, (TASK_SIZE_MAX - address) / sizeof(u64));
	while (done < words) {
		end = min_t(u32, words, done + COPY_STEP);
		/* Its barrier keeps what is read speculatively within that, too. */
		if (!user_access_begin(from + done, (end - done) * sizeof(u64)))
			return done;
		for (; done < end; done++)
			unsafe_get_user(to[done], from + done, fault);
		user_access_end();
	}
	return done;

fault:
	user_access_end();
	return done;
}

/**
 * profbuf_copy_stack - copy the registers and the top of the stack of the current task
 * @to: where to
 * @bytes: of the stack from the stack pointer upwards, at most
 * @regs: with which it left user space, or is in it
 * @buffer: memory for a word, of this CPU, neither on a stack nor vmalloc'ed
 *
 * What is not present is not faulted in: the copy ends there. It takes no longer than to copy
 * what PROFBUF_STACK_COPY_MAX allows.
 *
 * Context: hard interrupt or NMI.
 * Return: the number of words, as the uapi header tells of them.
 */
notrace u32 profbuf_copy_stack(u64 *to, u32 bytes, const struct pt_regs *regs, u64 *buffer)
{
	u64 *memory = to + PROFBUF_COPY_FIXED;
	u64 start = regs->sp - PROFBUF_COPY_RED_ZONE;
	u32 i, words = bytes / sizeof(u64), done = 0;

	for (i = 0; i < PROFBUF_COPY_REGISTERS; i++)
		to[i] = ((const unsigned long *)regs)[profbuf_unwind_in_regs[i]];
	if (profbuf_user_memory_is_there(regs->sp, buffer)) {
		pagefault_disable();
		done = copy_memory(memory, start, PROFBUF_COPY_RED_WORDS + words);
		/* Nobody may have been below the stack pointer, at the beginning of a page. */
		if (done < PROFBUF_COPY_RED_WORDS) {
			start = regs->sp;
			done = copy_memory(memory, start, words);
		}
		pagefault_enable();
	}
	to[PROFBUF_COPY_REGISTERS] = done ? start : regs->sp;
	return PROFBUF_COPY_FIXED + done;
}
NOKPROBE_SYMBOL(profbuf_copy_stack);
