// SPDX-License-Identifier: GPL-2.0
/*
 * What became of the samples of a session, in numbers.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/nospec.h>

#include "overload.h"
#include "percpu.h"
#include "session.h"
#include "stats.h"

static void stats_add(struct profbuf_stats *stats, struct profbuf_cpu *pc)
{
	struct profbuf_ring_totals totals;
	u64 slept = local64_read(&pc->slept);

	profbuf_ring_totals(&pc->ring, &totals);
	stats->interrupts += local64_read(&pc->interrupts);
	stats->records += totals.written;
	stats->lost += totals.lost;
	stats->filtered += totals.filtered;
	stats->nested += totals.nested;
	stats->periods += local64_read(&pc->periods) + slept;
	stats->records_read += READ_ONCE(pc->records_read);
	stats->lost_read += READ_ONCE(pc->lost_read);
	stats->slept += slept;
	stats->late += local64_read(&pc->late);
	stats->stolen += local64_read(&pc->stolen);
	stats->spaces += local64_read(&pc->spaces);
	stats->spaces_unknown += local64_read(&pc->spaces_unknown);
	profbuf_overload_stats(pc, stats);
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
				stats_add(stats, pc);
		}
		if (session->spaces)
			stats->spaces_lost = atomic64_read(&session->spaces->lost);
	} else {
		/* Comes from user space, which must not make the CPU guess it in range. */
		if (only < nr_cpu_ids)
			pc = profbuf_session_cpu(session, array_index_nospec(only, nr_cpu_ids));
		if (pc)
			stats_add(stats, pc);
		else
			error = -EINVAL;
	}
	mutex_unlock(&session->lock);
	return error;
}
