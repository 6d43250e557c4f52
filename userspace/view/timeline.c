// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdlib.h>

#include "timeline.h"
#include "util/array.h"

#define CHUNK_EVENTS 170 /* 4 KiB */

struct chunk {
	struct chunk *next;
	uint32_t nr;
	struct timeline_event events[CHUNK_EVENTS];
};

struct timeline_cpu {
	uint32_t cpu;
	struct chunk *first;
	struct chunk *last;
};

/*
 * Events of one CPU whose time never steps back, from the next one to be read on. That is all a CPU
 * has, but for streams that were put together: there each part is a run.
 */
struct timeline_run {
	const struct chunk *chunk;
	uint32_t i;
	uint32_t cpu;
	size_t number; /* what came first comes first where times are equal */
};

static const struct timeline_event *first_event(const struct timeline_run *run)
{
	return &run->chunk->events[run->i];
}

static struct timeline_cpu *get_cpu(struct timeline *timeline, uint32_t cpu)
{
	uint32_t hash = hash_pair(cpu, 0);
	uint32_t cursor, i;

	/* Events of a CPU come in blocks. */
	if (timeline->nr_cpus && timeline->cpus[timeline->last].cpu == cpu)
		return &timeline->cpus[timeline->last];
	index_for_each_candidate(&timeline->index, hash, cursor, i) {
		if (timeline->cpus[i].cpu == cpu) {
			timeline->last = i;
			return &timeline->cpus[i];
		}
	}
	if (array__reserve(&timeline->cpus, timeline->nr_cpus, &timeline->max_cpus,
			   sizeof(*timeline->cpus)) ||
	    index__insert(&timeline->index, hash, timeline->nr_cpus))
		return NULL;
	timeline->last = timeline->nr_cpus++;
	timeline->cpus[timeline->last] = (struct timeline_cpu){ .cpu = cpu };
	return &timeline->cpus[timeline->last];
}

static int add_chunk(struct timeline *timeline, struct timeline_cpu *cpu)
{
	struct chunk *chunk = arena__alloc(&timeline->arena, sizeof(*chunk));

	if (!chunk)
		return -ENOMEM;
	chunk->next = NULL;
	chunk->nr = 0;
	if (cpu->last)
		cpu->last->next = chunk;
	else
		cpu->first = chunk;
	cpu->last = chunk;
	return 0;
}

/**
 * timeline__add - add an event
 * @timeline: the timeline; nothing may have been read
 * @cpu: where it happened
 * @event: the event, is copied
 *
 * Return: 0 or a negative errno.
 */
int timeline__add(struct timeline *timeline, uint32_t cpu, const struct timeline_event *event)
{
	struct timeline_cpu *of = get_cpu(timeline, cpu);
	struct chunk *chunk;

	if (!of)
		return -ENOMEM;
	if ((!of->last || of->last->nr == CHUNK_EVENTS) && add_chunk(timeline, of))
		return -ENOMEM;
	chunk = of->last;
	chunk->events[chunk->nr++] = *event;
	return 0;
}

/* To the CPU's next event, whatever its time. False: there is none. */
static bool advance(struct timeline_run *run)
{
	if (++run->i == run->chunk->nr) {
		run->i = 0;
		run->chunk = run->chunk->next;
	}
	return run->chunk;
}

static bool is_earlier(const struct timeline_run *a, const struct timeline_run *b)
{
	uint64_t left = first_event(a)->time, right = first_event(b)->time;

	if (left != right)
		return left < right;
	return a->cpu != b->cpu ? a->cpu < b->cpu : a->number < b->number;
}

/* Let a run of the heap that is too near to the top sink. */
static void sift_down(struct timeline *timeline, size_t i)
{
	struct timeline_run *runs = timeline->runs;
	struct timeline_run run = runs[i];
	size_t child;

	while ((child = 2 * i + 1) < timeline->nr_runs) {
		if (child + 1 < timeline->nr_runs && is_earlier(&runs[child + 1], &runs[child]))
			child++;
		if (!is_earlier(&runs[child], &run))
			break;
		runs[i] = runs[child];
		i = child;
	}
	runs[i] = run;
}

static int add_run(struct timeline *timeline, struct timeline_run run)
{
	if (array__reserve(&timeline->runs, timeline->nr_runs, &timeline->max_runs,
			   sizeof(*timeline->runs)))
		return -ENOMEM;
	run.number = timeline->nr_runs;
	timeline->runs[timeline->nr_runs++] = run;
	return 0;
}

static int add_runs(struct timeline *timeline, const struct timeline_cpu *cpu)
{
	struct timeline_run run = { .chunk = cpu->first, .cpu = cpu->cpu };
	uint64_t time;
	int err;

	do {
		err = add_run(timeline, run);
		do
			time = first_event(&run)->time;
		while (advance(&run) && first_event(&run)->time >= time);
	} while (!err && run.chunk);
	return err;
}

/**
 * timeline__begin - be ready to read
 * @timeline: the timeline
 *
 * Return: 0 or a negative errno.
 */
int timeline__begin(struct timeline *timeline)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < timeline->nr_cpus; i++)
		err = add_runs(timeline, &timeline->cpus[i]);
	for (i = timeline->nr_runs / 2; i--;)
		sift_down(timeline, i);
	return err;
}

/**
 * timeline__next - read on
 * @timeline: the timeline
 * @cpu: the CPU goes there
 *
 * Return: the next event, by time and then by CPU; NULL after the last one.
 */
const struct timeline_event *timeline__next(struct timeline *timeline, uint32_t *cpu)
{
	struct timeline_run *run = timeline->runs;
	const struct timeline_event *event;

	if (!timeline->nr_runs)
		return NULL;
	event = first_event(run);
	*cpu = run->cpu;
	if (!advance(run) || first_event(run)->time < event->time)
		*run = timeline->runs[--timeline->nr_runs];
	sift_down(timeline, 0);
	return event;
}

/**
 * timeline__free - give back its memory
 * @timeline: the timeline
 */
void timeline__free(struct timeline *timeline)
{
	index__free(&timeline->index);
	arena__free(&timeline->arena);
	free(timeline->cpus);
	free(timeline->runs);
}
