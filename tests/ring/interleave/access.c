// SPDX-License-Identifier: GPL-2.0
/*
 * What a compiler calls ahead of each memory access, told to instrument the code
 * for ThreadSanitizer. The sanitizer's own library is not linked: these are all.
 */
#include <stdint.h>
#include <string.h>

#include "explore.h"

#define PLAIN_ACCESS(size)							\
	void __tsan_read##size(void *address)					\
	{									\
		explore_step(EXPLORE_READ, address, size);			\
	}									\
	void __tsan_write##size(void *address)					\
	{									\
		explore_step(EXPLORE_WRITE, address, size);			\
	}

PLAIN_ACCESS(1)
PLAIN_ACCESS(2)
PLAIN_ACCESS(4)
PLAIN_ACCESS(8)
PLAIN_ACCESS(16)

#define ATOMIC_ACCESS(bits)							\
	typedef uint##bits##_t u##bits;						\
										\
	u##bits __tsan_atomic##bits##_load(const volatile u##bits *p, int order)	\
	{									\
		(void)order;							\
		explore_step(EXPLORE_READ, p, sizeof(*p));			\
		return *p;							\
	}									\
	void __tsan_atomic##bits##_store(volatile u##bits *p, u##bits v, int order)	\
	{									\
		(void)order;							\
		explore_step(EXPLORE_WRITE, p, sizeof(*p));			\
		*p = v;								\
	}									\
	u##bits __tsan_atomic##bits##_exchange(volatile u##bits *p, u##bits v, int order) \
	{									\
		u##bits old;							\
										\
		(void)order;							\
		explore_step(EXPLORE_UPDATE, p, sizeof(*p));			\
		old = *p;							\
		*p = v;								\
		return old;							\
	}									\
	u##bits __tsan_atomic##bits##_fetch_add(volatile u##bits *p, u##bits v, int order) \
	{									\
		u##bits old;							\
										\
		(void)order;							\
		explore_step(EXPLORE_UPDATE, p, sizeof(*p));			\
		old = *p;							\
		*p = old + v;							\
		return old;							\
	}									\
	u##bits __tsan_atomic##bits##_compare_exchange_val(volatile u##bits *p,	\
							   u##bits old, u##bits new, \
							   int order, int fail_order) \
	{									\
		u##bits found;							\
										\
		(void)order;							\
		(void)fail_order;						\
		explore_step(EXPLORE_UPDATE, p, sizeof(*p));			\
		found = *p;							\
		if (found == old)						\
			*p = new;						\
		return found;							\
	}									\
	int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *p,	\
							  u##bits *old, u##bits new, \
							  int order, int fail_order) \
	{									\
		u##bits found = __tsan_atomic##bits##_compare_exchange_val(p, *old, new, \
									   order, fail_order); \
										\
		if (found == *old)						\
			return 1;						\
		*old = found;							\
		return 0;							\
	}

ATOMIC_ACCESS(8)
ATOMIC_ACCESS(32)
ATOMIC_ACCESS(64)

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

/* No access, and the compiler has heeded it. */
void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

/* Here all accesses are in one order. */
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
}

/* An assignment of a struct: no shared one is as large. */
void __tsan_write_range(void *address, unsigned long size)
{
	explore_step(EXPLORE_WRITE, address, size);
}

void __tsan_read_range(void *address, unsigned long size)
{
	explore_step(EXPLORE_READ, address, size);
}

/*
 * What ring.c has instead of memcpy() and memset(): another actor may come between two
 * words.
 */
static size_t in_words(size_t size)
{
	if (size % sizeof(uint64_t))
		explore_fail("a copy of %zu bytes: not in words", size);
	return size / sizeof(uint64_t);
}

void *stepwise_memcpy(void *to, const void *from, size_t size)
{
	const uint64_t *source = from;
	uint64_t *words = to;
	size_t i;

	for (i = 0; i < in_words(size); i++) {
		explore_step(EXPLORE_WRITE, &words[i], sizeof(*words));
		words[i] = source[i];
	}
	return to;
}

void *stepwise_memset(void *to, int byte, size_t size)
{
	uint64_t *words = to;
	size_t i;

	for (i = 0; i < in_words(size); i++) {
		explore_step(EXPLORE_WRITE, &words[i], sizeof(*words));
		memset(&words[i], byte, sizeof(*words));
	}
	return to;
}
