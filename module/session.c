// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: their states, the CPUs that take part, and CPUs that come and go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "config.h"
#include "percpu.h"
#include "session.h"
#include "source_timer.h"

/* The dynamic hotplug state that sampling sessions are instances of. */
static enum cpuhp_state hotplug_state;

/**
 * profbuf_session_wake - wake those who wait for something to read
 * @session: the session
 *
 * Context: process, or interrupt but not hard interrupt or NMI: on PREEMPT_RT the lock of
 * a wait queue sleeps.
 */
void profbuf_session_wake(struct profbuf_session *session)
{
	wake_up_interruptible_poll(&session->wait, EPOLLIN | EPOLLRDNORM);
}

static void session_wake_later(struct work_struct *work)
{
	profbuf_session_wake(container_of(work, struct profbuf_session, wake_later));
}

/*
 * On PREEMPT_RT the lock of the wait queue sleeps. Left to the CPU's irq_work thread the
 * wakeup would wait for whatever real-time task keeps that CPU busy, and meanwhile no
 * other CPU could queue it: a worker that is bound to no CPU does it.
 */
static void session_wake_work(struct irq_work *work)
{
	struct profbuf_session *session = container_of(work, struct profbuf_session, wake);

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		queue_work(system_unbound_wq, &session->wake_later);
	else
		profbuf_session_wake(session);
}

/* The CPUs that are sampled have changed. */
static void session_tell_cpus(struct profbuf_session *session)
{
	/* Pairs with the acquire in the reader, which then sees the mask as it is now. */
	smp_store_release(&session->info_due, 1);
	profbuf_session_wake(session);
}

/* A CPU is to take part. Its buffers stay when it leaves, until the next start. */
static struct profbuf_cpu *session_add_cpu(struct profbuf_session *session, unsigned int cpu)
{
	struct profbuf_cpu *pc = session->cpus[cpu];

	if (!pc) {
		pc = profbuf_cpu_new(session, cpu);
		if (!pc) {
			/* Not worth keeping the CPU from the machine. INFO tells. */
			pr_warn("no memory to sample CPU %u\n", cpu);
			return NULL;
		}
		/* Pairs with the acquire in profbuf_session_cpu(). */
		smp_store_release(&session->cpus[cpu], pc);
	}
	cpumask_set_cpu(cpu, session->sampled);
	return pc;
}

/* A CPU comes online. Runs on that CPU. */
static int session_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	struct profbuf_session *session = hlist_entry_safe(node, struct profbuf_session, node);
	struct profbuf_cpu *pc;

	/* Sampling ends, and the session is about to be taken off the list. */
	if (session->ceasing)
		return 0;
	pc = session_add_cpu(session, cpu);
	if (!pc)
		return 0;
	session_tell_cpus(session);
	profbuf_timer_start(pc);
	return 0;
}

/* A CPU goes offline. Runs on that CPU, while it is still able to. */
static int session_cpu_offline(unsigned int cpu, struct hlist_node *node)
{
	struct profbuf_session *session = hlist_entry_safe(node, struct profbuf_session, node);
	struct profbuf_cpu *pc = session->cpus[cpu];

	if (!pc || session->ceasing)
		return 0;
	profbuf_timer_stop(pc);
	cpumask_clear_cpu(cpu, session->sampled);
	/* What it has recorded waits for no watermark now, as no more will come. */
	session_tell_cpus(session);
	return 0;
}

/**
 * profbuf_session_setup - what all sessions need, at module load
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int profbuf_session_setup(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "profbuf:online",
					    session_cpu_online, session_cpu_offline);

	if (state < 0)
		return state;
	hotplug_state = state;
	return 0;
}

/**
 * profbuf_session_cleanup - undo profbuf_session_setup(), when there are no sessions
 *
 * Context: process.
 */
void profbuf_session_cleanup(void)
{
	cpuhp_remove_multi_state(hotplug_state);
}

/**
 * profbuf_session_new - make a session that is idle
 *
 * Context: process.
 * Return: the session, to be freed by profbuf_session_free(); NULL if there is no memory.
 */
struct profbuf_session *profbuf_session_new(void)
{
	struct profbuf_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);

	if (!session)
		return NULL;
	if (!zalloc_cpumask_var(&session->sampled, GFP_KERNEL_ACCOUNT)) {
		kfree(session);
		return NULL;
	}
	mutex_init(&session->reader);
	mutex_init(&session->lock);
	init_waitqueue_head(&session->wait);
	/* Hard only where it takes no lock that sleeps: lockdep minds on other kernels, too. */
	session->wake = IS_ENABLED(CONFIG_PREEMPT_RT) ? IRQ_WORK_INIT_HARD(session_wake_work) :
							IRQ_WORK_INIT(session_wake_work);
	INIT_WORK(&session->wake_later, session_wake_later);
	profbuf_config_defaults(&session->config);
	return session;
}

/* Counts the memory of a run as locked by the caller, within the caller's limit. */
static int session_charge(struct profbuf_session *session)
{
	unsigned long pages = num_online_cpus() * profbuf_cpu_pages(&session->running);
	struct mm_struct *mm = current->mm;
	int error = account_locked_vm(mm, pages, true);

	if (error || !mm)
		return error;
	mmgrab(mm);
	session->charged_mm = mm;
	session->charged_pages = pages;
	return 0;
}

static void session_uncharge(struct profbuf_session *session)
{
	if (!session->charged_mm)
		return;
	account_locked_vm(session->charged_mm, session->charged_pages, false);
	mmdrop(session->charged_mm);
	session->charged_mm = NULL;
}

/* Frees the buffers of a run that has ended, or never began. */
static void session_free_cpus(struct profbuf_session *session)
{
	unsigned int cpu;

	if (!session->cpus)
		return;
	for_each_possible_cpu(cpu)
		profbuf_cpu_free(session->cpus[cpu]);
	kvfree(session->cpus);
	session->cpus = NULL;
	session_uncharge(session);
}

/*
 * Buffers for the CPUs that are online now are made here, in the context of the owner,
 * who is charged for them. A CPU that comes later is charged to nobody: the hotplug
 * callback is not the owner, and may not take the lock that accounting needs.
 */
static int session_make_cpus(struct profbuf_session *session)
{
	unsigned int cpu;
	int error;

	session->cpus = kvcalloc(nr_cpu_ids, sizeof(*session->cpus), GFP_KERNEL_ACCOUNT);
	if (!session->cpus)
		return -ENOMEM;
	error = session_charge(session);
	if (error)
		goto free;

	for_each_online_cpu(cpu) {
		session->cpus[cpu] = profbuf_cpu_new(session, cpu);
		if (!session->cpus[cpu]) {
			error = -ENOMEM;
			goto free;
		}
	}
	return 0;

free:
	session_free_cpus(session);
	return error;
}

static void session_start_timer(void *argument)
{
	struct profbuf_cpu *pc = argument;

	/* One that came online since the session was on the list has begun by itself. */
	if (!hrtimer_active(&pc->timer))
		profbuf_timer_start(pc);
}

/*
 * Sampling begins: on each online CPU, and on those that come online from now on. An
 * interrupt starts the timers: the hotplug threads, which could do it, are not of real
 * time, and one whose CPU is kept busy by a task that is would be waited for.
 */
static int session_sample(struct profbuf_session *session)
{
	unsigned int cpu;
	int error;

	session->ceasing = false;
	cpumask_clear(session->sampled);
	error = cpuhp_state_add_instance_nocalls(hotplug_state, &session->node);
	if (error)
		return error;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct profbuf_cpu *pc = session_add_cpu(session, cpu);

		if (pc)
			smp_call_function_single(cpu, session_start_timer, pc, true);
	}
	cpus_read_unlock();
	session_tell_cpus(session);
	return 0;
}

/* Sampling ends: afterwards no writer is in any ring, and none will be. */
static void session_cease(struct profbuf_session *session)
{
	unsigned int cpu;

	cpus_read_lock();
	session->ceasing = true;
	for_each_possible_cpu(cpu)
		if (session->cpus[cpu])
			profbuf_timer_stop(session->cpus[cpu]);
	cpus_read_unlock();
	cpuhp_state_remove_instance_nocalls(hotplug_state, &session->node);
	/* What there is waits for no watermark now. */
	profbuf_session_wake(session);
}

static bool session_is_active(const struct profbuf_session *session)
{
	return session->state != PROFBUF_STATE_IDLE && session->state != PROFBUF_STATE_ENDED;
}

static int session_start_locked(struct profbuf_session *session)
{
	int error;

	if (session_is_active(session))
		return -EBUSY;
	if (!perfmon_capable())
		return -EPERM;
	error = security_locked_down(LOCKDOWN_PERF);
	if (error)
		return error;

	session_free_cpus(session);
	session->running = session->config;
	session->info_sequence = 0;
	session->next_cpu = 0;

	error = session_make_cpus(session);
	if (error)
		return error;
	error = session_sample(session);
	if (error) {
		session_free_cpus(session);
		return error;
	}
	profbuf_session_set_state(session, PROFBUF_STATE_RUNNING);
	return 0;
}

/**
 * profbuf_session_start - PROFBUF_IOC_START
 * @session: the session
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_start(struct profbuf_session *session)
{
	int error;

	/* A former run's buffers are freed: nobody may be reading them. */
	if (mutex_lock_interruptible(&session->reader))
		return -ERESTARTSYS;
	mutex_lock(&session->lock);
	error = session_start_locked(session);
	mutex_unlock(&session->lock);
	mutex_unlock(&session->reader);
	return error;
}

static bool session_opener_is_capable(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_PERFMON) ||
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * profbuf_session_start_idle - start a session that nobody has started
 * @session: the session
 * @file: its file. Who opened it must be allowed to sample, too: the caller may be a
 *	privileged program that reads whatever it was given as its input
 *
 * Context: process; sleeps. Whether or not the caller holds the reader mutex.
 * Return: 0, also if the session is not idle, or a negative errno.
 */
int profbuf_session_start_idle(struct profbuf_session *session, const struct file *file)
{
	int error = 0;

	mutex_lock(&session->lock);
	if (session->state == PROFBUF_STATE_IDLE)
		error = session_opener_is_capable(file) ? session_start_locked(session) : -EPERM;
	mutex_unlock(&session->lock);
	return error;
}

/**
 * profbuf_session_stop - PROFBUF_IOC_STOP
 * @session: the session
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_stop(struct profbuf_session *session)
{
	struct profbuf_cpu *pc;
	unsigned int cpu;
	int error = -EINVAL;

	mutex_lock(&session->lock);
	if (session->state == PROFBUF_STATE_RUNNING || session->state == PROFBUF_STATE_PAUSED) {
		if (session->state == PROFBUF_STATE_RUNNING)
			session_cease(session);
		for_each_possible_cpu(cpu) {
			pc = profbuf_session_cpu(session, cpu);
			if (pc)
				profbuf_ring_close(&pc->ring);
		}
		profbuf_session_set_state(session, PROFBUF_STATE_STOPPED);
		error = 0;
	}
	mutex_unlock(&session->lock);

	if (!error)
		profbuf_session_wake(session);
	return error;
}

/**
 * profbuf_session_pause - PROFBUF_IOC_PAUSE
 * @session: the session
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_pause(struct profbuf_session *session)
{
	int error = -EINVAL;

	mutex_lock(&session->lock);
	if (session->state == PROFBUF_STATE_RUNNING) {
		session_cease(session);
		profbuf_session_set_state(session, PROFBUF_STATE_PAUSED);
		error = 0;
	}
	mutex_unlock(&session->lock);
	return error;
}

/**
 * profbuf_session_resume - PROFBUF_IOC_RESUME
 * @session: the session
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_resume(struct profbuf_session *session)
{
	int error = -EINVAL;

	mutex_lock(&session->lock);
	if (session->state == PROFBUF_STATE_PAUSED) {
		error = session_sample(session);
		if (!error)
			profbuf_session_set_state(session, PROFBUF_STATE_RUNNING);
	}
	mutex_unlock(&session->lock);
	return error;
}

/**
 * profbuf_session_free - end a session, whatever its state
 * @session: the session, which nobody uses any more
 *
 * Context: process; sleeps.
 */
void profbuf_session_free(struct profbuf_session *session)
{
	if (session->state == PROFBUF_STATE_RUNNING)
		session_cease(session);
	/* No interrupt is left that could queue it again. */
	irq_work_sync(&session->wake);
	cancel_work_sync(&session->wake_later);
	session_free_cpus(session);
	free_cpumask_var(session->sampled);
	mutex_destroy(&session->lock);
	mutex_destroy(&session->reader);
	kfree(session);
}

/**
 * profbuf_session_get_config - PROFBUF_IOC_GET_CONFIG
 * @session: the session
 * @config: where to put the configuration
 *
 * Context: process; sleeps.
 */
void profbuf_session_get_config(struct profbuf_session *session, struct profbuf_config *config)
{
	mutex_lock(&session->lock);
	*config = session->config;
	mutex_unlock(&session->lock);
}

/**
 * profbuf_session_set_config - PROFBUF_IOC_SET_CONFIG
 * @session: the session
 * @config: the new configuration
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_set_config(struct profbuf_session *session,
			       const struct profbuf_config *config)
{
	struct profbuf_config checked = *config;
	int error;

	error = profbuf_config_check(&checked);
	if (error)
		return error;

	mutex_lock(&session->lock);
	if (session_is_active(session))
		error = -EBUSY;
	else
		session->config = checked;
	mutex_unlock(&session->lock);
	return error;
}

/**
 * profbuf_session_set_hdrsize - PROFBUF_IOC_SET_HDRSIZE
 * @session: the session
 * @words: header words
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_set_hdrsize(struct profbuf_session *session, unsigned long words)
{
	struct profbuf_config config;
	int error;

	if (words > U32_MAX)
		return -EINVAL;

	mutex_lock(&session->lock);
	config = session->config;
	config.hdrsize = words;
	error = profbuf_config_check(&config);
	if (!error && session_is_active(session))
		error = -EBUSY;
	if (!error)
		session->config = config;
	mutex_unlock(&session->lock);
	return error;
}

static void session_add_stats(struct profbuf_cpu *pc, struct profbuf_stats *stats)
{
	struct profbuf_ring_totals totals;

	profbuf_ring_totals(&pc->ring, &totals);
	stats->interrupts += local64_read(&pc->interrupts);
	stats->records += totals.written;
	stats->lost += totals.lost;
	stats->filtered += totals.filtered;
	stats->nested += totals.nested;
	stats->periods += local64_read(&pc->periods);
	stats->records_read += READ_ONCE(pc->records_read);
	stats->lost_read += READ_ONCE(pc->lost_read);
}

/**
 * profbuf_session_stats - PROFBUF_IOC_STATS
 * @session: the session
 * @stats: the CPU is taken from here; the rest is filled in, but for the size
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_stats(struct profbuf_session *session, struct profbuf_stats *stats)
{
	u32 only = stats->cpu;
	struct profbuf_cpu *pc = NULL;
	unsigned int cpu;
	int error = 0;

	*stats = (struct profbuf_stats){ .size = stats->size, .cpu = only };

	mutex_lock(&session->lock);
	stats->state = session->state;
	if (only == PROFBUF_CPU_NONE) {
		for_each_possible_cpu(cpu) {
			pc = profbuf_session_cpu(session, cpu);
			if (pc)
				session_add_stats(pc, stats);
		}
	} else {
		/* Comes from user space, which must not make the CPU guess it in range. */
		if (only < nr_cpu_ids)
			pc = profbuf_session_cpu(session, array_index_nospec(only, nr_cpu_ids));
		if (pc)
			session_add_stats(pc, stats);
		else
			error = -EINVAL;
	}
	mutex_unlock(&session->lock);
	return error;
}
