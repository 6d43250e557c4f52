/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests that need not be listed: each adds itself.
 */
#ifndef PROFBUF_UNIT_TEST_H
#define PROFBUF_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

#endif /* PROFBUF_UNIT_TEST_H */
