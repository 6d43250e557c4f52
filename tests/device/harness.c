// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests that were linked in, all or those named on the command line.
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static struct test *tests;
static struct test **tests_end = &tests;

void (*test_at_end)(void);

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

static bool test_is_wanted(const struct test *test, char **names)
{
	bool wanted = !*names || **names == '-';

	for (; *names; names++) {
		if (!strcmp(*names, test->name))
			wanted = true;
		if (**names == '-' && !strcmp(*names + 1, test->name))
			wanted = false;
	}
	return wanted;
}

static bool test_passes(const struct test *test)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		/* A group of its own, so that what it leaves behind can be killed. */
		setpgid(0, 0);
		alarm(TEST_TIMEOUT_SECONDS);
		test->run();
		if (test_at_end)
			test_at_end();
		fflush(stdout);
		_Exit(0);
	}

	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		printf("# %s\n", WTERMSIG(status) == SIGALRM ? "hangs" :
		       strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* NAMEs choose tests, -NAMEs leave some out; --count ahead of them says how many these are. */
int main(int argc, char **argv)
{
	bool only_count = argc > 1 && !strcmp(argv[1], "--count");
	char **names = argv + 1 + only_count;
	int count = 0, failed = 0;
	struct test *test;

	for (test = tests; test; test = test->next)
		count += test_is_wanted(test, names);
	if (only_count) {
		printf("%d\n", count);
		return 0;
	}
	printf("TAP version 13\n1..%d\n", count);

	count = 0;
	for (test = tests; test; test = test->next) {
		if (!test_is_wanted(test, names))
			continue;
		if (test_passes(test)) {
			printf("ok %d - %s\n", ++count, test->name);
		} else {
			printf("not ok %d - %s\n", ++count, test->name);
			failed++;
		}
	}
	return failed || !count;
}
