// SPDX-License-Identifier: GPL-2.0
/*
 * The worker of the spaces: prepares memory for interrupts, looks at spaces that were sampled,
 * has it told, and frees what has ended.
 *
 * Those who need its work done do it themselves: to wait for a thread that a real-time task keeps
 * from running could take for ever.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/fs_struct.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/path.h>
#include <linux/pfn.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "deadline.h"
#include "memory.h"
#include "percpu.h"
#include "session.h"
#include "space.h"
#include "space_frame.h"
#include "space_look.h"
#include "space_watch.h"

/* A space that changes all the time is not looked at more often. */
#define WORKER_LOOK_NS		(10 * NSEC_PER_MSEC)
#define WORKER_LOOK_JIFFIES	(1 + nsecs_to_jiffies(WORKER_LOOK_NS))

/* Milliseconds that the lock of an address space is waited for, when all is to be told. */
#define WORKER_LOCK_TRIES	20

/* More spaces there are not at a time. */
#define WORKER_SPACES_MAX	16384

/* Nobody is killed for it. */
#define WORKER_GFP		(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* Processes whose last spaces are known. */
#define WORKER_LAST		1024

/**
 * struct profbuf_space_last - the last space of a process
 * @tgid: the process
 * @start_ns: when it was started
 * @id: ID of the space
 */
struct profbuf_space_last {
	u32 tgid;
	u64 start_ns;
	u64 id;
};

/*
 * Memory for spaces and ranges is charged by pages as it grows. Not given back before the end of
 * the session: what was needed once will be again.
 */
static bool worker_charge(struct profbuf_spaces *spaces, size_t size)
{
	unsigned long pages = PFN_UP(spaces->size + size);

	if (pages > spaces->pages) {
		if (profbuf_account_charge(&spaces->session->account, pages - spaces->pages))
			return false;
		spaces->pages = pages;
	}
	spaces->size += size;
	return true;
}

static void worker_uncharge(struct profbuf_spaces *spaces, size_t size)
{
	spaces->size -= size;
}

static size_t ranges_size(u32 capacity)
{
	struct profbuf_ranges *ranges;

	return struct_size(ranges, range, capacity);
}

static struct profbuf_ranges *worker_new_ranges(struct profbuf_spaces *spaces, u32 capacity)
{
	size_t size = ranges_size(capacity);
	struct profbuf_ranges *ranges;

	if (!worker_charge(spaces, size))
		return NULL;
	ranges = profbuf_ranges_alloc(capacity, WORKER_GFP);
	if (!ranges)
		worker_uncharge(spaces, size);
	return ranges;
}

static void worker_drop_ranges(struct profbuf_spaces *spaces, struct profbuf_ranges *ranges)
{
	worker_uncharge(spaces, ranges_size(ranges->capacity));
	kfree_rcu(ranges, rcu);
}

static struct profbuf_space *worker_new_space(struct profbuf_spaces *spaces)
{
	struct profbuf_space *space;

	if (spaces->count >= WORKER_SPACES_MAX || !worker_charge(spaces, sizeof(*space)))
		return NULL;
	space = kzalloc(sizeof(*space), WORKER_GFP);
	if (space)
		spaces->count++;
	else
		worker_uncharge(spaces, sizeof(*space));
	return space;
}

static bool spares_need(const struct profbuf_spares *spares)
{
	/* Pairs with the release in spares_take(): the slot has been read. */
	return spares->made - smp_load_acquire(&spares->taken) < PROFBUF_SPARES;
}

static void spares_put(struct profbuf_spares *spares, void *item)
{
	spares->item[spares->made % PROFBUF_SPARES] = item;
	/* Pairs with the acquire in spares_peek(). */
	smp_store_release(&spares->made, spares->made + 1);
}

static int worker_prepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	void *item;

	while (spares_need(&pc->spare_spaces)) {
		item = worker_new_space(spaces);
		if (!item)
			return -ENOMEM;
		spares_put(&pc->spare_spaces, item);
	}
	while (spares_need(&pc->spare_ranges)) {
		item = worker_new_ranges(spaces, PROFBUF_RANGES_SPARE);
		if (!item)
			return -ENOMEM;
		spares_put(&pc->spare_ranges, item);
	}
	return 0;
}

static void worker_unprepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	u32 nr_spaces = pc->spare_spaces.made - pc->spare_spaces.taken;
	u32 nr_ranges = pc->spare_ranges.made - pc->spare_ranges.taken;

	profbuf_spares_free(pc);
	worker_uncharge(spaces, nr_spaces * sizeof(struct profbuf_space));
	worker_uncharge(spaces, nr_ranges * ranges_size(PROFBUF_RANGES_SPARE));
	spaces->count -= nr_spaces;
}

/* Where there is no memory now, there may be when an interrupt asks again. */
static void worker_prepare_all(struct profbuf_spaces *spaces)
{
	struct profbuf_cpu *pc;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		pc = profbuf_session_cpu(spaces->session, cpu);
		if (pc)
			worker_prepare(spaces, pc);
	}
	profbuf_look_prepare(spaces);
}

static void worker_free_retired(struct profbuf_spaces *spaces)
{
	struct profbuf_ranges *ranges, *next;

	llist_for_each_entry_safe(ranges, next, llist_del_all(&spaces->retired), retired)
		worker_drop_ranges(spaces, ranges);
}

/* Has an interrupt not been able to look what is executable now? */
static bool worker_ranges_are_old(const struct profbuf_space *space)
{
	const struct profbuf_ranges *ranges;
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
	ranges = worker_new_ranges(spaces, worker_count_ranges(space->mm));
	if (!ranges)
		return;
	ranges->generation = atomic_read(&space->generation);
	ranges->grown = atomic_read(&space->grown);
	ranges->shrunk = atomic_read(&space->shrunk);
	/* One that there is no room for is not known, but what is known is right. */
	for_each_vma(iterator, vma)
		if (profbuf_ranges_add(ranges, vma))
			break;
	ranges = xchg(&space->ranges, ranges);
	if (ranges)
		worker_drop_ranges(spaces, ranges);
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
			profbuf_space_look(spaces, look, space, WORKER_GFP);
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
	struct profbuf_space_last *last = spaces->last + space->tgid % WORKER_LAST;
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

/* Who takes a mapping away may have noted it when the last look had been told. */
static void space_free(struct profbuf_space *space)
{
	profbuf_look_free(space->chunks);
	profbuf_look_free(space->at_end);
	kfree(space->ranges);
	mmdrop(space->mm);
	kfree(space);
}

/*
 * Spaces that no interrupt sees any more. RCU's callbacks run in softirqs, in which the last
 * reference to an address space must not be given back: x86's pgd_lock is taken there, which
 * others hold with softirqs enabled.
 */
static LLIST_HEAD(dead_spaces);

static void spaces_free_dead(struct work_struct *work)
{
	struct profbuf_space *space, *next;

	llist_for_each_entry_safe(space, next, llist_del_all(&dead_spaces), node)
		space_free(space);
}

static DECLARE_WORK(dead_spaces_work, spaces_free_dead);

static void space_free_rcu(struct rcu_head *rcu)
{
	llist_add(&container_of(rcu, struct profbuf_space, rcu)->node, &dead_spaces);
	queue_work(system_dfl_wq, &dead_spaces_work);
}

static void worker_drop_space(struct profbuf_spaces *spaces, struct profbuf_space *space)
{
	const struct profbuf_ranges *ranges = space->ranges;

	if (ranges)
		worker_uncharge(spaces, ranges_size(ranges->capacity));
	worker_uncharge(spaces, sizeof(*space));
	spaces->count--;
	worker_unlink(spaces, space);
	call_rcu(&space->rcu, space_free_rcu);
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
	if (ended)
		worker_drop_space(spaces, space);
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

static void worker_do(struct profbuf_spaces *spaces, bool flush)
{
	struct profbuf_space *space, *next;
	bool later = false;
	int state;

	mutex_lock(&spaces->worker);
	if (spaces->ended)
		goto out;
	worker_prepare_all(spaces);
	worker_free_retired(spaces);
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
	worker_prepare_all(spaces);
out:
	mutex_unlock(&spaces->worker);
	if (later)
		queue_delayed_work(system_dfl_wq, &spaces->later, WORKER_LOOK_JIFFIES);
}

static void spaces_work(struct work_struct *work)
{
	worker_do(container_of(work, struct profbuf_spaces, work), false);
}

static void spaces_work_later(struct work_struct *work)
{
	worker_do(container_of(to_delayed_work(work), struct profbuf_spaces, later), false);
}

static void spaces_work_flush(struct work_struct *work)
{
	worker_do(container_of(work, struct profbuf_spaces, flush), true);
}

static void spaces_wake(struct irq_work *work)
{
	struct profbuf_spaces *spaces = container_of(work, struct profbuf_spaces, wake);

	queue_work(system_dfl_wq, &spaces->work);
}

/**
 * profbuf_spaces_new - make room for the address spaces that a session samples
 * @session: the session, whose account is charged
 *
 * Context: process; sleeps.
 * Return: no spaces yet, to be freed by profbuf_spaces_free(); NULL if there is no memory.
 */
struct profbuf_spaces *profbuf_spaces_new(struct profbuf_session *session)
{
	struct profbuf_spaces *spaces = kvzalloc(sizeof(*spaces), WORKER_GFP);

	if (!spaces)
		return NULL;
	spaces->session = session;
	init_llist_head(&spaces->pending);
	init_llist_head(&spaces->retired);
	spaces->wake = IRQ_WORK_INIT_HARD(spaces_wake);
	INIT_WORK(&spaces->work, spaces_work);
	INIT_DELAYED_WORK(&spaces->later, spaces_work_later);
	INIT_WORK(&spaces->flush, spaces_work_flush);
	INIT_LIST_HEAD(&spaces->node);
	raw_spin_lock_init(&spaces->lock);
	INIT_LIST_HEAD(&spaces->frames);
	spin_lock_init(&spaces->frames_lock);
	mutex_init(&spaces->worker);
	spaces->last = kvcalloc(WORKER_LAST, sizeof(*spaces->last), WORKER_GFP);
	if (!spaces->last || !worker_charge(spaces, sizeof(*spaces) +
					    WORKER_LAST * sizeof(*spaces->last))) {
		profbuf_spaces_free(spaces);
		return NULL;
	}
	return spaces;
}

/**
 * profbuf_spaces_begin - have changes of address spaces told, before the first sample
 * @spaces: the spaces
 *
 * Where that cannot be, there will be none.
 *
 * Context: process; sleeps.
 */
void profbuf_spaces_begin(struct profbuf_spaces *spaces)
{
	profbuf_look_prepare(spaces);
	spaces->blind = profbuf_space_watch(spaces);
}

/**
 * profbuf_spaces_prepare - make sure that there is memory for the interrupts of a CPU
 * @spaces: the spaces
 * @pc: a CPU's part of the session
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int profbuf_spaces_prepare(struct profbuf_spaces *spaces, struct profbuf_cpu *pc)
{
	int error;

	mutex_lock(&spaces->worker);
	error = worker_prepare(spaces, pc);
	if (error)
		worker_unprepare(spaces, pc);
	mutex_unlock(&spaces->worker);
	return error;
}

/* Paths are told as seen from the root of the caller. That of kernel threads is everybody's. */
static bool spaces_root_is_everybodys(void)
{
	bool same;

	task_lock(current);
	same = current->fs && path_equal(&current->fs->root, &init_task.fs->root);
	task_unlock(current);
	return same;
}

/**
 * profbuf_spaces_flush - have told what is there to tell, when no more samples come
 * @spaces: the spaces
 *
 * Context: process; sleeps.
 */
void profbuf_spaces_flush(struct profbuf_spaces *spaces)
{
	irq_work_sync(&spaces->wake);
	if (spaces_root_is_everybodys()) {
		worker_do(spaces, true);
	} else {
		queue_work(system_dfl_wq, &spaces->flush);
		flush_work(&spaces->flush);
	}
}

/**
 * profbuf_spaces_read - the reader has read a frame
 * @spaces: the spaces
 *
 * Context: process.
 */
void profbuf_spaces_read(struct profbuf_spaces *spaces)
{
	profbuf_frames_pop(spaces);
	if (READ_ONCE(spaces->starved) && !profbuf_frames_full(spaces))
		queue_work(system_dfl_wq, &spaces->work);
}

static void spaces_free_all(struct profbuf_spaces *spaces)
{
	struct profbuf_space *space;
	size_t i;

	for (i = 0; i < PROFBUF_SPACE_BUCKETS; i++) {
		while ((space = spaces->bucket[i])) {
			spaces->bucket[i] = space->next;
			atomic_dec(&profbuf_spaces_in_bucket[i]);
			/* It was about to end, or there was no room. */
			if (atomic_read(&space->sampled) > (int)space->told)
				atomic64_inc(&spaces->lost);
			space_free(space);
		}
	}
}

/**
 * profbuf_spaces_end - cease to watch address spaces, when no more samples come
 * @spaces: the spaces; their frames can be read further on
 * @tell: have told before what is there to tell; else the caller may be a task that exits
 *
 * Context: process; sleeps.
 */
void profbuf_spaces_end(struct profbuf_spaces *spaces, bool tell)
{
	struct profbuf_ranges *ranges, *next;

	if (tell)
		profbuf_spaces_flush(spaces);
	if (!spaces->blind)
		profbuf_space_unwatch(spaces);
	/* What has changed meanwhile. Now nobody is left who could call the worker again. */
	if (tell)
		profbuf_spaces_flush(spaces);
	irq_work_sync(&spaces->wake);
	cancel_work_sync(&spaces->work);
	cancel_delayed_work_sync(&spaces->later);
	mutex_lock(&spaces->worker);
	/* The reader may still call the worker, for what there was no room for. */
	spaces->ended = true;
	mutex_unlock(&spaces->worker);
	spaces_free_all(spaces);
	llist_for_each_entry_safe(ranges, next, llist_del_all(&spaces->retired), retired)
		kfree(ranges);
	profbuf_look_cleanup(spaces);
	profbuf_deadline_stop(spaces->session);
}

/**
 * profbuf_spaces_free - free what profbuf_spaces_new() made
 * @spaces: the spaces, which have ended or never began; or NULL
 *
 * Context: process.
 */
void profbuf_spaces_free(struct profbuf_spaces *spaces)
{
	if (!spaces)
		return;
	cancel_work_sync(&spaces->work);
	profbuf_account_uncharge(&spaces->session->account, spaces->pages);
	profbuf_frames_free(spaces);
	mutex_destroy(&spaces->worker);
	kvfree(spaces->last);
	kvfree(spaces);
}

/**
 * profbuf_spaces_cleanup - at module exit, when there are no sessions
 *
 * Context: process; sleeps.
 */
void profbuf_spaces_cleanup(void)
{
	rcu_barrier();
	flush_work(&dead_spaces_work);
}

/**
 * profbuf_spares_free - free what was prepared for the interrupts of a CPU
 * @pc: a CPU's part of a session, which samples no more
 *
 * Context: process.
 */
void profbuf_spares_free(struct profbuf_cpu *pc)
{
	struct profbuf_spares *spares;

	for (spares = &pc->spare_spaces; spares->taken != spares->made; spares->taken++)
		kfree(spares->item[spares->taken % PROFBUF_SPARES]);
	for (spares = &pc->spare_ranges; spares->taken != spares->made; spares->taken++)
		kfree(spares->item[spares->taken % PROFBUF_SPARES]);
}
