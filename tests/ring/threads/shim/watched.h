/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included ahead of ring.c for the thread tests: counts how often SLEEPING is set
 * and cleared, in a ring that is watched. Relaxed, so that it hides no race.
 */
#ifndef PROFBUF_RING_WATCHED_H
#define PROFBUF_RING_WATCHED_H

#include <linux/shim.h>

extern const atomic64_t *watched_w;
extern u64 sleeping_set;
extern u64 sleeping_cleared;

static __always_inline bool watched_try_cmpxchg(atomic64_t *v, s64 *old, s64 new, int order)
{
	const u64 sleeping = 1ULL << 32;
	u64 before = *old;

	if (!shim_try_cmpxchg(v, old, new, order))
		return false;
	if (v == watched_w && (before ^ new) & sleeping)
		__atomic_add_fetch(new & sleeping ? &sleeping_set : &sleeping_cleared, 1,
				   __ATOMIC_RELAXED);
	return true;
}

#define shim_try_cmpxchg	watched_try_cmpxchg

#endif /* PROFBUF_RING_WATCHED_H */
