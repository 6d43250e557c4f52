/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SOURCE_H
#define PROFBUF_SOURCE_H

#include <linux/profbuf.h>

struct profbuf_cpu;

/**
 * struct profbuf_source_ops - where sampling interrupts come from
 * @init: allocate what @profbuf_cpu.source points to, on a node; returns 0 or a negative errno
 * @start: begin to sample the CPU
 * @stop: cease to: when it returns, no interrupt of it is running or will come
 * @free: free what @init allocated
 * @idle_enter: the CPU becomes idle, and idle CPUs are not asked for
 * @idle_exit: the CPU is idle no longer, or does something all the same
 *
 * All but the last two are called in process context and may sleep. The CPU of @start and
 * @stop is online, and stays so meanwhile; @stop is for one that was started only. The last two
 * are called on that CPU with interrupts disabled; they are NULL if there is nothing
 * to do.
 */
struct profbuf_source_ops {
	int (*init)(struct profbuf_cpu *pc, int node);
	void (*start)(struct profbuf_cpu *pc);
	void (*stop)(struct profbuf_cpu *pc);
	void (*free)(struct profbuf_cpu *pc);
	void (*idle_enter)(struct profbuf_cpu *pc);
	void (*idle_exit)(struct profbuf_cpu *pc);
};

extern const struct profbuf_source_ops profbuf_source_timer;

/**
 * profbuf_source_find - the source that a configuration asks for
 * @source: that
 *
 * Return: its operations; NULL if there is none such.
 */
static inline const struct profbuf_source_ops *profbuf_source_find(u32 source)
{
	return source == PROFBUF_SOURCE_TIMER ? &profbuf_source_timer : NULL;
}

#endif /* PROFBUF_SOURCE_H */
