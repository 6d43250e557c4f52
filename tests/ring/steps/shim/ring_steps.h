/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included ahead of ring.c for the tests here: each shared access is counted, and
 * preceded by a call to ring_step().
 */
#ifndef PROFBUF_RING_STEPS_H
#define PROFBUF_RING_STEPS_H

void ring_step(const volatile void *address);

#define SHIM_STEP(address)	ring_step(address)

#include <linux/shim.h>

extern struct ring_accesses {
	unsigned int acquire_loads;
	unsigned int release_stores;
	unsigned int read_modify_writes;
} ring_accesses;

#undef smp_load_acquire
#define smp_load_acquire(p)						\
	({								\
		ring_accesses.acquire_loads++;				\
		SHIM_STEP(p);						\
		__atomic_load_n((p), __ATOMIC_ACQUIRE);			\
	})

#undef smp_store_release
#define smp_store_release(p, value)					\
	({								\
		ring_accesses.release_stores++;				\
		SHIM_STEP(p);						\
		__atomic_store_n((p), (value), __ATOMIC_RELEASE);	\
	})

#define shim_try_cmpxchg(...)						\
	(ring_accesses.read_modify_writes++, shim_try_cmpxchg(__VA_ARGS__))
#define atomic_inc_return_relaxed(...)					\
	(ring_accesses.read_modify_writes++, atomic_inc_return_relaxed(__VA_ARGS__))
#define atomic_xchg_relaxed(...)					\
	(ring_accesses.read_modify_writes++, atomic_xchg_relaxed(__VA_ARGS__))

#endif /* PROFBUF_RING_STEPS_H */
