/* SPDX-License-Identifier: GPL-2.0 */
/* What the actors around one ring do: letter by letter as a scenario's scripts tell. */
#ifndef ACTORS_H
#define ACTORS_H

#include "explore.h"
#include "ring.h"

#define SCENARIO_INTERRUPTS	2

/* What can happen in a scenario. */
#define EVENT_LOST	0x01	/* a sample was lost */
#define EVENT_EMITTED	0x02	/* an overflow entry was stored by the writer */
#define EVENT_MADE_UP	0x04	/* an overflow entry was made up by the reader */
#define EVENT_NESTED	0x08	/* an interrupt was refused */
#define EVENT_SLEPT	0x10	/* the reader slept */
#define EVENT_WOKEN	0x20	/* the reader was woken */
#define EVENT_END	0x40	/* the reader was told the end */
#define EVENT_MANY	0x80	/* the reader got several records at once */
#define EVENT_FIRST	0x100	/* the first record was told of that did not wake */
#define EVENT_DEADLINE	0x200	/* the deadline woke the reader */

/**
 * struct scenario - one ring and what is done with it
 * @name: what is of interest here
 * @hdrsize: as for profbuf_ring_layout()
 * @words: the same
 * @tags: the same
 * @watermark: of the ring; 0: as profbuf_ring_init() sets it
 * @data_count: where the data count starts
 * @tag_count: where the tag count starts
 * @room: of each read, if not 0
 * @cpu: the writer: a digit writes a sample with so many words of stack, f filters one, d wakes at
 *	the deadline, if one was begun, x closes
 * @interrupts: the same for one interrupt each, which comes at any step of the writer or of
 *	the interrupts before it
 * @other_cpu: x and d, beside the writer; and a asks for a wakeup as poll() does
 * @reader: r reads without waiting, b waits for something, B reads waiting until the end, c
 *	commits, u puts back what the last read returned
 * @late_time: the writer takes the time of a record when it is in the ring
 * @word_by_word: each word of a record is a step of its own
 * @events: what happens in one schedule at least, or the scenario shows nothing
 * @least_states: an exploration that has fewer states than this has not explored
 * @extended: only in the long run
 */
struct scenario {
	const char *name;
	u32 hdrsize;
	u32 words;
	u32 tags;
	u32 watermark;
	u32 data_count;
	u32 tag_count;
	u32 room;
	const char *cpu;
	const char *interrupts[SCENARIO_INTERRUPTS];
	const char *other_cpu;
	const char *reader;
	bool late_time;
	bool word_by_word;
	unsigned int events;
	u64 least_states;
	bool extended;
};

/* The events of all schedules since actors_prepare(). */
extern unsigned int actors_events;

/* What explore() needs for a scenario, with the ring made ready. */
const struct explore_system *actors_prepare(const struct scenario *scenario);

#endif /* ACTORS_H */
