// SPDX-License-Identifier: GPL-2.0
/*
 * The table of spaces: what interrupts do with it.
 */
#include <linux/auxvec.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/mmap_lock.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/preempt.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/time64.h>

#include "percpu.h"
#include "session.h"
#include "space.h"

/* How often an interrupt looks for ranges, at most. */
#define SPACE_LOOK_NS		NSEC_PER_MSEC

/* Times that the generation may change while a sample is told of. */
#define SPACE_TRIES		4

static atomic64_t space_ids = ATOMIC64_INIT(0);

atomic_t profbuf_spaces_in_bucket[PROFBUF_SPACE_BUCKETS];

/**
 * profbuf_space_queue - have the worker look at a space
 * @spaces: the spaces
 * @space: one of them
 * @state: SPACE_ENDED if the address space has ended, or 0
 *
 * Context: any, under RCU.
 */
notrace void profbuf_space_queue(struct profbuf_spaces *spaces, struct profbuf_space *space,
				 int state)
{
	/*
	 * One atomic operation for both: an end is seen by the worker with the entry that it
	 * takes from the queue, and nothing is put there after that. Pairs with
	 * atomic_fetch_andnot() in profbuf_space_work().
	 */
	if (atomic_fetch_or(SPACE_QUEUED | state, &space->state))
		return;
	llist_add(&space->node, &spaces->pending);
	irq_work_queue(&spaces->wake);
}
NOKPROBE_SYMBOL(profbuf_space_queue);

/*
 * The number of a mount namespace is not for modules to see, but struct ns_common comes first in
 * what is hidden, on all kernels from 5.11 on.
 */
static bool mount_namespaces_are_known __ro_after_init;

static unsigned int mount_namespace(const struct task_struct *task)
{
	return ((const struct ns_common *)task->nsproxy->mnt_ns)->inum;
}

/**
 * profbuf_space_setup - at module init
 *
 * Context: process.
 */
void __init profbuf_space_setup(void)
{
	/* Numbers of namespaces begin there: what is lower is none. */
	mount_namespaces_are_known = mount_namespace(&init_task) >= PROC_IPC_INIT_INO - 0xf;
}

/* What a worker has prepared. Only the outermost interrupt of the CPU takes something. */
static void *spares_peek(const struct profbuf_spares *spares)
{
	/* Pairs with the release in spares_put(). */
	if (smp_load_acquire(&spares->made) == spares->taken)
		return NULL;
	return spares->item[spares->taken % PROFBUF_SPARES];
}

static void spares_take(struct profbuf_spares *spares)
{
	/* Pairs with the acquire in the worker: the slot is read before it is written anew. */
	smp_store_release(&spares->taken, spares->taken + 1);
}

/* All but the links. */
static void space_describe(struct profbuf_space *space, struct mm_struct *mm, u64 now)
{
	space->key = mm;
	space->mm = mm;
	space->id = (u64)atomic64_inc_return(&space_ids) << PROFBUF_GENERATION_BITS;
	atomic_set(&space->generation, 1);
	space->sampled_ns = now;
	space->tgid = current->tgid;
	space->start_ns = current->group_leader->start_boottime;
	rcu_read_lock();
	space->parent = task_tgid_nr(rcu_dereference(current->real_parent));
	space->ns_tgid = task_tgid_vnr(current);
	space->pid_ns = task_active_pid_ns(current)->ns.inum;
	rcu_read_unlock();
	if (mount_namespaces_are_known)
		space->mnt_ns = mount_namespace(current);
}

/**
 * profbuf_space_add - note that the current task's address space is sampled for the first time
 * @pc: this CPU's part of a session
 * @now: the monotonic clock
 *
 * Context: hard interrupt or NMI, on the CPU of @pc, within profbuf_ring_enter() and
 * profbuf_ring_exit().
 * Return: its space; NULL if nothing is prepared for a new one, or nobody would tell of changes.
 */
notrace struct profbuf_space *profbuf_space_add(struct profbuf_cpu *pc, u64 now)
{
	struct profbuf_spaces *spaces = pc->session->spaces;
	struct mm_struct *mm = current->mm;
	struct profbuf_space **bucket = profbuf_space_bucket(spaces, mm);
	struct profbuf_space *space = spares_peek(&pc->spare_spaces);
	struct profbuf_space *head = READ_ONCE(*bucket);
	struct profbuf_space *other;

	if (spaces->blind)
		return NULL;
	if (!space) {
		irq_work_queue(&spaces->wake);
		return NULL;
	}
	space_describe(space, mm, now);
	/* Ordered by the exchange: it is counted before it can be found. */
	atomic_inc(&profbuf_spaces_in_bucket[profbuf_space_hash(mm)]);
	do {
		/* Another thread of the process may be sampled first, on another CPU. */
		other = profbuf_space_search(head, mm);
		if (other) {
			atomic_dec(&profbuf_spaces_in_bucket[profbuf_space_hash(mm)]);
			return other;
		}
		space->next = head;
	} while (!try_cmpxchg(bucket, &head, space));
	spares_take(&pc->spare_spaces);
	/* The current task has a reference, so that this may come afterwards. */
	mmgrab(mm);
	local64_inc(&pc->spaces);
	return space;
}
NOKPROBE_SYMBOL(profbuf_space_add);

/**
 * profbuf_space_sample_new - the first record of a generation is about to name it
 * @spaces: the spaces
 * @space: the space
 *
 * Context: hard interrupt or NMI.
 * Return: the generation that it is to name.
 */
notrace u32 profbuf_space_sample_new(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	int generation = atomic_read(&space->generation);
	int sampled = atomic_read(&space->sampled);
	int tries = SPACE_TRIES;

	while (generation > sampled && tries--) {
		/*
		 * Pairs with the atomic_inc_return() in space_watch.c: who takes a mapping
		 * away either sees that this generation is sampled, or its change is seen here.
		 */
		if (atomic_try_cmpxchg(&space->sampled, &sampled, generation)) {
			sampled = generation;
			profbuf_space_queue(spaces, space, 0);
		}
		generation = atomic_read(&space->generation);
	}
	return generation;
}
NOKPROBE_SYMBOL(profbuf_space_sample_new);

/**
 * profbuf_space_find_entry - note where a space's program begins
 * @space: the space, of which nothing can be mapped or unmapped meanwhile
 *
 * Context: any.
 */
void profbuf_space_find_entry(struct profbuf_space *space)
{
	const struct mm_struct *mm = space->mm;
	size_t i;

	for (i = 0; i + 1 < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[i] != AT_NULL; i += 2)
		if (mm->saved_auxv[i] == AT_ENTRY)
			WRITE_ONCE(space->entry, mm->saved_auxv[i + 1]);
}

/*
 * Looks what is executable now, or has the worker look. The lock of the address space may be
 * tried here, and given back, as nothing of the kernel was interrupted: this CPU holds none of the
 * locks that a wakeup of those who wait for it takes, and all who take these disable interrupts.
 */
static noinline notrace struct profbuf_ranges *space_look(struct profbuf_cpu *pc,
							  struct profbuf_space *space)
{
	struct profbuf_spaces *spaces = pc->session->spaces;
	struct profbuf_ranges *ranges = spares_peek(&pc->spare_ranges);
	struct mm_struct *mm = space->mm;
	struct profbuf_ranges *old;
	int error;

	/* There, giving the lock back to who waits for it enables interrupts. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		profbuf_space_queue(spaces, space, 0);
		return NULL;
	}
	if (!ranges) {
		irq_work_queue(&spaces->wake);
		return NULL;
	}
	if (!mmap_read_trylock(mm))
		return NULL;
	ranges->generation = atomic_read(&space->generation);
	ranges->grown = atomic_read(&space->grown);
	ranges->shrunk = atomic_read(&space->shrunk);
	error = profbuf_ranges_look(ranges, mm);
	profbuf_space_find_entry(space);
	mmap_read_unlock(mm);
	if (error) {
		/* Too much for an interrupt. */
		profbuf_space_queue(spaces, space, 0);
		return NULL;
	}
	spares_take(&pc->spare_ranges);
	old = xchg(&space->ranges, ranges);
	if (old)
		llist_add(&old->retired, &spaces->retired);
	irq_work_queue(&spaces->wake);
	return ranges;
}
NOKPROBE_SYMBOL(space_look);

/**
 * profbuf_space_ranges_new - look what is executable, as that is not known or has changed
 * @pc: this CPU's part of a session
 * @space: the space
 * @regs: what was interrupted, or NULL
 * @now: the monotonic clock
 *
 * Context: as profbuf_space_add().
 * Return: as profbuf_space_ranges().
 */
notrace struct profbuf_ranges *profbuf_space_ranges_new(struct profbuf_cpu *pc,
							struct profbuf_space *space,
							struct pt_regs *regs, u64 now)
{
	struct profbuf_ranges *ranges = READ_ONCE(space->ranges);
	u64 looked;

	/*
	 * What was mapped since is not in it, but the rest is right. Where something has become
	 * data since, or has gone, there may be anything.
	 */
	if (ranges && ranges->shrunk != atomic_read(&space->shrunk))
		ranges = NULL;
	looked = READ_ONCE(space->ranges_at);
	if (!regs || !user_mode(regs) || in_nmi() || (looked && now - looked < SPACE_LOOK_NS))
		return ranges;
	WRITE_ONCE(space->ranges_at, now);
	return space_look(pc, space) ?: ranges;
}
NOKPROBE_SYMBOL(profbuf_space_ranges_new);
