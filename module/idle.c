// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that are idle are left asleep: a source is stopped when its CPU goes idle, and started
 * when it wakes up.
 *
 * A tracepoint tells of both. Where a CPU sleeps with interrupts enabled, as after the hlt
 * instruction, it tells of the end only after the interrupt that brought it, softirqs
 * included, which may be much work: another tracepoint tells when these begin.
 */
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/irq.h>
#include <trace/events/power.h>

#include "idle.h"
#include "percpu.h"
#include "session.h"
#include "source.h"

/* What is to be stopped on a CPU. Only the CPU itself touches it, with interrupts disabled. */
struct idle_cpu {
	struct hlist_head parts;
	bool asleep;
};

static DEFINE_PER_CPU(struct idle_cpu, idle_cpus);

static void idle_enter(struct idle_cpu *idle)
{
	struct profbuf_cpu *pc;

	idle->asleep = true;
	hlist_for_each_entry(pc, &idle->parts, idle_node)
		pc->session->source->idle_enter(pc);
}

static void idle_exit(struct idle_cpu *idle)
{
	struct profbuf_cpu *pc;

	if (!idle->asleep)
		return;
	idle->asleep = false;
	hlist_for_each_entry(pc, &idle->parts, idle_node)
		pc->session->source->idle_exit(pc);
}

static void idle_state_probe(void *data, unsigned int state, unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	if (state == PWR_EVENT_EXIT)
		idle_exit(this_cpu_ptr(&idle_cpus));
	else
		idle_enter(this_cpu_ptr(&idle_cpus));
	local_irq_restore(flags);
}

static void idle_softirq_probe(void *data, unsigned int vector)
{
	unsigned long flags;

	if (likely(!this_cpu_read(idle_cpus.asleep)))
		return;
	local_irq_save(flags);
	idle_exit(this_cpu_ptr(&idle_cpus));
	local_irq_restore(flags);
}

/* Not all tracepoints are exported, but all can be found. */
static struct idle_probe {
	const char *name;
	void *function;
	struct tracepoint *tracepoint;
	bool registered;
} idle_probes[] = {
	{ .name = "cpu_idle", .function = idle_state_probe },
	{ .name = "softirq_entry", .function = idle_softirq_probe },
};

static DEFINE_MUTEX(idle_lock);
static bool idle_watched;

static void idle_match(struct tracepoint *tracepoint, void *data)
{
	struct idle_probe *probe = data;

	if (!strcmp(tracepoint->name, probe->name))
		probe->tracepoint = tracepoint;
}

static int idle_register(struct idle_probe *probe)
{
	int error;

	for_each_kernel_tracepoint(idle_match, probe);
	if (!probe->tracepoint)
		return -ENOENT;
	error = tracepoint_probe_register(probe->tracepoint, probe->function, NULL);
	probe->registered = !error;
	return error;
}

static void idle_unregister(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(idle_probes); i++) {
		if (idle_probes[i].registered)
			tracepoint_probe_unregister(idle_probes[i].tracepoint,
						    idle_probes[i].function, NULL);
		idle_probes[i].registered = false;
	}
	/* The module, which the probes are part of, may go away. */
	tracepoint_synchronize_unregister();
}

/**
 * profbuf_idle_watch - have idle CPUs watched, from the first session that needs it
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno: then idle CPUs go on to be interrupted.
 */
int profbuf_idle_watch(void)
{
	int error = 0;
	size_t i;

	check_trace_callback_type_cpu_idle(idle_state_probe);
	check_trace_callback_type_softirq_entry(idle_softirq_probe);

	mutex_lock(&idle_lock);
	for (i = 0; i < ARRAY_SIZE(idle_probes) && !idle_watched && !error; i++)
		error = idle_register(&idle_probes[i]);
	if (error)
		idle_unregister();
	else
		idle_watched = true;
	mutex_unlock(&idle_lock);
	return error;
}

/**
 * profbuf_idle_cleanup - undo profbuf_idle_watch(), at module exit
 *
 * Context: process; sleeps.
 */
void profbuf_idle_cleanup(void)
{
	if (idle_watched)
		idle_unregister();
}

/**
 * profbuf_idle_add - stop a source when its CPU is idle
 * @pc: this CPU's part of a session
 *
 * Context: on the CPU of @pc, interrupts disabled.
 */
void profbuf_idle_add(struct profbuf_cpu *pc)
{
	hlist_add_head(&pc->idle_node, &this_cpu_ptr(&idle_cpus)->parts);
}

/**
 * profbuf_idle_remove - undo profbuf_idle_add(), if that was called
 * @pc: this CPU's part of a session
 *
 * Context: on the CPU of @pc, interrupts disabled.
 */
void profbuf_idle_remove(struct profbuf_cpu *pc)
{
	hlist_del_init(&pc->idle_node);
}
