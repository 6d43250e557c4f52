// SPDX-License-Identifier: GPL-2.0
/*
 * Sampling interrupts from timers and from NMIs, which interrupt each other: in place of
 * module/source_timer.c, it makes a profbuf.ko to be tested.
 *
 * Each timer samples for its session, and has the other CPUs sample by an NMI, for all of the
 * sessions there. So samples are taken while another one is, of the same session or
 * of another. Those of NMIs have a value, see below.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/irq_regs.h>
#include <asm/irq_vectors.h>
#include <asm/nmi.h>

#include "compat.h"
#include "percpu.h"
#include "sample.h"
#include "session.h"
#include "source.h"

#define NMI_NAME	"profbuf_nmi"
#define NMI_SESSIONS	8
#define NMI_PAUSE	4

/* What samples have as their value. */
#define NMI_VALUE		1	/* taken in an NMI */
#define NMI_VALUE_NESTED	3	/* which has interrupted the taking of another one */

/**
 * struct nmi_timer - a session's timer of a CPU
 * @timer: the timer
 * @pc: the CPU's part of the session
 */
struct nmi_timer {
	struct hrtimer timer;
	struct profbuf_cpu *pc;
};

/**
 * struct nmi_cpu - what NMIs of a CPU find
 * @parts: of sessions that sample the CPU
 * @sent: NMIs that have been sent and not been handled yet
 * @sampling: a sample is being taken
 */
struct nmi_cpu {
	struct profbuf_cpu *parts[NMI_SESSIONS];
	atomic_t sent;
	bool sampling;
};

static DEFINE_PER_CPU(struct nmi_cpu, nmi_cpus);

static DEFINE_MUTEX(nmi_lock);
static unsigned int nmi_users;

static notrace int nmi_handle(unsigned int type, struct pt_regs *regs)
{
	struct nmi_cpu *cpu = this_cpu_ptr(&nmi_cpus);
	struct profbuf_sample sample = { .periods = 1 };
	struct profbuf_cpu *pc;
	int i;

	/* Ours, unless more came than were sent: those are somebody else's. */
	if (atomic_dec_if_positive(&cpu->sent) < 0)
		return NMI_DONE;
	sample.value = READ_ONCE(cpu->sampling) ? NMI_VALUE_NESTED : NMI_VALUE;
	for (i = 0; i < NMI_SESSIONS; i++) {
		pc = READ_ONCE(cpu->parts[i]);
		if (!pc)
			continue;
		sample.period = pc->session->running.period_ns;
		profbuf_sample(pc, regs, ktime_get_mono_fast_ns(), &sample);
	}
	return NMI_HANDLED;
}
NOKPROBE_SYMBOL(nmi_handle);

static void nmi_send(unsigned int cpu)
{
	/* One at a time: a second one would be merged with the first. */
	if (atomic_cmpxchg(per_cpu_ptr(&nmi_cpus.sent, cpu), 0, 1) == 0)
		apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
}

static notrace enum hrtimer_restart nmi_timer(struct hrtimer *timer)
{
	struct profbuf_cpu *pc = container_of(timer, struct nmi_timer, timer)->pc;
	u64 period = pc->session->running.period_ns;
	struct profbuf_sample sample = { .periods = 1, .period = period };
	struct nmi_cpu *here = this_cpu_ptr(&nmi_cpus);
	u64 now = ktime_get_mono_fast_ns();
	unsigned int cpu;
	s64 took;

	for_each_online_cpu(cpu) {
		if (cpu != pc->cpu)
			nmi_send(cpu);
	}
	WRITE_ONCE(here->sampling, true);
	profbuf_sample(pc, get_irq_regs(), now, &sample);
	WRITE_ONCE(here->sampling, false);
	/* Slow machines are to have time for something else, too. */
	took = max_t(s64, ktime_get_mono_fast_ns() - now, 0);
	hrtimer_forward_now(timer, ns_to_ktime(period + NMI_PAUSE * took));
	return HRTIMER_RESTART;
}
NOKPROBE_SYMBOL(nmi_timer);

static int nmi_use(void)
{
	int error = 0;

	mutex_lock(&nmi_lock);
	if (!nmi_users)
		error = register_nmi_handler(NMI_LOCAL, nmi_handle, 0, NMI_NAME);
	if (!error)
		nmi_users++;
	mutex_unlock(&nmi_lock);
	return error;
}

static void nmi_unuse(void)
{
	unsigned int cpu;

	mutex_lock(&nmi_lock);
	if (!--nmi_users) {
		/* An NMI that was sent comes. */
		for_each_online_cpu(cpu) {
			while (atomic_read(per_cpu_ptr(&nmi_cpus.sent, cpu)))
				cpu_relax();
		}
		unregister_nmi_handler(NMI_LOCAL, NMI_NAME);
	}
	mutex_unlock(&nmi_lock);
}

static int nmi_init(struct profbuf_cpu *pc, int node)
{
	struct nmi_timer *source = kzalloc_node(sizeof(*source), GFP_KERNEL_ACCOUNT, node);
	int error;

	if (!source)
		return -ENOMEM;
	error = nmi_use();
	if (error) {
		kfree(source);
		return error;
	}
	source->pc = pc;
	hrtimer_setup(&source->timer, nmi_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	pc->source = source;
	return 0;
}

static void nmi_free(struct profbuf_cpu *pc)
{
	nmi_unuse();
	kfree(pc->source);
}

/* Puts it in the place of another one, or of none. */
static void nmi_replace(struct profbuf_cpu *old, struct profbuf_cpu *new)
{
	struct nmi_cpu *cpu = this_cpu_ptr(&nmi_cpus);
	int i;

	for (i = 0; i < NMI_SESSIONS; i++) {
		if (cpu->parts[i] == old) {
			WRITE_ONCE(cpu->parts[i], new);
			return;
		}
	}
}

static void nmi_start_here(void *argument)
{
	struct profbuf_cpu *pc = argument;
	struct nmi_timer *source = pc->source;

	nmi_replace(NULL, pc);
	hrtimer_start(&source->timer, ns_to_ktime(pc->session->running.period_ns),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void nmi_start(struct profbuf_cpu *pc)
{
	smp_call_function_single(pc->cpu, nmi_start_here, pc, true);
}

static void nmi_stop_here(void *argument)
{
	struct profbuf_cpu *pc = argument;
	struct nmi_timer *source = pc->source;

	/* Both run on this CPU only, so neither is running now. */
	hrtimer_try_to_cancel(&source->timer);
	nmi_replace(pc, NULL);
}

static void nmi_stop(struct profbuf_cpu *pc)
{
	smp_call_function_single(pc->cpu, nmi_stop_here, pc, true);
}

const struct profbuf_source_ops profbuf_source_timer = {
	.init = nmi_init,
	.start = nmi_start,
	.stop = nmi_stop,
	.free = nmi_free,
};
