// SPDX-License-Identifier: GPL-2.0
/*
 * Sampling interrupts from a high resolution timer.
 */
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>
#include <asm/irq_regs.h>

#include "compat.h"
#include "sample.h"
#include "source_timer.h"

/*
 * Pinned, because the ring belongs to this CPU; hard, because PREEMPT_RT would otherwise
 * run it in a thread, where what was interrupted is no longer known.
 */
#define TIMER_MODE	HRTIMER_MODE_REL_PINNED_HARD

static notrace enum hrtimer_restart timer_interrupt(struct hrtimer *timer)
{
	struct profbuf_cpu *pc = container_of(timer, struct profbuf_cpu, timer);
	u64 period = pc->session->running.period_ns;
	ktime_t now = ktime_get();
	u64 periods = 1;
	s64 late;

	/*
	 * One reading for both: the periods told are exactly those until the time told.
	 * hrtimer_forward() would count ticks where timers are not of high resolution.
	 */
	late = ktime_to_ns(ktime_sub(now, hrtimer_get_expires(timer)));
	if (unlikely(late >= (s64)period))
		periods += div64_u64(late, period);
	hrtimer_add_expires_ns(timer, periods * period);

	profbuf_sample(pc, get_irq_regs(), ktime_to_ns(now), periods, period, 0);
	return HRTIMER_RESTART;
}
NOKPROBE_SYMBOL(timer_interrupt);

/**
 * profbuf_timer_init - prepare to sample a CPU
 * @pc: the CPU's part of a session
 *
 * Context: process, on any CPU.
 */
void profbuf_timer_init(struct profbuf_cpu *pc)
{
	hrtimer_setup(&pc->timer, timer_interrupt, CLOCK_MONOTONIC, TIMER_MODE);
}

/**
 * profbuf_timer_start - begin to sample a CPU
 * @pc: the CPU's part of a session
 *
 * Context: process or interrupt, on that CPU, not migrating.
 */
void profbuf_timer_start(struct profbuf_cpu *pc)
{
	hrtimer_start(&pc->timer, ns_to_ktime(pc->session->running.period_ns), TIMER_MODE);
}

/**
 * profbuf_timer_stop - cease to sample a CPU
 * @pc: the CPU's part of a session
 *
 * When it returns, no sampling interrupt is running or will come.
 *
 * Context: process, on any CPU, which stays online or is the one that leaves.
 */
void profbuf_timer_stop(struct profbuf_cpu *pc)
{
	hrtimer_cancel(&pc->timer);
}
