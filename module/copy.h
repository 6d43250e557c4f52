/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lies on top of a user stack, for those who walk it later.
 */
#ifndef PROFBUF_COPY_H
#define PROFBUF_COPY_H

#include <linux/compiler.h>
#include <linux/profbuf.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#define PROFBUF_COPY_RED_WORDS	(PROFBUF_COPY_RED_ZONE / sizeof(u64))

/**
 * profbuf_copy_words - how large a copy may be
 * @config: the configuration
 *
 * Return: the most words that it has; 0 if none is to be made.
 */
static inline u32 profbuf_copy_words(const struct profbuf_config *config)
{
	if (!config->stack_copy)
		return 0;
	return PROFBUF_COPY_FIXED + PROFBUF_COPY_RED_WORDS + config->stack_copy / sizeof(u64);
}

u32 profbuf_copy_stack(u64 *to, u32 bytes, const struct pt_regs *regs, u64 *buffer);

#endif /* PROFBUF_COPY_H */
