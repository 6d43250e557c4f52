// SPDX-License-Identifier: GPL-2.0
/* A shared library for workload.c. */
#include <stddef.h>

#if __has_attribute(noclone)
#define NOINLINE __attribute__((noinline, noclone))
#else
#define NOINLINE __attribute__((noinline))
#endif

static volatile int sink;

NOINLINE int library_exported(int value)
{
	return value + sink;
}

static NOINLINE int library_hidden(int value)
{
	sink = value;
	return value * sink;
}

void library_report(void (*report)(const char *name, const void *address))
{
	report("library_exported", library_exported);
	report("library_hidden", library_hidden);
	sink += library_exported(1) + library_hidden(2);
}
