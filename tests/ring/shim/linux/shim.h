/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The little of the kernel's interface that module/ring.c uses, for userspace.
 * Atomics have the meaning of the kernel's memory model in C11's terms; the
 * unordered ones are relaxed atomics, so that thread sanitizers judge the rest.
 *
 * A checker that wants to run between any two shared accesses defines SHIM_STEP(address)
 * before including this; it is called ahead of each of them.
 */
#ifndef PROFBUF_SHIM_H
#define PROFBUF_SHIM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SHIM_STEP
#define SHIM_STEP(address)	((void)0)
#endif

typedef uint32_t u32;
typedef int32_t s32;
typedef unsigned long long u64;
typedef long long s64;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

#ifndef U32_MAX
#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#endif
#define BIT_ULL(bit)	(1ULL << (bit))

#undef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#define ____cacheline_aligned_in_smp	__attribute__((__aligned__(64)))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define notrace
#define NOKPROBE_SYMBOL(symbol)

#define min(a, b)		((a) < (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))

static inline u64 roundup_pow_of_two(u64 n)
{
	return n <= 1 ? 1 : 1ULL << (64 - __builtin_clzll(n - 1));
}

#define barrier()	__atomic_signal_fence(__ATOMIC_SEQ_CST)

/* gcc warns that ThreadSanitizer knows no fences. It knows the atomics on both sides of them. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wtsan"
#endif
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)

#define READ_ONCE(x)							\
	({ SHIM_STEP(&(x)); __atomic_load_n(&(x), __ATOMIC_RELAXED); })
#define WRITE_ONCE(x, value)						\
	({ SHIM_STEP(&(x)); __atomic_store_n(&(x), (value), __ATOMIC_RELAXED); })
#define smp_load_acquire(p)						\
	({ SHIM_STEP(p); __atomic_load_n((p), __ATOMIC_ACQUIRE); })
#define smp_store_release(p, value)					\
	({ SHIM_STEP(p); __atomic_store_n((p), (value), __ATOMIC_RELEASE); })

#define atomic_read(v)			READ_ONCE((v)->counter)
#define atomic64_read(v)		READ_ONCE((v)->counter)
#define atomic64_read_acquire(v)	smp_load_acquire(&(v)->counter)
#define atomic64_set(v, value)		WRITE_ONCE((v)->counter, (value))
#define atomic64_set_release(v, value)	smp_store_release(&(v)->counter, (s64)(value))

static inline int atomic_inc_return_relaxed(atomic_t *v)
{
	SHIM_STEP(v);
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline int atomic_xchg_relaxed(atomic_t *v, int new)
{
	SHIM_STEP(v);
	return __atomic_exchange_n(&v->counter, new, __ATOMIC_RELAXED);
}

/* A kernel compare-and-swap that fails orders nothing. */
static inline bool shim_try_cmpxchg(atomic64_t *v, s64 *old, s64 new, int order)
{
	SHIM_STEP(v);
	switch (order) {
	case __ATOMIC_RELAXED:
		return __atomic_compare_exchange_n(&v->counter, old, new, false,
						   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	case __ATOMIC_ACQUIRE:
		return __atomic_compare_exchange_n(&v->counter, old, new, false,
						   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
	case __ATOMIC_RELEASE:
		return __atomic_compare_exchange_n(&v->counter, old, new, false,
						   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	default:
		return __atomic_compare_exchange_n(&v->counter, old, new, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	}
}

#define atomic64_try_cmpxchg(v, old, new)				\
	shim_try_cmpxchg(v, old, (s64)(new), __ATOMIC_SEQ_CST)
#define atomic64_try_cmpxchg_relaxed(v, old, new)			\
	shim_try_cmpxchg(v, old, (s64)(new), __ATOMIC_RELAXED)
#define atomic64_try_cmpxchg_acquire(v, old, new)			\
	shim_try_cmpxchg(v, old, (s64)(new), __ATOMIC_ACQUIRE)
#define atomic64_try_cmpxchg_release(v, old, new)			\
	shim_try_cmpxchg(v, old, (s64)(new), __ATOMIC_RELEASE)

#endif /* PROFBUF_SHIM_H */
