// SPDX-License-Identifier: GPL-2.0
/*
 * Spaces under load: many processes, some of which end at a bad moment, and what they leave.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "library.h"
#include "told.h"

#define PROCESSES	1000
#define PROCESSES_LONG	100000

/* Address spaces that others may have begun meanwhile. */
#define OTHERS		8

static struct stream stream;
static struct told told;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Address spaces that there are, those included that only we keep. */
static long address_spaces(void)
{
	FILE *file;
	char line[256];
	long count = -1;

	/* What each CPU has at hand counts as being in use. */
	write_file("/sys/kernel/slab/mm_struct/shrink", "1");
	file = fopen("/proc/slabinfo", "r");
	ASSERT(file);
	while (count < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "mm_struct %ld", &count);
	fclose(file);
	ASSERT_GT(count, 0);
	return count;
}

/* Reads until there are no more address spaces than there were. The test's timeout limits it. */
static void wait_until_freed(int fd, long before)
{
	while (address_spaces() > before + OTHERS)
		ASSERT_GT(stream_read(&stream, fd), 0);
}

static void wait_for_success(pid_t pid)
{
	int status;

	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status) && !WEXITSTATUS(status));
}

static unsigned int processes;

/* Each maps one of the libraries, at the same place, and runs it for a moment. */
static void run_processes(void)
{
	unsigned int i;

	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid) {
			library_map(i % LIBRARIES, PLACE, 0);
			library_run(i % LIBRARIES, PLACE, i % 3);
			if (i % 64 == 0)
				execl("/bin/true", "true", NULL);
			_Exit(0);
		}
		wait_for_success(pid);
	}
}

TEST(many_short_processes_are_told_and_leave_nothing)
{
	struct profbuf_stats stats;
	long before;
	pid_t pid;
	int fd;

	processes = PROCESSES;
	if (getenv("PROFBUF_LONG")) {
		processes = PROCESSES_LONG;
		alarm(7200);
	}
	library_make_all();
	fd = told_begin(&told, &stream, 200000, 0);
	before = address_spaces();
	pid = child_start(run_processes);
	while (!waitpid(pid, NULL, WNOHANG))
		ASSERT_GT(stream_read(&stream, fd), 0);
	wait_until_freed(fd, before);
	device_stats(fd, PROFBUF_CPU_NONE, &stats);
	told_end(&stream, fd, 0);
	ASSERT_EQ(stats.spaces_unknown, 0);
	/* As many were kept while they were sampled. */
	ASSERT_GT(stats.spaces, processes / 2);
	ASSERT_GT(told_check(&told), processes);
	ASSERT_GT(library_check(&told, NULL), processes / 2);
	told_print_lags(&told);
}

/* Mappings of their own, so that a look at them takes a while. */
#define MANY_MAPPINGS	60

static void map_many(void)
{
	int i;

	for (i = 1; i <= MANY_MAPPINGS; i++)
		library_map(i % LIBRARIES, PLACE + i * 8192, 0);
}

static void end_soon(void)
{
	int i;

	map_many();
	for (i = 0; i < 400; i++) {
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid) {
			count_down(i * 5000);
			library_map(i % LIBRARIES, PLACE, 0);
			count_down(50000);
			_Exit(0);
		}
		wait_for_success(pid);
	}
}

/*
 * A look holds what is mapped for a moment, and may be the last one to do so; another one may be
 * made at the end, before the first is told.
 */
TEST(processes_that_end_while_they_are_looked_at_are_told)
{
	long before;
	pid_t pid;
	int fd;

	library_make_all();
	fd = told_begin(&told, &stream, 100000, 0);
	before = address_spaces();
	pid = child_start(end_soon);
	while (!waitpid(pid, NULL, WNOHANG))
		ASSERT_GT(stream_read(&stream, fd), 0);
	wait_until_freed(fd, before);
	told_end(&stream, fd, 0);
	ASSERT_GT(told_check(&told), 400);
	/* No file is in use any more. */
	ASSERT_EQ(umount(LIBRARY_DIRECTORY), 0);
}

/* What is ahead of a library, so that to unmap both takes a while. */
#define AHEAD	(16 << 20)

static void unmap_slowly(void)
{
	int i, j;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(mmap(PLACE - AHEAD, AHEAD, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			       MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0), PLACE - AHEAD);
		library_map(i % LIBRARIES, PLACE, 0);
		for (j = 0; j < 40; j++)
			library_call(i % LIBRARIES, PLACE);
		/* What was sampled till now is of a generation that has passed. */
		library_map(i % LIBRARIES, PLACE + 4096, 0);
		ASSERT_EQ(munmap(PLACE - AHEAD, AHEAD + 8192), 0);
	}
}

/*
 * They are no longer found where mappings are looked up, long before it is told that they go. A
 * look that comes meanwhile does not see them.
 */
TEST(libraries_that_are_unmapped_slowly_are_told)
{
	pid_t pid;
	int fd;

	library_make_all();
	fd = told_begin(&told, &stream, 5000000, 0);
	pid = child_start(unmap_slowly);
	told.tgid = pid;
	told_end(&stream, fd, pid);
	told_check(&told);
	ASSERT_GT(library_check(&told, NULL), 20);
}

#define GROUPS		"/tmp/space_load_groups"
#define GROUP		GROUPS "/profbuf"

/* A group of tasks that may have 16 MiB. */
static void make_group(void)
{
	ASSERT(!mkdir(GROUPS, 0755) || errno == EEXIST);
	ASSERT_EQ(mount("cgroup2", GROUPS, "cgroup2", 0, NULL), 0);
	write_file(GROUPS "/cgroup.subtree_control", "+memory");
	ASSERT(!mkdir(GROUP, 0755) || errno == EEXIST);
	write_file(GROUP "/memory.max", "16777216");
	if (!access(GROUP "/memory.swap.max", F_OK))
		write_file(GROUP "/memory.swap.max", "0");
}

/* Maps code and fills memory until there is none. */
static void fill_memory(void)
{
	char *place = PLACE + 65536;
	int i;

	write_file(GROUP "/cgroup.procs", "0");
	for (i = 0;; i++, place += 1 << 20) {
		library_map(i % LIBRARIES, PLACE, MAP_FIXED);
		library_run(i % LIBRARIES, PLACE, 1);
		ASSERT_EQ(mmap(place, 1 << 18, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), place);
		memset(place, 1, 1 << 18);
	}
}

TEST(processes_that_are_killed_for_want_of_memory_are_told)
{
	int fd, i, status;
	long before;
	pid_t pid;

	library_make_all();
	make_group();
	fd = told_begin(&told, &stream, 100000, 0);
	before = address_spaces();
	for (i = 0; i < 10; i++) {
		pid = child_start(fill_memory);
		while (!waitpid(pid, &status, WNOHANG))
			ASSERT_GT(stream_read(&stream, fd), 0);
		ASSERT(WIFSIGNALED(status));
		ASSERT_EQ(WTERMSIG(status), SIGKILL);
	}
	wait_until_freed(fd, before);
	told_end(&stream, fd, 0);
	told_check(&told);
	ASSERT_GT(library_check(&told, NULL), 50);
	ASSERT_EQ(umount(LIBRARY_DIRECTORY), 0);
	ASSERT_EQ(rmdir(GROUP), 0);
	ASSERT_EQ(umount(GROUPS), 0);
}

static void run_until_killed(void)
{
	processes = ~0U;
	run_processes();
}

TEST(cpus_come_and_go_while_spaces_do)
{
	pid_t pid, setter;
	long before;
	int fd, i;

	library_make_all();
	fd = told_begin(&told, &stream, 200000, 0);
	before = address_spaces();
	pid = child_start(run_until_killed);
	setter = fork();
	ASSERT_GE(setter, 0);
	if (!setter) {
		for (i = 0; i < 12; i++) {
			sleep_ms(200);
			cpu1_set(i % 2);
		}
		_Exit(0);
	}
	while (!waitpid(setter, NULL, WNOHANG))
		ASSERT_GT(stream_read(&stream, fd), 0);
	spin_stop(pid);
	wait_until_freed(fd, before);
	told_end(&stream, fd, 0);
	ASSERT_GT(told_check(&told), 200);
	ASSERT_GT(library_check(&told, NULL), 100);
	/* Each time that it had come back it was sampled. */
	ASSERT_GE(stream.infos, 12);
}
