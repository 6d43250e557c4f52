// SPDX-License-Identifier: GPL-2.0
/*
 * The spaces of a session, from its start to its end, and who calls their worker.
 */
#include <linux/completion.h>
#include <linux/fs_struct.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/path.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "deadline.h"
#include "memory.h"
#include "session.h"
#include "space.h"
#include "space_frame.h"
#include "space_look.h"
#include "space_memory.h"
#include "space_watch.h"
#include "space_worker.h"

static void spaces_work(struct work_struct *work)
{
	profbuf_space_work(container_of(work, struct profbuf_spaces, work), false);
}

static void spaces_work_later(struct work_struct *work)
{
	struct delayed_work *later = to_delayed_work(work);

	profbuf_space_work(container_of(later, struct profbuf_spaces, later), false);
}

static void spaces_work_flush(struct work_struct *work)
{
	profbuf_space_work(container_of(work, struct profbuf_spaces, flush), true);
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
	struct profbuf_spaces *spaces = kvzalloc(sizeof(*spaces), SPACE_GFP);

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
	init_completion(&spaces->untold);
	raw_spin_lock_init(&spaces->lock);
	INIT_LIST_HEAD(&spaces->frames);
	spin_lock_init(&spaces->frames_lock);
	mutex_init(&spaces->worker);
	spaces->last = kvcalloc(PROFBUF_SPACE_LAST, sizeof(*spaces->last), SPACE_GFP);
	if (!spaces->last || !profbuf_space_charge(spaces, sizeof(*spaces) +
					    PROFBUF_SPACE_LAST * sizeof(*spaces->last))) {
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
		profbuf_space_work(spaces, true);
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
			profbuf_space_free(space);
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
	/* What has changed meanwhile. */
	if (tell)
		profbuf_spaces_flush(spaces);
	/*
	 * The worker calls itself, and the reader calls it for what there was no room for: from now
	 * on it does nothing, and so calls nobody.
	 */
	mutex_lock(&spaces->worker);
	spaces->ended = true;
	mutex_unlock(&spaces->worker);
	irq_work_sync(&spaces->wake);
	cancel_work_sync(&spaces->work);
	cancel_delayed_work_sync(&spaces->later);
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
	/* A hook may be about to go on from it to the next one. */
	kvfree_rcu(spaces, rcu);
}
