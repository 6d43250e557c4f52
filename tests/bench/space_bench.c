// SPDX-License-Identifier: GPL-2.0
/*
 * space_bench          what system calls cost, by the time stamp counter
 * space_bench sample   what a sampling interrupt costs that records no stack
 *
 * Where that counter counts instructions, these are exact: of calls the least is taken, which
 * has met neither an interrupt nor memory that had to be fetched.
 *
 * System calls are measured three times: with no session, with one whose first sample is a
 * minute away, and of a process that was sampled once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/profbuf.h>

#include "count.h"

#define ROUNDS	401
#define PAGE	4096

/* Of a file system in memory: the machine's own may ask its host. */
#define DIRECTORY	"/tmp/space_bench"
#define PROGRAM		DIRECTORY "/program"

/* What is measured. Each leaves things as they were. */
static int file;

/* Of a page that is used. */
static uint64_t map(int protection, int flags, int fd, bool unmap)
{
	uint64_t start = counter(), middle, end;
	volatile char *place = mmap(NULL, PAGE, protection, flags | MAP_PRIVATE, fd, 0);

	middle = counter();
	if (place == MAP_FAILED)
		die("mmap");
	(void)*place;
	if (unmap)
		middle = counter();
	if (munmap((void *)place, PAGE))
		die("munmap");
	end = counter();
	return unmap ? end - middle : middle - start;
}

static uint64_t map_code(void)
{
	return map(PROT_READ | PROT_EXEC, 0, file, false);
}

static uint64_t unmap_code(void)
{
	return map(PROT_READ | PROT_EXEC, 0, file, true);
}

static uint64_t map_data(void)
{
	return map(PROT_READ, 0, file, false);
}

static uint64_t unmap_data(void)
{
	return map(PROT_READ, 0, file, true);
}

static uint64_t map_memory(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, false);
}

static uint64_t unmap_memory(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, true);
}

static uint64_t protect(void)
{
	char *place = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	uint64_t start, end;

	if (place == MAP_FAILED)
		die("mmap");
	start = counter();
	if (mprotect(place, PAGE, PROT_READ | PROT_EXEC))
		die("mprotect");
	end = counter();
	munmap(place, PAGE);
	return end - start;
}

/* All that the machine does until the child has been waited for. */
static uint64_t begin_and_end(bool execute)
{
	uint64_t start = counter();
	int status;
	pid_t pid = execute ? vfork() : fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (execute)
			execl(PROGRAM, "program", "nothing", NULL);
		_exit(execute);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("waitpid");
	return counter() - start;
}

static uint64_t fork_exit(void)
{
	return begin_and_end(false);
}

static uint64_t execute_exit(void)
{
	return begin_and_end(true);
}

static const struct {
	const char *name;
	uint64_t (*run)(void);
} calls[] = {
	{ "mmap of code", map_code },
	{ "mmap of a file's data", map_data },
	{ "mmap of memory", map_memory },
	{ "munmap of code", unmap_code },
	{ "munmap of a file's data", unmap_data },
	{ "munmap of memory", unmap_memory },
	{ "mprotect, to execute", protect },
	{ "fork, exit, wait", fork_exit },
	{ "vfork, execve, exit, wait", execute_exit },
};

#define CALLS	(sizeof(calls) / sizeof(*calls))

static uint64_t measure(uint64_t (*run)(void))
{
	uint64_t least = UINT64_MAX, took;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		took = run();
		if (took < least)
			least = took;
	}
	return least;
}

static void measure_calls(uint64_t *cost)
{
	size_t i;

	for (i = 0; i < CALLS; i++)
		cost[i] = measure(calls[i].run);
}

static void report_calls(void)
{
	uint64_t before[CALLS], watched[CALLS], sampled[CALLS];
	size_t i;
	int fd;

	measure_calls(before);
	fd = session_begin(PROFBUF_PERIOD_MAX, PROFBUF_USER, 1);
	measure_calls(watched);
	if (records(fd)) {
		fputs("space_bench: the process was sampled\n", stderr);
		exit(1);
	}
	close(fd);

	/* Once, so that what is measured is not what samples take. */
	fd = session_begin(1000000, PROFBUF_USER, 1);
	while (!records(fd))
		;
	ioctl(fd, PROFBUF_IOC_PAUSE, 0);
	measure_calls(sampled);
	close(fd);

	printf("%-26s %10s %28s %28s\n", "", "no session", "a session, never sampled",
	       "a session, once sampled");
	for (i = 0; i < CALLS; i++)
		printf("%-26s %10llu %10llu %+8lld %+6.2f %% %10llu %+8lld %+6.2f %%\n",
		       calls[i].name, (unsigned long long)before[i],
		       (unsigned long long)watched[i], (long long)(watched[i] - before[i]),
		       100.0 * (long long)(watched[i] - before[i]) / before[i],
		       (unsigned long long)sampled[i], (long long)(sampled[i] - before[i]),
		       100.0 * (long long)(sampled[i] - before[i]) / before[i]);
}

static void report_sample(void)
{
	int fd = session_begin(100000, 0, 1);

	printf("%llu\n", (unsigned long long)median_gap(fd));
	close(fd);
}

static void copy_program(void)
{
	char buffer[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(PROGRAM, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	ssize_t size;

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, size) != size)
			die(PROGRAM);
	if (size < 0)
		die(PROGRAM);
	close(from);
	close(to);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "sample")) {
		report_sample();
		return 0;
	}
	if (argc > 1) {
		fprintf(stderr, "usage: %s [sample]\n", argv[0]);
		return 2;
	}
	if (mkdir(DIRECTORY, 0755) && errno != EEXIST)
		die(DIRECTORY);
	if (mount("space_bench", DIRECTORY, "tmpfs", 0, NULL))
		die(DIRECTORY);
	copy_program();
	file = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		die(PROGRAM);
	report_calls();
	return 0;
}
