// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

void plugin_work(void);

static volatile uint64_t sink;

void plugin_work(void)
{
	unsigned int rounds;

	for (rounds = 0; rounds < 100000; rounds++)
		sink += rounds;
}
