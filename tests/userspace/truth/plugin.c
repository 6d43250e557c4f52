// SPDX-License-Identifier: GPL-2.0
/*
 * A library with one function, which does the same whatever it is called.
 */
static volatile unsigned long sink;

void work(void);

void work(void)
{
	unsigned int rounds;

	for (rounds = 0; rounds < 100000; rounds++)
		sink += rounds;
}
