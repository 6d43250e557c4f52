// SPDX-License-Identifier: GPL-2.0
/*
 * What sampling may take of a CPU's time.
 *
 * Each interrupt of cost c is made up for in c / share of time: until then, but for a
 * burst that is let pass, the next one has to wait. So over any time t interrupts take at most
 * share * (t + burst), whatever their periods, and however long one of them was. The account is
 * the CPU's, for all sessions together, and one of the session's own where that asked for less.
 *
 * A source that is told to wait leaves interrupts out, whole periods of them, and
 * counts these periods with the next one: records become fewer, their sum stays.
 */
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "overload.h"
#include "session.h"
#include "stack.h"

/* Long enough that a few long walks are no overload, short beside what people notice. */
#define OVERLOAD_BURST_NS	(10 * NSEC_PER_MSEC)

/*
 * The work of an interrupt takes no longer than so many walks of a stack. If it seems to, the CPU
 * was taken away meanwhile, by the host of a virtual machine or by firmware.
 */
#define OVERLOAD_WALKS		4

/* A CPU that does without pauses for so long is slowed down no more. */
#define OVERLOAD_END_NS		NSEC_PER_SEC

#define OVERLOAD_SHARE_DEFAULT	250
#define OVERLOAD_SCALE(share)	(((u64)PROFBUF_CPU_SHARE_MAX << 16) / (share))

/* Weight of a new cost in the running mean: one in 2^n. */
#define OVERLOAD_MEAN_SHIFT	4

/*
 * What all sessions take of a CPU. Written by its interrupts, of which an NMI may hit another
 * one: only paid_until must not lose anything by that.
 */
struct overload_cpu {
	local64_t paid_until;
	u64 mean;		/* times 2^OVERLOAD_MEAN_SHIFT */
	u64 max;
	u64 latency;
};

static DEFINE_PER_CPU(struct overload_cpu, overload_cpus);

static unsigned int cpu_share = OVERLOAD_SHARE_DEFAULT;
static u64 overload_scale = OVERLOAD_SCALE(OVERLOAD_SHARE_DEFAULT);

static int overload_set_share(const char *text, const struct kernel_param *kp)
{
	int error = param_set_uint_minmax(text, kp, 1, PROFBUF_CPU_SHARE_MAX);

	if (!error)
		WRITE_ONCE(overload_scale, OVERLOAD_SCALE(cpu_share));
	return error;
}

static const struct kernel_param_ops overload_share_ops = {
	.set = overload_set_share,
	.get = param_get_uint,
};

module_param_cb(cpu_share, &overload_share_ops, &cpu_share, 0644);
MODULE_PARM_DESC(cpu_share, "what all sampling may take of a CPU's time, in 1/1000");

/**
 * profbuf_overload_setup - at module load
 *
 * Context: process.
 */
void profbuf_overload_setup(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(overload_cpus, cpu).latency = U64_MAX;
}

/**
 * profbuf_overload_init - begin with a session's part
 * @overload: that, zeroed
 * @config: a checked configuration
 *
 * Context: any.
 */
void profbuf_overload_init(struct profbuf_overload *overload, const struct profbuf_config *config)
{
	if (config->cpu_share)
		overload->scale = OVERLOAD_SCALE(config->cpu_share);
}

/* Returns when all is made up for, this included. */
static __always_inline u64 overload_pay(local64_t *paid_until, u64 start, u64 time)
{
	s64 old = local64_read(paid_until);
	s64 seen, new;

	for (;;) {
		new = max_t(s64, old, start) + time;
		seen = local64_cmpxchg(paid_until, old, new);
		if (likely(seen == old))
			return new;
		old = seen;
	}
}

/**
 * profbuf_overload_charge - an interrupt has done its work
 * @pc: this CPU's part of the session that it was of
 * @start: when it began to
 * @latency: how long after it was due; U64_MAX if that is not known
 *
 * What the CPU does before and after the work, from the entry to the way out, shows as the
 * least latency that it ever had. A latency can have other causes, so no more is counted than
 * what the work itself took.
 *
 * Context: hard interrupt or NMI, on the CPU of @pc.
 * Return: when the next one may come. The caller says by profbuf_overload_hold() if it has
 * to be later for that.
 */
notrace u64 profbuf_overload_charge(struct profbuf_cpu *pc, u64 start, u64 latency)
{
	struct overload_cpu *oc = this_cpu_ptr(&overload_cpus);
	u64 cost = ktime_get_mono_fast_ns() - start;
	u64 paid_until;

	/* In an NMI the clock may step back a little. */
	if (unlikely((s64)cost < 0))
		cost = 0;
	if (unlikely(cost > oc->max))
		WRITE_ONCE(oc->max, cost);
	if (unlikely(latency < oc->latency))
		WRITE_ONCE(oc->latency, latency);
	cost = min_t(u64, cost + min(cost, oc->latency),
		     OVERLOAD_WALKS * READ_ONCE(profbuf_walk_ns));

	WRITE_ONCE(oc->mean, oc->mean + cost - (oc->mean >> OVERLOAD_MEAN_SHIFT));
	WRITE_ONCE(pc->overload.cost, pc->overload.cost + cost);

	paid_until = overload_pay(&oc->paid_until, start,
				  (cost * READ_ONCE(overload_scale)) >> 16);
	if (pc->overload.scale)
		paid_until = max(paid_until, overload_pay(&pc->overload.paid_until, start,
							  (cost * pc->overload.scale) >> 16));
	return paid_until - OVERLOAD_BURST_NS;
}
NOKPROBE_SYMBOL(profbuf_overload_charge);

/* A span begins or ends. */
static void overload_publish(struct profbuf_cpu *pc, u64 begin, u64 end)
{
	struct profbuf_overload *overload = &pc->overload;
	u64 changes = overload->changes + 1;

	/* Pairs with the second look of profbuf_overload_read(), at what is overwritten here. */
	smp_wmb();
	WRITE_ONCE(overload->spans[changes & 1].begin, begin);
	WRITE_ONCE(overload->spans[changes & 1].end, end);
	/* Pairs with the acquire in profbuf_overload_read(). */
	smp_store_release(&overload->changes, changes);
	irq_work_queue(&pc->session->wake);
}

/**
 * profbuf_overload_end - the CPU is slowed down no more, if it was
 * @pc: the CPU's part of a session
 * @now: the time
 *
 * Context: any, where no interrupt of @pc can come.
 */
notrace void profbuf_overload_end(struct profbuf_cpu *pc, u64 now)
{
	struct profbuf_overload *overload = &pc->overload;
	u64 begin, end;

	if (!profbuf_overload_is_on(overload))
		return;
	begin = overload->spans[1].begin;
	end = clamp(overload->held_until, begin + 1, max(now, begin + 1));
	WRITE_ONCE(overload->slowed, overload->slowed + end - begin);
	overload_publish(pc, begin, end);
}
NOKPROBE_SYMBOL(profbuf_overload_end);

/**
 * profbuf_overload_hold - interrupts are left out, for the sake of what sampling takes
 * @pc: this CPU's part of a session
 * @now: the time
 * @until: until then
 *
 * Context: hard interrupt or NMI, on the CPU of @pc.
 */
notrace void profbuf_overload_hold(struct profbuf_cpu *pc, u64 now, u64 until)
{
	struct profbuf_overload *overload = &pc->overload;

	overload->held_until = until;
	if (!profbuf_overload_is_on(overload))
		overload_publish(pc, now, 0);
}
NOKPROBE_SYMBOL(profbuf_overload_hold);

/**
 * profbuf_overload_recover - an interrupt has passed while the CPU is slowed down
 * @pc: this CPU's part of a session
 * @now: the time
 *
 * Context: hard interrupt or NMI, on the CPU of @pc.
 */
notrace void profbuf_overload_recover(struct profbuf_cpu *pc, u64 now)
{
	if ((s64)(now - pc->overload.held_until) > (s64)OVERLOAD_END_NS)
		profbuf_overload_end(pc, now);
}
NOKPROBE_SYMBOL(profbuf_overload_recover);

/**
 * profbuf_overload_news - is there something that a LIMIT frame has to tell?
 * @pc: a CPU's part of a session
 *
 * Context: any.
 * Return: whether there is.
 */
bool profbuf_overload_news(struct profbuf_cpu *pc)
{
	return READ_ONCE(pc->overload.changes) != READ_ONCE(pc->overload.told);
}

/**
 * profbuf_overload_read - what a LIMIT frame has to tell
 * @pc: a CPU's part of a session
 * @limit: filled in
 *
 * Context: process; the reader.
 * Return: what to set overload.told to when that was told.
 */
u64 profbuf_overload_read(struct profbuf_cpu *pc, struct profbuf_limit *limit)
{
	struct profbuf_overload *overload = &pc->overload;
	const struct overload_cpu *oc = per_cpu_ptr(&overload_cpus, pc->cpu);
	const struct profbuf_span *span;
	u64 changes;

	do {
		/* Pairs with the release in overload_publish(). */
		changes = smp_load_acquire(&overload->changes);
		span = &overload->spans[changes & 1];
		limit->begin_ns = READ_ONCE(span->begin);
		limit->end_ns = READ_ONCE(span->end);
		/* Pairs with the barrier in overload_publish(): was this being overwritten? */
		smp_rmb();
	} while (READ_ONCE(overload->changes) != changes);

	limit->size = sizeof(*limit);
	limit->share = READ_ONCE(cpu_share);
	if (pc->session->running.cpu_share)
		limit->share = min(limit->share, pc->session->running.cpu_share);
	limit->cost_ns = READ_ONCE(oc->mean) >> OVERLOAD_MEAN_SHIFT;
	limit->times = (changes + 1) / 2 - (overload->told + 1) / 2;
	return changes;
}

/**
 * profbuf_overload_stats - what sampling took of a CPU
 * @pc: the CPU's part of a session
 * @stats: to be added to
 *
 * Context: process.
 */
void profbuf_overload_stats(const struct profbuf_cpu *pc, struct profbuf_stats *stats)
{
	const struct overload_cpu *oc = per_cpu_ptr(&overload_cpus, pc->cpu);
	u64 changes = READ_ONCE(pc->overload.changes);
	s64 present;

	stats->cost_ns += READ_ONCE(pc->overload.cost);
	stats->cost_mean_ns = max(stats->cost_mean_ns, READ_ONCE(oc->mean) >> OVERLOAD_MEAN_SHIFT);
	stats->cost_max_ns = max(stats->cost_max_ns, READ_ONCE(oc->max));
	stats->limited_ns += READ_ONCE(pc->overload.slowed);
	if (changes & 1) {
		present = ktime_get_mono_fast_ns() - READ_ONCE(pc->overload.spans[1].begin);
		stats->limited_ns += max_t(s64, present, 0);
	}
}
