/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happened on all CPUs, in the order of time. What one CPU tells is in that order already: it
 * is kept as it comes, in 24 bytes an event, and merged with that of others when it is read.
 */
#ifndef PROFBUF_VIEW_TIMELINE_H
#define PROFBUF_VIEW_TIMELINE_H

#include <stdint.h>

#include "util/arena.h"
#include "util/index.h"

/**
 * struct timeline_event - a sample or a loss, in the terms of who adds it
 * @time: when
 * @weight: how much of it
 * @stack: which stack
 * @thread: which thread
 */
struct timeline_event {
	uint64_t time;
	uint64_t weight;
	uint32_t stack;
	uint32_t thread;
};

struct timeline_cpu;
struct timeline_run;

/**
 * struct timeline - events of all CPUs
 * @cpus: of each CPU, in the order of their first event
 * @nr_cpus: how many there are
 * @max_cpus: room for so many
 * @last: the CPU that had the last event
 * @index: to find CPUs
 * @runs: while it is read: what is in the order of time by itself; a heap, the earliest first
 * @nr_runs: how many of them are not at their end
 * @max_runs: room for so many
 * @arena: events
 */
struct timeline {
	struct timeline_cpu *cpus;
	uint32_t nr_cpus;
	uint32_t max_cpus;
	uint32_t last;
	struct index index;
	struct timeline_run *runs;
	uint32_t nr_runs;
	uint32_t max_runs;
	struct arena arena;
};

int timeline__add(struct timeline *timeline, uint32_t cpu, const struct timeline_event *event);
int timeline__begin(struct timeline *timeline);
const struct timeline_event *timeline__next(struct timeline *timeline, uint32_t *cpu);
void timeline__free(struct timeline *timeline);

#endif /* PROFBUF_VIEW_TIMELINE_H */
