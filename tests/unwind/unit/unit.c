// SPDX-License-Identifier: GPL-2.0
#include "unit.h"

#define TESTS_MAX	128

static struct CMUnitTest tests[TESTS_MAX];
static size_t nr_tests;

void add_test(const char *name, CMUnitTestFunction run)
{
	if (nr_tests == TESTS_MAX)
		abort();
	tests[nr_tests++] = (struct CMUnitTest){ .name = name, .test_func = run };
}

u64 next_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

int main(void)
{
	return _cmocka_run_group_tests("unwind", tests, nr_tests, NULL, NULL);
}
