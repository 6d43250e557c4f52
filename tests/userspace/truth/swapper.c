// SPDX-License-Identifier: GPL-2.0
/*
 * swapper TIMES MILLISECONDS FILE OTHER: load two libraries by turns, TIMES in all, each where the
 * one before it was, and do the same work in all of them, of about so many milliseconds.
 * Prints a line for each: whose function it has, 0 or 1, and from when to when it was there to be
 * seen.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void work_here(void);

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void die(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(EXIT_FAILURE);
}

/* So many calls take so long: of the same code, which is here, too. */
static unsigned long calibrate(uint64_t nanoseconds)
{
	uint64_t end = now(CLOCK_THREAD_CPUTIME_ID) + nanoseconds;
	unsigned long calls = 0;

	do {
		work_here();
		calls++;
	} while (now(CLOCK_THREAD_CPUTIME_ID) < end);
	return calls;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "work_of_one", "work_of_two" };
	unsigned long calls, n;
	void *place = NULL;
	int times, i;

	if (argc != 5)
		return EXIT_FAILURE;
	times = atoi(argv[1]);
	calls = calibrate(atoi(argv[2]) * 1000000ULL);
	for (i = 0; i < times; i++) {
		void *library = dlopen(argv[3 + (i & 1)], RTLD_NOW), *function;
		uint64_t begin;
		int which;

		if (!library)
			die(dlerror());
		function = dlsym(library, names[0]);
		which = !function;
		if (which)
			function = dlsym(library, names[1]);
		if (!function)
			die(dlerror());
		if (place && function != place)
			die("the library is in another place");
		place = function;
		begin = now(CLOCK_MONOTONIC);
		for (n = 0; n < calls; n++)
			((void (*)(void))function)();
		printf("%d %" PRIu64 " %" PRIu64 "\n", which, begin, now(CLOCK_MONOTONIC));
		fflush(stdout);
		dlclose(library);
	}
	return EXIT_SUCCESS;
}
