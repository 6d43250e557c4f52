// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUs that take part in a session, which come and go.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "cpus.h"
#include "deadline.h"
#include "idle.h"
#include "percpu.h"
#include "session.h"
#include "source.h"

/* The dynamic hotplug state that sampling sessions are instances of. */
static enum cpuhp_state hotplug_state;

/* CPUs of sessions that choose none, as the parameter says; none: all that may be disturbed. */
static struct cpumask cpus_parameter;

static int cpus_set_parameter(const char *text, const struct kernel_param *kp)
{
	cpumask_var_t cpus;
	int error;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	error = cpulist_parse(text, cpus);
	if (!error && !cpumask_subset(cpus, cpu_possible_mask))
		error = -EINVAL;
	if (!error)
		cpumask_copy(&cpus_parameter, cpus);
	free_cpumask_var(cpus);
	return error;
}

static int cpus_get_parameter(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%*pbl\n", cpumask_pr_args(&cpus_parameter));
}

static const struct kernel_param_ops cpus_parameter_ops = {
	.set = cpus_set_parameter,
	.get = cpus_get_parameter,
};

module_param_cb(cpus, &cpus_parameter_ops, NULL, 0644);
MODULE_PARM_DESC(cpus, "list of CPUs to sample; none: all but isolated and nohz_full ones");

/**
 * profbuf_cpus_default - CPUs of a session that chooses none
 * @cpus: where to put them
 *
 * Context: process.
 */
void profbuf_cpus_default(struct cpumask *cpus)
{
	unsigned int cpu;

	kernel_param_lock(THIS_MODULE);
	cpumask_copy(cpus, &cpus_parameter);
	kernel_param_unlock(THIS_MODULE);
	if (!cpumask_empty(cpus))
		return;

	/* The former tells of CPUs without ticks, too, but not in every kernel. */
	for_each_possible_cpu(cpu)
		if (!cpu_is_isolated(cpu) && housekeeping_test_cpu(cpu, HK_TYPE_TICK))
			cpumask_set_cpu(cpu, cpus);
}

/* The CPUs that are sampled have changed. */
static void cpus_tell(struct profbuf_session *session)
{
	/* Pairs with the acquire in the reader, which then sees the mask as it is now. */
	smp_store_release(&session->info_due, 1);
	profbuf_session_wake(session);
}

/* A CPU is to take part. Its buffers stay when it leaves, until the next start. */
static struct profbuf_cpu *cpus_add(struct profbuf_session *session, unsigned int cpu)
{
	struct profbuf_cpu *pc = session->cpus[cpu];

	if (!pc) {
		pc = profbuf_cpu_new(session, cpu);
		if (IS_ERR(pc)) {
			/* Not worth keeping the CPU from the machine. INFO tells. */
			pr_warn("no memory to sample CPU %u, or no more for its user\n", cpu);
			return NULL;
		}
		/* Pairs with the acquire in profbuf_session_cpu(). */
		smp_store_release(&session->cpus[cpu], pc);
	}
	cpumask_set_cpu(cpu, session->sampled);
	return pc;
}

/* A CPU comes online. Runs on that CPU. */
static int cpus_online(unsigned int cpu, struct hlist_node *node)
{
	struct profbuf_session *session = hlist_entry_safe(node, struct profbuf_session, node);
	struct profbuf_cpu *pc;

	/* Sampling ends, and the session is about to be taken off the list. */
	if (session->ceasing || !cpumask_test_cpu(cpu, session->wanted))
		return 0;
	pc = cpus_add(session, cpu);
	if (!pc)
		return 0;
	cpus_tell(session);
	session->source->start(pc);
	return 0;
}

/* A CPU goes offline. Runs on that CPU, while it is still able to. */
static int cpus_offline(unsigned int cpu, struct hlist_node *node)
{
	struct profbuf_session *session = hlist_entry_safe(node, struct profbuf_session, node);

	if (session->ceasing || !cpumask_test_cpu(cpu, session->sampled))
		return 0;
	session->source->stop(session->cpus[cpu]);
	cpumask_clear_cpu(cpu, session->sampled);
	/* What it has recorded waits for no watermark now, as no more will come. */
	cpus_tell(session);
	return 0;
}

/**
 * profbuf_cpus_setup - what all sessions need, at module load
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int profbuf_cpus_setup(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "profbuf:online",
					    cpus_online, cpus_offline);

	if (state < 0)
		return state;
	hotplug_state = state;
	return 0;
}

/**
 * profbuf_cpus_cleanup - undo profbuf_cpus_setup(), when there are no sessions
 *
 * Context: process.
 */
void profbuf_cpus_cleanup(void)
{
	cpuhp_remove_multi_state(hotplug_state);
}

/**
 * profbuf_cpus_free - free the buffers of a run that has ended, or never began
 * @session: the session
 *
 * Context: process.
 */
void profbuf_cpus_free(struct profbuf_session *session)
{
	unsigned int cpu;

	if (!session->cpus)
		return;
	for_each_possible_cpu(cpu)
		profbuf_cpu_free(session->cpus[cpu]);
	kvfree(session->cpus);
	session->cpus = NULL;
	profbuf_spaces_free(session->spaces);
	session->spaces = NULL;
	profbuf_account_close(&session->account);
}

/**
 * profbuf_cpus_make - make buffers for the CPUs that are online and wanted
 * @session: the session, which has none
 *
 * Here, and not when sampling begins, for that cannot fail half-way. The caller is charged, for
 * the CPUs that come later as well.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int profbuf_cpus_make(struct profbuf_session *session)
{
	struct profbuf_cpu *pc;
	unsigned int cpu;

	session->cpus = kvcalloc(nr_cpu_ids, sizeof(*session->cpus), GFP_KERNEL_ACCOUNT);
	if (!session->cpus)
		return -ENOMEM;
	profbuf_account_open(&session->account);
	session->spaces = profbuf_spaces_new(session);
	if (!session->spaces) {
		profbuf_cpus_free(session);
		return -ENOMEM;
	}

	for_each_cpu_and(cpu, cpu_online_mask, session->wanted) {
		pc = profbuf_cpu_new(session, cpu);
		if (IS_ERR(pc)) {
			profbuf_cpus_free(session);
			return PTR_ERR(pc);
		}
		session->cpus[cpu] = pc;
	}
	return 0;
}

/**
 * profbuf_cpus_start - begin to sample
 * @session: the session
 *
 * On each wanted CPU that is online, and on those that come online from now on.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int profbuf_cpus_start(struct profbuf_session *session)
{
	unsigned int cpu;
	int error;

	session->ceasing = false;
	cpumask_clear(session->sampled);
	error = cpuhp_state_add_instance_nocalls(hotplug_state, &session->node);
	if (error)
		return error;
	/* Without it, idle CPUs are sampled as well, and that is not recorded. */
	if (!(session->running.flags & PROFBUF_IDLE) && session->source->idle_enter)
		profbuf_idle_watch();

	cpus_read_lock();
	for_each_cpu_and(cpu, cpu_online_mask, session->wanted) {
		/* One that came online since the session was on the list has begun by itself. */
		if (!cpumask_test_cpu(cpu, session->sampled) && cpus_add(session, cpu))
			session->source->start(session->cpus[cpu]);
	}
	cpus_read_unlock();
	cpus_tell(session);
	return 0;
}

/**
 * profbuf_cpus_stop - cease to sample
 * @session: the session
 *
 * Afterwards no writer is in any ring, and none will be.
 *
 * Context: process; sleeps.
 */
void profbuf_cpus_stop(struct profbuf_session *session)
{
	unsigned int cpu;

	cpus_read_lock();
	session->ceasing = true;
	for_each_cpu(cpu, session->sampled)
		session->source->stop(session->cpus[cpu]);
	cpus_read_unlock();
	cpuhp_state_remove_instance_nocalls(hotplug_state, &session->node);
	profbuf_deadline_stop(session);
	/* What there is waits for no watermark now. */
	profbuf_session_wake(session);
}
