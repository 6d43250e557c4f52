/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_PERCPU_H
#define PROFBUF_PERCPU_H

#include <linux/list.h>
#include <linux/types.h>
#include <asm/local64.h>

#include "overload.h"
#include "ring.h"
#include "space.h"
#include "stack.h"

struct profbuf_session;
struct profbuf_unwind_cache;

/**
 * struct profbuf_cpu - what a session has for one CPU
 * @ring: its ring; the writer is this CPU's sampling interrupt
 * @session: the session
 * @source: what the source of interrupts has for this CPU
 * @idle_node: links it to what is to be stopped when the CPU is idle
 * @interrupts: sampling interrupts so far
 * @periods: sampling periods that these stand for
 * @late: of these, periods by which interrupts were late
 * @stolen: of these, periods that a host has stolen
 * @slept: periods besides, in which the source was stopped as the CPU was idle
 * @spaces: spaces that were sampled first here
 * @spaces_unknown: records of a space that there was nothing prepared for
 * @spare_spaces: prepared for the sampling interrupt: struct profbuf_space
 * @spare_ranges: struct profbuf_ranges
 * @overload: what sampling takes of the CPU
 * @records_read: records read so far, overflow entries included
 * @lost_read: samples lost as told by the overflow entries read
 * @pages: pages that it takes, which the session's account was charged for
 * @cpu: the CPU's number
 * @other: memory of what follows
 * @scratch: where the sampling interrupt gathers a stack, and a copy behind it
 * @unwind_cache: rules by which the sampling interrupt has walked user stacks
 * @frame: where it reads frames of user stacks to
 */
struct profbuf_cpu {
	struct profbuf_ring ring;
	struct profbuf_session *session;
	void *source;
	struct hlist_node idle_node;
	local64_t interrupts;
	local64_t periods;
	local64_t late;
	local64_t stolen;
	local64_t slept;
	local64_t spaces;
	local64_t spaces_unknown;
	struct profbuf_spares spare_spaces;
	struct profbuf_spares spare_ranges;
	struct profbuf_overload overload;
	u64 records_read;
	u64 lost_read;
	unsigned long pages;
	u32 cpu;
	u64 *other;
	u64 *scratch;
	struct profbuf_unwind_cache *unwind_cache;
	u64 frame;
};

struct profbuf_cpu *profbuf_cpu_new(struct profbuf_session *session, unsigned int cpu);
void profbuf_cpu_free(struct profbuf_cpu *pc);

#endif /* PROFBUF_PERCPU_H */
