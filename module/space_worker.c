// SPDX-License-Identifier: GPL-2.0
/*
 * The worker of the spaces: looks at those that were sampled, has it told, and drops what has
 * ended.
 *
 * Those who need its work done do it themselves: to wait for a thread that a real-time task keeps
 * from running could take for ever.
 */
#include <linux/delay.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "deadline.h"
#include "session.h"
#include "space.h"
#include "space_frame.h"
#include "space_look.h"
#include "space_memory.h"
#include "space_worker.h"

/* A space that changes all the time is not looked at more often. */
#define WORKER_LOOK_NS		(10 * NSEC_PER_MSEC)
#define WORKER_LOOK_JIFFIES	(1 + nsecs_to_jiffies(WORKER_LOOK_NS))

/* Milliseconds that the lock of an address space is waited for, when all is to be told. */
#define WORKER_LOCK_TRIES	20

/* Has an interrupt not been able to look what is executable now? */
static bool worker_ranges_are_old(const struct profbuf_space *space)
{
	struct profbuf_ranges *ranges;
	bool old;

	rcu_read_lock();
	ranges = READ_ONCE(space->ranges);
	old = !ranges || ranges->generation != atomic_read(&space->generation) ||
	      ranges->grown != atomic_read(&space->grown) ||
	      ranges->shrunk != atomic_read(&space->shrunk);
	rcu_read_unlock();
	return old;
}

static u32 worker_count_ranges(struct mm_struct *mm)
{
	VMA_ITERATOR(iterator, mm, 0);
	struct vm_area_struct *vma;
	u32 count = 0;

	for_each_vma(iterator, vma)
		count += !!(vma->vm_flags & VM_EXEC);
	return count;
}

static void worker_look_ranges(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	VMA_ITERATOR(iterator, space->mm, 0);
	struct profbuf_ranges *ranges;
	struct vm_area_struct *vma;

	if (!worker_ranges_are_old(space))
		return;
	ranges = profbuf_space_new_ranges(spaces, worker_count_ranges(space->mm));
	if (!ranges)
		return;
	ranges->generation = atomic_read(&space->generation);
	ranges->grown = atomic_read(&space->grown);
	ranges->shrunk = atomic_read(&space->shrunk);
	/* One that there is no room for is not known, but what is known is right. */
	for_each_vma(iterator, vma)
		if (profbuf_ranges_add(ranges, vma))
			break;
	profbuf_space_find_entry(space);
	ranges = xchg(&space->ranges, ranges);
	if (ranges)
		profbuf_space_drop_ranges(spaces, ranges);
}

/*
 * Who maps a file of a server that does not answer has the lock for as long as that takes: others
 * are not to wait for it.
 */
static bool worker_lock(struct mm_struct *mm, bool flush)
{
	int tries = flush ? WORKER_LOCK_TRIES : 0;

	while (!mmap_read_trylock(mm)) {
		if (!tries--)
			return false;
		usleep_range(USEC_PER_MSEC, 2 * USEC_PER_MSEC);
	}
	return true;
}

/* Without @look at ranges alone. Returns 0, -EAGAIN if that cannot be now, or -ESRCH. */
static int worker_look(struct profbuf_spaces *spaces, struct profbuf_space *space,
		       struct space_look *look, bool flush)
{
	bool locked;

	/* If it has ended, that is told by who has looked at it then, or is about to. */
	if (!mmget_not_zero(space->mm))
		return -ESRCH;
	locked = worker_lock(space->mm, flush);
	if (locked) {
		if (look)
			profbuf_space_look(spaces, look, space, SPACE_GFP);
		worker_look_ranges(spaces, space);
		mmap_read_unlock(space->mm);
		if (look) {
			/*
			 * Mappings are taken from the tree together, and then told of one by one,
			 * with the lock held for reading: a look may come between. If nobody has
			 * the lock afterwards, all that has been missed has been told of by now.
			 */
			look->undisturbed = !rwsem_is_locked(&space->mm->mmap_lock);
		}
	}
	mmput(space->mm);
	return locked ? 0 : -EAGAIN;
}

/* Finds out which space the process had before, when a space is told of for the first time. */
static void worker_find_previous(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	struct profbuf_space_last *last = spaces->last + space->tgid % PROFBUF_SPACE_LAST;
	bool same = last->tgid == space->tgid && last->start_ns == space->start_ns;

	if (same && last->id >= space->id)
		return;
	space->previous = same ? last->id : 0;
	*last = (struct profbuf_space_last){
		.tgid = space->tgid,
		.start_ns = space->start_ns,
		.id = space->id,
	};
}

/* Interrupts may put others before it, but nobody else takes one out. */
static void worker_unlink(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	struct profbuf_space **bucket = profbuf_space_bucket(spaces, space->mm);
	struct profbuf_space **link;

	while (cmpxchg(bucket, space, space->next) != space) {
		link = &READ_ONCE(*bucket)->next;
		while (*link && *link != space)
			link = &(*link)->next;
		if (*link) {
			WRITE_ONCE(*link, space->next);
			break;
		}
	}
	atomic_dec(&profbuf_spaces_in_bucket[profbuf_space_hash(space->mm)]);
}

/* Adds what others have seen go, or at the end. */
static void worker_take_chunks(struct profbuf_spaces *spaces, struct profbuf_space *space,
			       struct space_look *look)
{
	struct space_chunk **last = &look->chunks;
	unsigned long flags;

	while (*last)
		last = &(*last)->next;
	raw_spin_lock_irqsave(&spaces->lock, flags);
	*last = space->chunks;
	space->chunks = NULL;
	space->gone = 0;
	look->incomplete |= space->incomplete;
	space->incomplete = false;
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
}

/* There is no room to tell what has gone, and files must not be in use until there is. */
static void worker_forget_chunks(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	struct space_look look = {};
	unsigned long flags;

	worker_take_chunks(spaces, space, &look);
	if (!look.chunks && !look.incomplete)
		return;
	raw_spin_lock_irqsave(&spaces->lock, flags);
	space->incomplete = true;
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
	profbuf_look_free(look.chunks);
}

static void worker_tell(struct profbuf_spaces *spaces, struct profbuf_space *space,
			struct space_look *look, bool ended, u64 now)
{
	unsigned long irq_flags;
	u32 flags = 0;

	if (ended)
		flags |= PROFBUF_SPACE_ENDED;
	if (look->incomplete) {
		flags |= PROFBUF_SPACE_INCOMPLETE;
		atomic64_inc(&spaces->lost);
	}
	worker_find_previous(spaces, space);
	if (profbuf_frames_full(spaces) ||
	    !profbuf_frames_make(spaces, space, look, flags, now)) {
		atomic64_inc(&spaces->lost);
		WRITE_ONCE(spaces->starved, true);
		return;
	}
	raw_spin_lock_irqsave(&spaces->lock, irq_flags);
	space->told = look->generation;
	space->told_all = look->undisturbed;
	raw_spin_unlock_irqrestore(&spaces->lock, irq_flags);
	profbuf_deadline_begin(spaces->session, now);
}

/* It is looked at for its ranges, then. */
static bool worker_has_told_all(struct profbuf_spaces *spaces, const struct profbuf_space *space)
{
	unsigned long flags;
	bool all;

	raw_spin_lock_irqsave(&spaces->lock, flags);
	all = (int)space->told == atomic_read(&space->generation) && !space->chunks &&
	      !space->incomplete;
	raw_spin_unlock_irqrestore(&spaces->lock, flags);
	return all;
}

/* A space was sampled, has changed or ended. Returns false if it is to be looked at later. */
static bool worker_process(struct profbuf_spaces *spaces, struct profbuf_space *space, bool ended,
			   bool flush)
{
	u64 now = ktime_get_mono_fast_ns();
	struct space_look look = {};
	int error;

	if (ended) {
		look.generation = atomic_read(&space->generation);
		look.chunks = space->at_end;
		space->at_end = NULL;
	} else {
		if (space->looked_at && !flush && now - space->looked_at < WORKER_LOOK_NS)
			return false;
		space->looked_at = now;
		if (worker_has_told_all(spaces, space))
			return worker_look(spaces, space, NULL, flush) != -EAGAIN;
		if (profbuf_frames_full(spaces)) {
			WRITE_ONCE(spaces->starved, true);
			worker_forget_chunks(spaces, space);
			return true;
		}
		error = worker_look(spaces, space, &look, flush);
		if (error)
			return error != -EAGAIN;
	}
	worker_take_chunks(spaces, space, &look);
	if (!ended || look.chunks || look.incomplete)
		worker_tell(spaces, space, &look, ended, now);
	profbuf_look_free(look.chunks);
	if (ended) {
		worker_unlink(spaces, space);
		profbuf_space_drop(spaces, space);
	}
	return true;
}

/* The reader has made room for what was not told. */
static void worker_look_again(struct profbuf_spaces *spaces)
{
	struct profbuf_space *space;
	size_t i;

	WRITE_ONCE(spaces->starved, false);
	for (i = 0; i < PROFBUF_SPACE_BUCKETS; i++)
		for (space = READ_ONCE(spaces->bucket[i]); space; space = space->next)
			if (atomic_read(&space->sampled) > (int)space->told)
				profbuf_space_queue(spaces, space, 0);
}

/**
 * profbuf_space_work - do what there is to do
 * @spaces: the spaces
 * @flush: all of it, also what would be left for later
 *
 * Context: process; sleeps.
 */
void profbuf_space_work(struct profbuf_spaces *spaces, bool flush)
{
	struct profbuf_space *space, *next;
	bool later = false;
	int state;

	mutex_lock(&spaces->worker);
	if (spaces->ended)
		goto out;
	profbuf_space_prepare_all(spaces);
	profbuf_space_free_retired(spaces);
	if (READ_ONCE(spaces->starved) && !profbuf_frames_full(spaces))
		worker_look_again(spaces);
	llist_for_each_entry_safe(space, next,
				  llist_reverse_order(llist_del_all(&spaces->pending)), node) {
		/* Fully ordered: what was changed by who saw it set is seen. */
		state = atomic_fetch_andnot(SPACE_QUEUED, &space->state);
		if (!worker_process(spaces, space, state & SPACE_ENDED, flush) &&
		    !atomic_fetch_or(SPACE_QUEUED, &space->state)) {
			llist_add(&space->node, &spaces->pending);
			later = true;
		}
		cond_resched();
	}
	profbuf_space_prepare_all(spaces);
out:
	mutex_unlock(&spaces->worker);
	if (later)
		queue_delayed_work(system_dfl_wq, &spaces->later, WORKER_LOOK_JIFFIES);
}
