/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that takes a known time on an idle machine, and longer on a busy one, but is never less.
 */
#ifndef TESTS_USERSPACE_RECORD_BUSY_H
#define TESTS_USERSPACE_RECORD_BUSY_H

#include <stdint.h>
#include <time.h>

/* Of CPU time, in nanoseconds. */
static uint64_t used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/*
 * A virtual CPU that does not run uses CPU time nevertheless. What the quickest round takes is
 * what each of them is worth.
 */
static void busy(uint64_t milliseconds, void (*work)(void))
{
	uint64_t left = milliseconds * 1000000, least = UINT64_MAX;

	while (left) {
		uint64_t took = used();

		work();
		took = used() - took + 1;
		if (took < least)
			least = took;
		left = left > least ? left - least : 0;
	}
}

#endif /* TESTS_USERSPACE_RECORD_BUSY_H */
