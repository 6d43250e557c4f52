// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard.h"

/* And not more than half of the memory of the machine. */
#define MEMORY_MAX	(4ULL << 30)

static sigjmp_buf *volatile guard;
static struct sigaction previous_action;
static struct rlimit previous_limit;
static bool limited;

static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	if (guard)
		siglongjmp(*guard, EFAULT);

	/* Not ours: to whom it was before, else the instruction faults again and kills. */
	if (previous_action.sa_flags & SA_SIGINFO)
		previous_action.sa_sigaction(signal, info, context);
	else
		sigaction(SIGBUS, &previous_action, NULL);
}

void guard__out_of_memory(void)
{
	if (guard)
		siglongjmp(*guard, ENOMEM);
	abort();
}

/* Memory that RLIMIT_DATA counts, which mapped files are not. */
static uint64_t data_size(void)
{
	unsigned long long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (statm) {
		if (fscanf(statm, "%*s %*s %*s %*s %*s %llu", &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	return pages * sysconf(_SC_PAGESIZE);
}

static uint64_t memory_max(void)
{
	uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;

	return half < MEMORY_MAX ? half : MEMORY_MAX;
}

void guard__limit_memory(void)
{
	static uint64_t maximum;
	struct rlimit limit;

	if (limited || !guard)
		return;
	if (!maximum)
		maximum = data_size() + memory_max();
	if (getrlimit(RLIMIT_DATA, &previous_limit))
		return;
	limit = previous_limit;
	if (limit.rlim_cur > maximum)
		limit.rlim_cur = maximum;
	limited = !setrlimit(RLIMIT_DATA, &limit);
}

static void leave(sigjmp_buf *outer)
{
	guard = outer;
	if (!outer && limited) {
		setrlimit(RLIMIT_DATA, &previous_limit);
		limited = false;
	}
}

int guard__run(void (*function)(void *argument), void *argument)
{
	/* SA_NODEFER: the jump out leaves no signal mask to be restored. */
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	sigjmp_buf here, *outer = guard;
	static bool installed;

	if (!installed) {
		sigaction(SIGBUS, &action, &previous_action);
		installed = true;
	}
	switch (sigsetjmp(here, 0)) {
	case 0:
		break;
	case ENOMEM:
		leave(outer);
		return -ENOMEM;
	default:
		leave(outer);
		return -EFAULT;
	}
	guard = &here;
	function(argument);
	leave(outer);
	return 0;
}
