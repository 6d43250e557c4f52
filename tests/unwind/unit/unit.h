/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_UNWIND_UNIT_H
#define PROFBUF_UNWIND_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "make_table.h"
#include "walk.h"

/* TEST(name) { ... }: a test that main() runs, in the order of the source. */
#define TEST(name)							\
	static void name(void);						\
	static void run_##name(void **state)				\
	{								\
		(void)state;						\
		name();							\
	}								\
	static __attribute__((constructor)) void add_##name(void)	\
	{								\
		add_test(#name, run_##name);				\
	}								\
	static void name(void)

void add_test(const char *name, CMUnitTestFunction run);

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* Numbers that look random, always the same ones. */
u64 next_random(u64 *state);

#endif /* PROFBUF_UNWIND_UNIT_H */
