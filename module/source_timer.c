// SPDX-License-Identifier: GPL-2.0
/*
 * Sampling interrupts from a high resolution timer.
 */
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <asm/irq_regs.h>

#include "compat.h"
#include "idle.h"
#include "overload.h"
#include "percpu.h"
#include "sample.h"
#include "session.h"
#include "source.h"

/*
 * Pinned, because the ring belongs to this CPU; hard, because PREEMPT_RT would otherwise
 * run it in a thread, where what was interrupted is no longer known.
 */
#define TIMER_MODE	HRTIMER_MODE_ABS_PINNED_HARD

/**
 * struct timer_source - a CPU's timer
 * @timer: the timer
 * @pc: the CPU's part of a session
 * @told: until then all periods have been told
 * @due: when the timer is to expire, whole periods after @told
 * @steal: time that the CPU's host had stolen when it was last looked at
 * @deferred: the timer was late, and has gone behind the tick
 * @sleeps: the timer is stopped, as the CPU is idle
 *
 * Only the CPU itself touches it, with interrupts disabled.
 */
struct timer_source {
	struct hrtimer timer;
	struct profbuf_cpu *pc;
	u64 told;
	u64 due;
	u64 steal;
	bool deferred;
	bool sleeps;
};

/* What the kernel has counted so far, which it does in the tick. */
static __always_inline u64 timer_stolen_time(void)
{
	return kcpustat_this_cpu->cpustat[CPUTIME_STEAL];
}

/*
 * The periods told are exactly those until the clock told, of which there is one reading.
 * hrtimer_forward() would count ticks where timers are not of high resolution.
 */
static __always_inline void timer_tell(struct timer_source *source, struct profbuf_sample *sample,
				       u64 now, u64 late)
{
	u64 period = source->pc->session->running.period_ns;
	u64 passed = max(now, source->due) - source->told;
	u64 steal = timer_stolen_time();
	u64 stolen;

	sample->periods = 1;
	if (unlikely(passed >= 2 * period))
		sample->periods = div64_u64(passed, period);
	source->told += sample->periods * period;

	if (unlikely(late >= period)) {
		sample->late = div64_u64(late, period);
		stolen = min(late, steal - source->steal);
		if (stolen >= period)
			sample->stolen = div64_u64(stolen, period);
	}
	source->steal = steal;
}

/* The next expiry: a period from the last one that was told, or as many as overload calls for. */
static __always_inline void timer_set_due(struct timer_source *source, u64 now, u64 until)
{
	struct profbuf_cpu *pc = source->pc;
	u64 period = pc->session->running.period_ns;

	source->due = source->told + period;
	if (unlikely((s64)(until - source->due) > 0)) {
		source->due += div64_u64(until - source->due + period - 1, period) * period;
		profbuf_overload_hold(pc, now, until);
	} else if (unlikely(profbuf_overload_is_on(&pc->overload))) {
		profbuf_overload_recover(pc, now);
	}
	hrtimer_set_expires(&source->timer, ns_to_ktime(source->due));
}

/* Do timers expire in ticks only? Linux 7.2 no longer tells that of a single timer. */
static __always_inline bool timer_is_coarse(void)
{
	return hrtimer_resolution >= TICK_NSEC;
}

static notrace enum hrtimer_restart timer_interrupt(struct hrtimer *timer)
{
	struct timer_source *source = container_of(timer, struct timer_source, timer);
	struct profbuf_cpu *pc = source->pc;
	struct profbuf_sample sample = { .period = pc->session->running.period_ns };
	u64 now = ktime_get_mono_fast_ns();
	u64 latency = now > source->due ? now - source->due : 0;
	u64 late = latency;

	/* Up to one of these is what is to be expected then. */
	if (unlikely(timer_is_coarse()))
		late -= min_t(u64, late, TICK_NSEC);

	/*
	 * What a host has stolen is known when the tick has run, which is late as well, and may
	 * come after this timer. So let it go first: the interrupted code stays the same.
	 */
	if (unlikely(late >= TICK_NSEC) && !source->deferred && !timer_is_coarse()) {
		source->deferred = true;
		hrtimer_set_expires(timer, ns_to_ktime(now));
		return HRTIMER_RESTART;
	}
	source->deferred = false;

	timer_tell(source, &sample, now, late);
	profbuf_sample(pc, get_irq_regs(), now, &sample);
	timer_set_due(source, now, profbuf_overload_charge(pc, now, latency));
	return HRTIMER_RESTART;
}
NOKPROBE_SYMBOL(timer_interrupt);

static int timer_init(struct profbuf_cpu *pc, int node)
{
	struct timer_source *source = kzalloc_node(sizeof(*source), GFP_KERNEL_ACCOUNT, node);

	if (!source)
		return -ENOMEM;
	source->pc = pc;
	hrtimer_setup(&source->timer, timer_interrupt, CLOCK_MONOTONIC, TIMER_MODE);
	pc->source = source;
	return 0;
}

static void timer_free(struct profbuf_cpu *pc)
{
	kfree(pc->source);
}

static void timer_start_here(void *argument)
{
	struct profbuf_cpu *pc = argument;
	struct timer_source *source = pc->source;

	source->told = ktime_get_mono_fast_ns();
	source->due = source->told + pc->session->running.period_ns;
	source->steal = timer_stolen_time();
	source->deferred = false;
	source->sleeps = false;
	hrtimer_start(&source->timer, ns_to_ktime(source->due), TIMER_MODE);
	if (!(pc->session->running.flags & PROFBUF_IDLE))
		profbuf_idle_add(pc);
}

static void timer_start(struct profbuf_cpu *pc)
{
	smp_call_function_single(pc->cpu, timer_start_here, pc, true);
}

/* Periods that have passed while the timer was stopped, with the CPU idle. */
static void timer_tell_sleep(struct timer_source *source, u64 now)
{
	struct profbuf_cpu *pc = source->pc;
	u64 period = pc->session->running.period_ns;
	u64 periods;

	if (now < source->due)
		return;
	periods = div64_u64(now - source->told, period);
	local64_add(periods, &pc->slept);
	source->told += periods * period;
	source->due = source->told + period;
}

static void timer_stop_here(void *argument)
{
	struct profbuf_cpu *pc = argument;
	struct timer_source *source = pc->source;
	u64 now = ktime_get_mono_fast_ns();

	/* It runs on this CPU only, so it is not running now. */
	hrtimer_try_to_cancel(&source->timer);
	if (source->sleeps)
		timer_tell_sleep(source, now);
	profbuf_idle_remove(pc);
	profbuf_overload_end(pc, now);
}

/*
 * An interrupt does it: the hotplug threads, which could, are not of real time, and one whose CPU
 * is kept busy by a task that is would be waited for.
 */
static void timer_stop(struct profbuf_cpu *pc)
{
	smp_call_function_single(pc->cpu, timer_stop_here, pc, true);
}

static void timer_idle_enter(struct profbuf_cpu *pc)
{
	struct timer_source *source = pc->source;

	if (source->sleeps)
		return;
	hrtimer_try_to_cancel(&source->timer);
	source->sleeps = true;
}

static void timer_idle_exit(struct profbuf_cpu *pc)
{
	struct timer_source *source = pc->source;

	if (!source->sleeps)
		return;
	source->sleeps = false;
	source->steal = timer_stolen_time();
	timer_tell_sleep(source, ktime_get_mono_fast_ns());
	hrtimer_start(&source->timer, ns_to_ktime(source->due), TIMER_MODE);
}

const struct profbuf_source_ops profbuf_source_timer = {
	.init = timer_init,
	.start = timer_start,
	.stop = timer_stop,
	.free = timer_free,
	.idle_enter = timer_idle_enter,
	.idle_exit = timer_idle_exit,
};
