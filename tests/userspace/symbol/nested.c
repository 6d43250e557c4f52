// SPDX-License-Identifier: GPL-2.0
/* A process like workload.c: a function within a function, which has one inlined. */
#include <stdio.h>
#include <unistd.h>

static volatile int sink;

static __attribute__((noinline, noclone)) const void *here(void)
{
	return __builtin_return_address(0);
}

static inline __attribute__((always_inline)) const void *inlined(void)
{
	const void *address = here(); /* line: inlined */

	sink++;
	return address;
}

int main(void)
{
	int calls = 0;
	char input;

	auto __attribute__((noinline, noclone)) const void *nested(void);

	const void *nested(void)
	{
		const void *address = inlined(); /* line: nested */

		calls++;
		return address;
	}

	printf("inlined %p\n", nested());
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &input, 1) > 0)
		;
	return calls - 1;
}
