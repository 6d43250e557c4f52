// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the frequency of the time stamp counter in kHz. An emulated processor sees the
 * host's, and on a host with much to do its kernel measures nonsense.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define SAMPLES		100
#define INTERVAL_NS	300000000L

struct reading {
	uint64_t tsc;
	int64_t ns;
};

/* Both at the same instant: of many tries the one that nothing came between. */
static struct reading read_both(void)
{
	uint64_t begin, length, least = UINT64_MAX;
	struct reading best = { 0 };
	struct timespec time;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		begin = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &time);
		length = __rdtsc() - begin;
		if (length >= least)
			continue;
		least = length;
		best.tsc = begin + length / 2;
		best.ns = time.tv_sec * 1000000000LL + time.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec interval = { .tv_nsec = INTERVAL_NS };
	struct reading first = read_both();
	struct reading last;

	nanosleep(&interval, NULL);
	last = read_both();
	printf("%.0f\n", (double)(last.tsc - first.tsc) * 1e6 / (double)(last.ns - first.ns));
	return 0;
}
