/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: what one open of the device asked for, and the CPUs that do it.
 *
 * Two mutexes. "reader" serializes those who read, and is held while they copy to user
 * space, which may take long. "lock" protects state, configuration and the
 * lifetime of the CPUs' buffers, and is never held while touching user memory. Who
 * holds both took reader first. The buffers are freed with both held, so either of
 * them keeps the buffers in place; only those of a start that failed, which nobody has
 * seen, are freed under lock alone. The hotplug callbacks hold neither, but nobody else
 * touches what they do without keeping CPUs from coming and going.
 */
#ifndef PROFBUF_SESSION_H
#define PROFBUF_SESSION_H

#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/profbuf.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "memory.h"
#include "percpu.h"
#include "space.h"

struct file;
struct profbuf_source_ops;

/**
 * struct profbuf_session - a session
 * @reader: serializes readers
 * @lock: protects what follows
 * @config: configuration for the next start
 * @chosen: CPUs to sample, for the next start; none: the module's choice
 * @running: configuration of the present run, constant from the start to the next
 * @wanted: CPUs to sample in the present run, if they are online
 * @source: where the present run's interrupts come from
 * @state: written under @lock, with release; the reader looks at it without
 * @cpus: one for each CPU that took part, or NULL; published by release for readers
 * @spaces: the address spaces that were sampled; of the present run, like @cpus
 * @account: whom the memory of @cpus and @spaces is charged to
 * @node: links the session to the hotplug state while it samples
 * @ceasing: sampling has ended: CPUs that come or go are nothing to it any more
 * @sampled: CPUs that take part, as an INFO frame tells
 * @keeps_code: code of modules that goes is kept for it
 * @keeps_tables: unwind tables are kept for it
 * @tables: how many it has loaded
 * @tables_size: bytes of them, as they were given
 * @info_due: what the last INFO frame said has changed
 * @info_wall_offset: of the wall clock to the monotonic one, as the last INFO frame told;
 *	the reader's
 * @info_sequence: INFO frames so far; the reader's
 * @next_cpu: where reading goes on, so that no CPU starves; the reader's
 * @turned_away: somebody found @reader taken and did not wait
 * @deadline: timer that wakes the reader for what has been unread for long
 * @deadline_at: when @deadline is to be
 * @deadline_runs: @deadline is running, or about to
 * @deadline_start: starts it; the sampling interrupt, if an NMI, cannot
 * @wait: who waits for something to read
 * @wake: wakes them; the sampling interrupt itself must not take the queue's lock
 * @wake_later: wakes them where @wake must not take it either
 */
struct profbuf_session {
	/* Of who reads; taken before @lock. */
	struct mutex reader;
	/* Of state, configuration and buffers; never held while user memory is touched. */
	struct mutex lock;
	struct profbuf_config config;
	cpumask_var_t chosen;
	struct profbuf_config running;
	cpumask_var_t wanted;
	const struct profbuf_source_ops *source;
	enum profbuf_state state;
	struct profbuf_cpu **cpus;
	struct profbuf_spaces *spaces;
	struct profbuf_account account;
	struct hlist_node node;
	bool ceasing;
	cpumask_var_t sampled;
	bool keeps_code;
	bool keeps_tables;
	u64 tables;
	u64 tables_size;
	int info_due;
	ktime_t info_wall_offset;
	u64 info_sequence;
	unsigned int next_cpu;
	int turned_away;
	struct hrtimer deadline;
	u64 deadline_at;
	atomic_t deadline_runs;
	struct irq_work deadline_start;
	wait_queue_head_t wait;
	struct irq_work wake;
	struct work_struct wake_later;
};

struct profbuf_session *profbuf_session_new(void);
void profbuf_session_free(struct profbuf_session *session);

void profbuf_session_get_config(struct profbuf_session *session, struct profbuf_config *config);
int profbuf_session_set_config(struct profbuf_session *session,
			       const struct profbuf_config *config);
int profbuf_session_set_hdrsize(struct profbuf_session *session, unsigned long words);
void profbuf_session_get_cpus(struct profbuf_session *session, struct cpumask *cpus);
int profbuf_session_set_cpus(struct profbuf_session *session, const struct cpumask *cpus);

int profbuf_session_start(struct profbuf_session *session);
int profbuf_session_start_idle(struct profbuf_session *session, const struct file *file,
			       bool wait);
int profbuf_session_stop(struct profbuf_session *session);
int profbuf_session_pause(struct profbuf_session *session);
int profbuf_session_resume(struct profbuf_session *session);
int profbuf_session_kernel_symbol(struct profbuf_session *session,
				  struct profbuf_kernel_symbol *symbol);
int profbuf_session_load_unwind(struct profbuf_session *session,
				const struct profbuf_unwind_load *load);
u64 profbuf_session_tables(struct profbuf_session *session, u64 *size);

int profbuf_session_lock_reader(struct profbuf_session *session, bool wait);
void profbuf_session_unlock_reader(struct profbuf_session *session);
void profbuf_session_wake(struct profbuf_session *session);

/**
 * profbuf_session_state - the state, without the lock
 * @session: the session
 *
 * Return: the state. What had been set up for it is visible to the caller: one that sees
 * a session run sees its rings.
 */
static inline enum profbuf_state profbuf_session_state(struct profbuf_session *session)
{
	/* Pairs with the release in profbuf_session_set_state(). */
	return smp_load_acquire(&session->state);
}

/**
 * profbuf_session_set_state - change the state
 * @session: the session; the caller holds its lock
 * @state: the new state
 */
static inline void profbuf_session_set_state(struct profbuf_session *session,
					     enum profbuf_state state)
{
	/* Pairs with the acquire in profbuf_session_state(). */
	smp_store_release(&session->state, state);
}

/**
 * profbuf_session_cpu - what a session has for a CPU
 * @session: the session; the caller holds one of its mutexes
 * @cpu: number of the CPU, less than nr_cpu_ids
 *
 * Return: that, or NULL if the CPU has not taken part.
 */
static inline struct profbuf_cpu *profbuf_session_cpu(struct profbuf_session *session,
						      unsigned int cpu)
{
	/* Pairs with the release in cpus_add(): a CPU may come at any time. */
	return session->cpus ? smp_load_acquire(&session->cpus[cpu]) : NULL;
}

#endif /* PROFBUF_SESSION_H */
