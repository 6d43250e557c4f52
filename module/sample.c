// SPDX-License-Identifier: GPL-2.0
/*
 * What a sampling interrupt captures. Nothing here may wait, allocate or print: it runs
 * in hard interrupts and will run in NMIs.
 */
#include <linux/build_bug.h>
#include <linux/cgroup.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "copy.h"
#include "deadline.h"
#include "sample.h"
#include "session.h"
#include "space.h"
#include "stack.h"

static __always_inline enum profbuf_mode sample_mode(struct pt_regs *regs)
{
	if (regs && user_mode(regs))
		return PROFBUF_MODE_USER;
	/* Softirqs run on top of whatever was there, on the way out of an interrupt. */
	if (is_idle_task(current) && !in_serving_softirq())
		return PROFBUF_MODE_IDLE;
	/* KVM sets this around the guest's entry and exit, where interrupts wait. */
	if (current->flags & PF_VCPU)
		return PROFBUF_MODE_GUEST;
	return PROFBUF_MODE_KERNEL;
}

static __always_inline u64 sample_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

/* The header words, in the order of the uapi. */
static __always_inline void sample_header(u64 *header, u64 mode, u64 space, u64 end, u32 copy,
					  const struct profbuf_sample *sample)
{
	header[0] = sample->periods;
	header[1] = (u64)current->tgid << 32 | current->pid;
	header[2] = mode;
	header[3] = sample_cgroup();
	/* A thread may be renaming itself: the name is then a mixture, which does no harm. */
	BUILD_BUG_ON(TASK_COMM_LEN != 2 * sizeof(u64));
	memcpy(&header[4], current->comm, TASK_COMM_LEN);
	header[6] = sample->period;
	header[7] = sample->value;
	header[8] = 0;
	if (unlikely(sample->late))
		header[8] = min_t(u64, sample->stolen, U32_MAX) << 32 |
			    min_t(u64, sample->late, U32_MAX);
	header[9] = space;
	header[10] = end;
	header[11] = copy;
}

/*
 * Returns the space word of the current task, and puts what is known of its user code
 * to @stack.
 */
static __always_inline u64 sample_space(struct profbuf_cpu *pc, struct profbuf_spaces *spaces,
					struct profbuf_stack *stack, struct pt_regs *regs,
					u64 now)
{
	struct profbuf_space *space;
	u32 generation;

	if (!current->mm || current->flags & PF_KTHREAD)
		return PROFBUF_SPACE_NONE;
	space = profbuf_space_find(spaces, current->mm) ?: profbuf_space_add(pc, now);
	if (unlikely(!space))
		goto unknown;
	generation = profbuf_space_sample(spaces, space);
	if (unlikely(generation >= PROFBUF_GENERATION_MAX))
		goto unknown;
	stack->ranges = profbuf_space_ranges(pc, space, generation, regs, now);
	stack->ranges_old = stack->ranges && stack->ranges->generation != generation;
	stack->entry = READ_ONCE(space->entry);
	return space->id | generation;

unknown:
	local64_inc(&pc->spaces_unknown);
	return PROFBUF_SPACE_UNKNOWN;
}

/* What the writer's functions have returned to be done. */
static __always_inline void sample_tell_reader(struct profbuf_session *session, int result, u64 now)
{
	if (result & PROFBUF_RING_WAKE)
		irq_work_queue(&session->wake);
	else if (result & PROFBUF_RING_FIRST)
		profbuf_deadline_begin(session, now);
}

/**
 * profbuf_sample - take one sample
 * @pc: this CPU's part of a session
 * @regs: what was interrupted; NULL if that is unknown
 * @now: the monotonic clock that NMIs can read, nanoseconds
 * @sample: what the source has to tell
 *
 * The sample becomes a record, or is counted as lost or filtered.
 *
 * Context: hard interrupt or NMI, on the CPU of @pc.
 */
notrace void profbuf_sample(struct profbuf_cpu *pc, struct pt_regs *regs, u64 now,
			    const struct profbuf_sample *sample)
{
	struct profbuf_session *session = pc->session;
	const struct profbuf_config *config = &session->running;
	enum profbuf_mode mode = sample_mode(regs);
	int result;

	/* A nested sample is counted, too, so these must not be torn by one. */
	local64_inc(&pc->interrupts);
	local64_add(sample->periods, &pc->periods);
	if (unlikely(sample->late)) {
		local64_add(sample->late, &pc->late);
		local64_add(sample->stolen, &pc->stolen);
	}
	if (!profbuf_ring_enter(&pc->ring, now))
		return;

	if (mode == PROFBUF_MODE_IDLE && !(config->flags & PROFBUF_IDLE)) {
		profbuf_ring_filter(&pc->ring);
		result = 0;
	} else {
		struct profbuf_stack stack;
		u64 header[PROFBUF_WORDS];
		u32 kernel = 0, copy = 0;
		u64 space;

		profbuf_stack_init(&stack, pc->scratch, config->stack_depth, pc->unwind_cache, now);
		stack.frame_pointers = config->flags & PROFBUF_FRAME_POINTERS;
		space = sample_space(pc, session->spaces, &stack, regs, now);
		if (config->flags & PROFBUF_KERNEL)
			kernel = profbuf_stack_kernel(&stack, regs);
		if (config->flags & PROFBUF_USER)
			profbuf_stack_user(&stack, regs, &pc->frame);
		if (unlikely(config->stack_copy) && stack.user_regs)
			copy = profbuf_copy_stack(pc->scratch + stack.count, config->stack_copy,
						  stack.user_regs, &pc->frame);

		sample_header(header, pc->cpu | (u64)mode << 32 | stack.flags | (u64)kernel << 48,
			      space, stack.end, copy, sample);
		result = profbuf_ring_write(&pc->ring, now, 0, header,
					    min_t(u32, config->hdrsize, PROFBUF_WORDS),
					    pc->scratch, stack.count + copy);
	}

	result |= profbuf_ring_exit(&pc->ring);
	sample_tell_reader(session, result, now);
}
NOKPROBE_SYMBOL(profbuf_sample);
