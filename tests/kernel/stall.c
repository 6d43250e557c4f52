// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps a CPU for a while, for the tests of what timers that come late have to tell, and of the
 * names of code that goes away.
 *
 * /sys/module/profbuf_stall/parameters/
 *	interrupt	write "CPU MS STOLEN": that CPU, in an interrupt, and have it seem as if
 *			STOLEN ms of these had been stolen by the host
 *	task		write "MS": the writer's CPU, in the writer's system call
 *	busy		write "MS": the same, but interrupts are not disabled
 *	begin		given when it is loaded, "MS": the code that begins the module does that
 *	last		read when the last one began and ended, CLOCK_MONOTONIC
 */
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/smp.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "compat.h"

#define STALL_MS_MAX	1000

/* The last one, and its part that was stolen. Writers of parameters exclude each other. */
static u64 stall_begin;
static u64 stall_end;
static u64 stall_stolen;

/* As the tick, which tells of stolen time after it has passed. */
static struct hrtimer stall_tick;

static enum hrtimer_restart stall_account(struct hrtimer *timer)
{
	kcpustat_this_cpu->cpustat[CPUTIME_STEAL] += stall_stolen;
	return HRTIMER_NORESTART;
}

static __always_inline void stall_until(u64 end)
{
	while (ktime_get_mono_fast_ns() < end)
		cpu_relax();
}

/* With interrupts disabled. */
static void stall_here(void *argument)
{
	unsigned int *ms = argument;

	stall_begin = ktime_get_mono_fast_ns();
	stall_end = stall_begin + *ms * NSEC_PER_MSEC;
	/* Later than timers that expire within the stall, and before it ends. */
	if (stall_stolen)
		hrtimer_start(&stall_tick, ns_to_ktime(stall_end - NSEC_PER_MSEC),
			      HRTIMER_MODE_ABS_PINNED_HARD);
	stall_until(stall_end);
}

static int stall_interrupt(const char *text, const struct kernel_param *kp)
{
	unsigned int cpu, ms, stolen;

	if (sscanf(text, "%u %u %u", &cpu, &ms, &stolen) != 3 || cpu >= nr_cpu_ids ||
	    !ms || ms > STALL_MS_MAX || stolen > ms)
		return -EINVAL;
	stall_stolen = stolen * NSEC_PER_MSEC;
	return smp_call_function_single(cpu, stall_here, &ms, true);
}

static int stall_parse(const char *text, unsigned int *ms)
{
	int error = kstrtouint(text, 0, ms);

	if (error)
		return error;
	return *ms && *ms <= STALL_MS_MAX ? 0 : -EINVAL;
}

/* Interrupts that had to wait interrupt this function. */
static int stall_task(const char *text, const struct kernel_param *kp)
{
	unsigned int ms;
	int error = stall_parse(text, &ms);

	if (error)
		return error;
	stall_stolen = 0;
	local_irq_disable();
	stall_here(&ms);
	local_irq_enable();
	return 0;
}

/* Code of the module that is interrupted. */
static noinline void stall_busy_here(unsigned int ms)
{
	stall_until(ktime_get_mono_fast_ns() + ms * NSEC_PER_MSEC);
}

static int stall_busy(const char *text, const struct kernel_param *kp)
{
	unsigned int ms;
	int error = stall_parse(text, &ms);

	if (error)
		return error;
	stall_busy_here(ms);
	return 0;
}

static int stall_last(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu %llu\n", stall_begin, stall_end);
}

static const struct kernel_param_ops stall_interrupt_ops = { .set = stall_interrupt };
static const struct kernel_param_ops stall_task_ops = { .set = stall_task };
static const struct kernel_param_ops stall_busy_ops = { .set = stall_busy };
static const struct kernel_param_ops stall_last_ops = { .get = stall_last };

module_param_cb(interrupt, &stall_interrupt_ops, NULL, 0200);
MODULE_PARM_DESC(interrupt, "CPU, ms, stolen ms: keep that CPU in an interrupt");
module_param_cb(task, &stall_task_ops, NULL, 0200);
MODULE_PARM_DESC(task, "ms: keep the writer's CPU in its system call");
module_param_cb(busy, &stall_busy_ops, NULL, 0200);
MODULE_PARM_DESC(busy, "ms: keep the writer's CPU, with interrupts enabled");
static unsigned int stall_begin_ms;
module_param_named(begin, stall_begin_ms, uint, 0400);
MODULE_PARM_DESC(begin, "ms: keep the CPU on which the module is loaded");
module_param_cb(last, &stall_last_ops, NULL, 0400);
MODULE_PARM_DESC(last, "when the last one began and ended, nanoseconds");

static noinline void __init stall_begin_here(void)
{
	stall_until(ktime_get_mono_fast_ns() + stall_begin_ms * NSEC_PER_MSEC);
}

static int __init stall_init(void)
{
	stall_begin_here();
	hrtimer_setup(&stall_tick, stall_account, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	return 0;
}

static void __exit stall_exit(void)
{
	hrtimer_cancel(&stall_tick);
}

module_init(stall_init);
module_exit(stall_exit);
MODULE_DESCRIPTION("CPUs that are kept with interrupts disabled, for the tests of profbuf");
MODULE_LICENSE("GPL");
