/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sampling may take of a CPU's time.
 */
#ifndef PROFBUF_OVERLOAD_H
#define PROFBUF_OVERLOAD_H

#include <linux/profbuf.h>
#include <linux/types.h>
#include <asm/local64.h>

struct profbuf_cpu;

/**
 * struct profbuf_span - when a CPU's sampling was slowed down
 * @begin: since then, nanoseconds
 * @end: until then; 0 if it goes on
 */
struct profbuf_span {
	u64 begin;
	u64 end;
};

/**
 * struct profbuf_overload - a session's part in what sampling takes of a CPU
 * @paid_until: when the time that its interrupts have taken is made up for
 * @scale: nanoseconds in which one of an interrupt is made up for, times 2^16; 0 if the session
 *	asked for no less than all of them may take
 * @cost: nanoseconds that its interrupts have taken
 * @held_until: the last interrupt that was left out was due before that
 * @slowed: nanoseconds of the spans that have ended
 * @changes: spans that began and that ended; odd: one goes on
 * @spans: the present one and the last one, at the lowest bit of @changes
 * @told: @changes that the reader has told of
 * @frames: LIMIT frames told
 */
struct profbuf_overload {
	/* private: */
	local64_t paid_until;
	u64 scale;
	u64 cost;
	u64 held_until;
	u64 slowed;
	u64 changes;
	struct profbuf_span spans[2];
	u64 told;
	u64 frames;
};

void profbuf_overload_setup(void);
void profbuf_overload_init(struct profbuf_overload *overload, const struct profbuf_config *config);
u64 profbuf_overload_charge(struct profbuf_cpu *pc, u64 start, u64 latency);
void profbuf_overload_hold(struct profbuf_cpu *pc, u64 now, u64 until);
void profbuf_overload_recover(struct profbuf_cpu *pc, u64 now);
void profbuf_overload_end(struct profbuf_cpu *pc, u64 now);
/**
 * profbuf_overload_is_on - is the CPU slowed down?
 * @overload: the session's part in what sampling takes of it
 *
 * Context: the CPU's interrupts.
 * Return: whether it is.
 */
static inline bool profbuf_overload_is_on(const struct profbuf_overload *overload)
{
	return overload->changes & 1;
}

bool profbuf_overload_news(struct profbuf_cpu *pc);
u64 profbuf_overload_read(struct profbuf_cpu *pc, struct profbuf_limit *limit);
void profbuf_overload_stats(const struct profbuf_cpu *pc, struct profbuf_stats *stats);

#endif /* PROFBUF_OVERLOAD_H */
