/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_STACK_H
#define PROFBUF_STACK_H

#include <linux/ptrace.h>
#include <linux/types.h>

u32 profbuf_stack_kernel(struct pt_regs *regs, u64 *stack, u32 depth, u64 *flags);
u32 profbuf_stack_user(struct pt_regs *regs, u64 *stack, u32 depth, u64 *flags);

#endif /* PROFBUF_STACK_H */
