// SPDX-License-Identifier: GPL-2.0
/*
 * A library with one function, which does the same whatever it is called.
 */
#include <stdint.h>

void work(void);

static volatile uint64_t sink;

void work(void)
{
	unsigned int rounds;

	for (rounds = 0; rounds < 100000; rounds++)
		sink += rounds;
}
