// SPDX-License-Identifier: GPL-2.0
/*
 * The time after which a reader is woken for what has not reached the watermark.
 *
 * A ring tells when its first record waits for a reader that sleeps. The first one of
 * all rings starts the session's timer, which wakes the reader for all of them. So it runs only
 * while a reader sleeps beside something unread, and needs no further sample to be
 * noticed.
 */
#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>

#include "compat.h"
#include "deadline.h"
#include "session.h"

/* Hard, to be late for no thread; whatever CPU it expires on. */
#define DEADLINE_MODE	HRTIMER_MODE_ABS_HARD

static enum hrtimer_restart deadline_expire(struct hrtimer *timer)
{
	struct profbuf_session *session = container_of(timer, struct profbuf_session, deadline);

	/*
	 * Pairs with the exchange in profbuf_deadline_begin(), both fully ordered: either a
	 * record that has begun to wait is seen by who is woken now, or it starts the timer.
	 */
	atomic_xchg(&session->deadline_runs, 0);
	irq_work_queue(&session->wake);
	return HRTIMER_NORESTART;
}

static void deadline_start(struct irq_work *work)
{
	struct profbuf_session *session = container_of(work, struct profbuf_session,
						       deadline_start);

	hrtimer_start(&session->deadline, ns_to_ktime(READ_ONCE(session->deadline_at)),
		      DEADLINE_MODE);
}

/**
 * profbuf_deadline_init - prepare a session's deadline
 * @session: the session
 *
 * Context: process.
 */
void profbuf_deadline_init(struct profbuf_session *session)
{
	hrtimer_setup(&session->deadline, deadline_expire, CLOCK_MONOTONIC, DEADLINE_MODE);
	session->deadline_start = IRQ_WORK_INIT_HARD(deadline_start);
	atomic_set(&session->deadline_runs, 0);
}

/**
 * profbuf_deadline_begin - a record or a frame begins to wait for a reader that sleeps
 * @session: the session
 * @now: when it was taken or made
 *
 * Context: any.
 */
notrace void profbuf_deadline_begin(struct profbuf_session *session, u64 now)
{
	/* Pairs with the exchange in deadline_expire(). */
	if (atomic_xchg(&session->deadline_runs, 1))
		return;
	WRITE_ONCE(session->deadline_at, now + session->running.deadline_ns);
	irq_work_queue(&session->deadline_start);
}
NOKPROBE_SYMBOL(profbuf_deadline_begin);

/**
 * profbuf_deadline_stop - forget the deadline, when no more samples come
 * @session: the session
 *
 * Context: process; sleeps.
 */
void profbuf_deadline_stop(struct profbuf_session *session)
{
	irq_work_sync(&session->deadline_start);
	hrtimer_cancel(&session->deadline);
	atomic_set(&session->deadline_runs, 0);
}
