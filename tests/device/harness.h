/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test harness after the kernel's own: each TEST() runs in a process of its own, which
 * is killed when it hangs; results are printed in TAP.
 */
#ifndef PROFBUF_TEST_HARNESS_H
#define PROFBUF_TEST_HARNESS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Against hangs only: a virtual machine without hardware support is slow. */
#define TEST_TIMEOUT_SECONDS	300

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *test);

/* Called in the process of each test that has come to its end. */
extern void (*test_at_end)(void);

#define TEST(test_name)							\
	static void test_name(void);					\
	static struct test test_name##_test = {				\
		.name = #test_name,					\
		.run = test_name,					\
	};								\
	static void __attribute__((constructor)) test_name##_register(void) \
	{								\
		test_register(&test_name##_test);			\
	}								\
	static void test_name(void)

#define FAIL(...)							\
	do {								\
		printf("# %s:%d: ", __FILE__, __LINE__);		\
		printf(__VA_ARGS__);					\
		printf("\n");						\
		fflush(stdout);						\
		_Exit(1);						\
	} while (0)

#define ASSERT(condition)						\
	do {								\
		if (!(condition))					\
			FAIL("not true: %s (errno %d)", #condition, errno); \
	} while (0)

#define ASSERT_COMPARE(a, op, b)					\
	do {								\
		long long __a = (long long)(a), __b = (long long)(b);	\
									\
		if (!(__a op __b))					\
			FAIL("%s %s %s: %lld, %lld (errno %d)", #a, #op, #b, __a, __b, errno); \
	} while (0)

#define ASSERT_EQ(a, b)	ASSERT_COMPARE(a, ==, b)
#define ASSERT_NE(a, b)	ASSERT_COMPARE(a, !=, b)
#define ASSERT_LT(a, b)	ASSERT_COMPARE(a, <, b)
#define ASSERT_LE(a, b)	ASSERT_COMPARE(a, <=, b)
#define ASSERT_GT(a, b)	ASSERT_COMPARE(a, >, b)
#define ASSERT_GE(a, b)	ASSERT_COMPARE(a, >=, b)

/* The call must fail with this errno. */
#define ASSERT_ERRNO(call, expected)					\
	do {								\
		errno = 0;						\
		long long __result = (long long)(call);			\
									\
		if (__result != -1 || errno != (expected))		\
			FAIL("%s: %lld, errno %d, not %s", #call, __result, errno, #expected); \
	} while (0)

#endif /* PROFBUF_TEST_HARNESS_H */
