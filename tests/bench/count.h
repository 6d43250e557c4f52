/* SPDX-License-Identifier: GPL-2.0 */
/*
 * count: what sampling costs, by the time stamp counter. In a virtual machine where that counter
 * counts instructions, the figures are exact.
 */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

static inline uint64_t counter(void)
{
	uint32_t low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

/* Says what has failed, with errno, and exits. */
void __attribute__((noreturn)) die(const char *what);

/* A session that samples. @flags: those of struct profbuf_config; @depth: of stacks */
int session_begin(uint64_t period_ns, uint32_t flags, uint32_t depth);

/* How many records it has. */
uint64_t records(int fd);

/*
 * The instructions of a sampling interrupt: the median of what passes between two looks at the
 * counter, but for what usually does. @fd: a session that samples often
 */
uint64_t median_gap(int fd);

#endif /* COUNT_H */
