// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: what they are asked for, and their states.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "config.h"
#include "cpus.h"
#include "deadline.h"
#include "gone_code.h"
#include "kernel_symbol.h"
#include "session.h"
#include "source.h"
#include "table.h"

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
		queue_work(system_dfl_wq, &session->wake_later);
	else
		profbuf_session_wake(session);
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
	if (!zalloc_cpumask_var(&session->chosen, GFP_KERNEL_ACCOUNT))
		goto free_session;
	if (!zalloc_cpumask_var(&session->wanted, GFP_KERNEL_ACCOUNT))
		goto free_chosen;
	if (!zalloc_cpumask_var(&session->sampled, GFP_KERNEL_ACCOUNT))
		goto free_wanted;
	mutex_init(&session->reader);
	mutex_init(&session->lock);
	init_waitqueue_head(&session->wait);
	/* Hard only where it takes no lock that sleeps: lockdep minds on other kernels, too. */
	session->wake = IS_ENABLED(CONFIG_PREEMPT_RT) ? IRQ_WORK_INIT_HARD(session_wake_work) :
							IRQ_WORK_INIT(session_wake_work);
	INIT_WORK(&session->wake_later, session_wake_later);
	profbuf_deadline_init(session);
	profbuf_config_defaults(&session->config);
	return session;

free_wanted:
	free_cpumask_var(session->wanted);
free_chosen:
	free_cpumask_var(session->chosen);
free_session:
	kfree(session);
	return NULL;
}

/**
 * profbuf_session_lock_reader - become the reader
 * @session: the session
 * @wait: wait until nobody else is
 *
 * Context: process; sleeps if @wait.
 * Return: 0, -ERESTARTSYS if a signal came first, or -EAGAIN: then profbuf_session_unlock_reader()
 * of the other one wakes those who poll.
 */
int profbuf_session_lock_reader(struct profbuf_session *session, bool wait)
{
	if (wait)
		return mutex_lock_interruptible(&session->reader) ? -ERESTARTSYS : 0;
	if (mutex_trylock(&session->reader))
		return 0;

	WRITE_ONCE(session->turned_away, 1);
	/*
	 * Pairs with the barrier in profbuf_session_unlock_reader(): either the mutex is
	 * seen free here, or the mark is seen there.
	 */
	smp_mb();
	return mutex_trylock(&session->reader) ? 0 : -EAGAIN;
}

/**
 * profbuf_session_unlock_reader - let others read
 * @session: the session
 *
 * Who was turned away may be waiting in poll() for something to read, having asked for a
 * wakeup before, and take this caller's read for the last one: it is to look again.
 *
 * Context: process.
 */
void profbuf_session_unlock_reader(struct profbuf_session *session)
{
	mutex_unlock(&session->reader);
	/* Pairs with the barrier in profbuf_session_lock_reader(). */
	smp_mb();
	if (unlikely(READ_ONCE(session->turned_away)) && xchg(&session->turned_away, 0))
		profbuf_session_wake(session);
}

static void session_keep_tables(struct profbuf_session *session)
{
	if (!session->keeps_tables)
		profbuf_tables_keep();
	session->keeps_tables = true;
}

static bool session_is_active(const struct profbuf_session *session)
{
	return session->state != PROFBUF_STATE_IDLE && session->state != PROFBUF_STATE_ENDED;
}

/* May the caller see what the kernel does? */
static int session_permit(void)
{
	return perfmon_capable() ? security_locked_down(LOCKDOWN_PERF) : -EPERM;
}

static int session_start_locked(struct profbuf_session *session)
{
	int error;

	if (session_is_active(session))
		return -EBUSY;
	error = session_permit();
	if (error)
		return error;

	profbuf_cpus_free(session);
	if (!session->keeps_code) {
		profbuf_gone_code_keep();
		session->keeps_code = true;
	}
	session_keep_tables(session);
	session->running = session->config;
	session->source = profbuf_source_find(session->running.source);
	cpumask_copy(session->wanted, session->chosen);
	if (cpumask_empty(session->wanted))
		profbuf_cpus_default(session->wanted);
	session->info_sequence = 0;
	session->next_cpu = 0;

	error = profbuf_cpus_make(session);
	if (error)
		return error;
	profbuf_spaces_begin(session->spaces);
	error = profbuf_cpus_start(session);
	if (error) {
		profbuf_spaces_end(session->spaces, false);
		profbuf_cpus_free(session);
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
	error = profbuf_session_lock_reader(session, true);
	if (error)
		return error;
	mutex_lock(&session->lock);
	error = session_start_locked(session);
	mutex_unlock(&session->lock);
	profbuf_session_unlock_reader(session);
	return error;
}

static bool session_opener_is_capable(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_PERFMON) ||
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * profbuf_session_start_idle - start a session that nobody has started
 * @session: the session; the caller is its reader
 * @file: its file. Who opened it must be allowed to sample, too: the caller may be a
 *	privileged program that reads whatever it was given as its input
 * @wait: wait for others that use the session
 *
 * Context: process; sleeps.
 * Return: 0, also if the session is not idle, or a negative errno.
 */
int profbuf_session_start_idle(struct profbuf_session *session, const struct file *file, bool wait)
{
	int error = 0;

	if (wait)
		mutex_lock(&session->lock);
	else if (!mutex_trylock(&session->lock))
		return -EAGAIN;
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
			profbuf_cpus_stop(session);
		profbuf_spaces_end(session->spaces, true);
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
		profbuf_cpus_stop(session);
		profbuf_spaces_flush(session->spaces);
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
		error = profbuf_cpus_start(session);
		if (!error)
			profbuf_session_set_state(session, PROFBUF_STATE_RUNNING);
	}
	mutex_unlock(&session->lock);
	return error;
}

/**
 * profbuf_session_kernel_symbol - PROFBUF_IOC_KERNEL_SYMBOL
 * @session: the session
 * @symbol: asks for an address; the rest is filled in
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_kernel_symbol(struct profbuf_session *session,
				  struct profbuf_kernel_symbol *symbol)
{
	int error = session_permit();

	if (error)
		return error;
	if (profbuf_session_state(session) == PROFBUF_STATE_IDLE)
		return -EINVAL;
	return profbuf_kernel_symbol_find(symbol);
}

/**
 * profbuf_session_load_unwind - PROFBUF_IOC_LOAD_UNWIND
 * @session: the session
 * @load: what to load
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_load_unwind(struct profbuf_session *session,
				const struct profbuf_unwind_load *load)
{
	int error = session_permit();

	if (error)
		return error;
	if (load->flags & ~PROFBUF_UNWIND_VDSO || load->reserved)
		return -EINVAL;
	if (load->flags & PROFBUF_UNWIND_VDSO && load->fd != -1)
		return -EINVAL;
	mutex_lock(&session->lock);
	session_keep_tables(session);
	mutex_unlock(&session->lock);
	error = profbuf_table_load(load);
	if (error)
		return error;
	mutex_lock(&session->lock);
	session->tables++;
	session->tables_size += load->table_size;
	mutex_unlock(&session->lock);
	return 0;
}

/**
 * profbuf_session_tables - the unwind tables that a session has loaded, since it was opened
 * @session: the session
 * @size: bytes of them, as they were given
 *
 * Context: process; sleeps.
 * Return: how many, whether they are still there or not.
 */
u64 profbuf_session_tables(struct profbuf_session *session, u64 *size)
{
	u64 tables;

	mutex_lock(&session->lock);
	tables = session->tables;
	*size = session->tables_size;
	mutex_unlock(&session->lock);
	return tables;
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
		profbuf_cpus_stop(session);
	if (session->state == PROFBUF_STATE_RUNNING || session->state == PROFBUF_STATE_PAUSED)
		profbuf_spaces_end(session->spaces, false);
	/* No interrupt is left that could queue it again. */
	irq_work_sync(&session->wake);
	cancel_work_sync(&session->wake_later);
	profbuf_cpus_free(session);
	if (session->keeps_code)
		profbuf_gone_code_forget();
	if (session->keeps_tables)
		profbuf_tables_forget();
	free_cpumask_var(session->sampled);
	free_cpumask_var(session->wanted);
	free_cpumask_var(session->chosen);
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

/**
 * profbuf_session_get_cpus - PROFBUF_IOC_GET_CPUS
 * @session: the session
 * @cpus: where to put the CPUs that are to be sampled
 *
 * Context: process; sleeps.
 */
void profbuf_session_get_cpus(struct profbuf_session *session, struct cpumask *cpus)
{
	mutex_lock(&session->lock);
	cpumask_copy(cpus, session->chosen);
	mutex_unlock(&session->lock);
	if (cpumask_empty(cpus))
		profbuf_cpus_default(cpus);
}

/**
 * profbuf_session_set_cpus - PROFBUF_IOC_SET_CPUS
 * @session: the session
 * @cpus: CPUs to sample; none: the module's choice
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno, as the uapi header says.
 */
int profbuf_session_set_cpus(struct profbuf_session *session, const struct cpumask *cpus)
{
	int error = 0;

	mutex_lock(&session->lock);
	if (session_is_active(session))
		error = -EBUSY;
	else
		cpumask_copy(session->chosen, cpus);
	mutex_unlock(&session->lock);
	return error;
}
