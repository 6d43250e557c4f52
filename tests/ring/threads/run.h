/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run: a writer thread and a reader thread on one ring. What they share besides
 * the ring is accessed by relaxed atomics only, so as to hide no race from a sanitizer.
 */
#ifndef PROFBUF_RING_RUN_H
#define PROFBUF_RING_RUN_H

#include "ring.h"

struct scenario {
	const char *name;
	/* The ring. */
	u32 hdrsize;
	u32 words;
	u32 tags;
	u32 watermark;
	u32 first_word;
	u32 first_tag;
	/* Of 1000 records that are asked for, how many it gets. */
	u32 share;

	/* The reader sleeps when nothing is there; or else it spins. */
	bool sleeps;
	/* It takes its time with one batch in so many, while the writer goes on. */
	u32 lags;
	/* It stops after so many batches, until as many samples are lost. */
	u32 stops;
	/* It has little room, puts batches back, and commits them early. */
	bool fussy;
	/* A further thread asks for wakeups, too. */
	bool polled;
	/* Another one wakes at the deadline that a writer begins. */
	bool deadline;

	/* The writer mostly waits a little after a loss. */
	bool patient;
	/* It waits for a sleeping reader, once in so many samples. */
	u32 rests;
	/* It waits until all was read, once in so many samples: no other will wake the reader. */
	u32 quiets;
	/* It filters one sample in so many. */
	u32 filters;
	/* Signals interrupt it to write, too. */
	bool interrupted;
};

struct run {
	const struct scenario *scenario;
	struct profbuf_ring ring;
	u64 seed;
	/* Records to be read before the writer closes the ring. */
	u64 wanted;

	/* Written by the writer. */
	u64 offered;
	u64 filtered;
	bool closed;

	/* Written by the reader. */
	u64 records;
	u64 lost;
	u64 entries;
	u64 batches;
	u64 sleeps;
	bool asleep;
	bool stopped;
	bool ended;
	char failure[200];

	/* Written by whoever asks for wakeups. */
	u64 asked;
	/* Written by whoever wakes, or begins a deadline; waited for as futexes. */
	u32 wakes;
	u32 deadlines_begun;
	/* Written by who wakes at the deadline. */
	u32 deadlines;
};

#define get(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define put(x, value)	__atomic_store_n(&(x), (value), __ATOMIC_RELAXED)

void *run_writer(void *run);
void *run_reader(void *run);
void *run_poller(void *run);
void *run_deadline(void *run);

/* Counts an event, and wakes whoever waits for one after those that they have @seen. */
void run_event(u32 *events);
void run_wait(u32 *events, u32 seen);

/* What sample @number looks like. Its tag is never that of an overflow entry, 0. */
struct sample {
	u64 tag;
	u32 nhdr;
	u32 nstack;
	u64 base;
};

struct sample sample_of(const struct run *run, u64 number);

static inline u64 sample_word(const struct sample *sample, u32 i)
{
	return sample->base + i * 0x9e3779b97f4a7c15ULL;
}

/* A stream of random numbers. */
static inline u64 random_next(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif /* PROFBUF_RING_RUN_H */
