// SPDX-License-Identifier: GPL-2.0
/*
 * Unwind tables, loaded while a recording begins and goes on: by processes that files, and who
 * serves them, do harm to. The kernel is a function below.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/table_loader.h"
#include "unwind/cache.h"
#include "unwind/table.h"

#define LOADS_MAX	1000

/**
 * enum conduct - what the kernel, or a file, does when a table is loaded
 * @GOOD: takes it
 * @CRASH: ends the process
 * @HANG: does not return
 * @SPIN: does not return, and takes time
 * @REFUSE_FIRST: does not take the first one
 * @TOO_LARGE: has no room for it, ever
 */
enum conduct {
	GOOD,
	CRASH,
	HANG,
	SPIN,
	REFUSE_FIRST,
	TOO_LARGE,
};

/* As all processes see it. */
struct kernel {
	bool old;
	int err;
	enum conduct conduct;
	ino_t inode;
	pid_t victim;
	uint32_t nr;
	uint32_t asked;
	ino_t loaded[LOADS_MAX];
	bool vdso;
};

static struct kernel *kernel;

static struct profbuf_session *session;
static struct table_loader loader;
static char base[64];
static char path_buffer[4096];

static int refuse(int err)
{
	errno = err;
	return -1;
}

static bool is_loaded(ino_t inode)
{
	uint32_t i;

	for (i = 0; i < kernel->nr; i++)
		if (kernel->loaded[i] == inode)
			return true;
	return false;
}

static int misbehave(ino_t inode)
{
	if (!kernel->inode || inode != kernel->inode)
		return 0;
	switch (kernel->conduct) {
	case CRASH:
		kill(getpid(), SIGKILL);
		_exit(EXIT_FAILURE);
	case HANG:
		kernel->victim = getpid();
		for (;;)
			pause();
	case SPIN:
		kernel->victim = getpid();
		for (;;)
			__asm__ __volatile__("");
	case REFUSE_FIRST:
		kernel->conduct = GOOD;
		return -EINVAL;
	case TOO_LARGE:
		return -E2BIG;
	default:
		return 0;
	}
}

static int load_unwind(const struct profbuf_unwind_load *load)
{
	struct stat stat = { 0 };
	int err;

	if (kernel->old)
		return refuse(ENOTTY);
	if (!(load->flags & PROFBUF_UNWIND_VDSO) && fstat(load->fd, &stat))
		return refuse(EBADF);
	if (stat.st_ino && is_loaded(stat.st_ino))
		return refuse(EEXIST);
	if (!load->table_size) {
		kernel->asked += !!stat.st_ino;
		return refuse(ENOENT);
	}
	err = misbehave(stat.st_ino);
	if (err)
		return refuse(-err);
	if (unwind_table__check((void *)(uintptr_t)load->table, load->table_size))
		return refuse(EINVAL);
	if (kernel->err)
		return refuse(kernel->err);
	if (!stat.st_ino)
		kernel->vdso = true;
	else
		kernel->loaded[__atomic_fetch_add(&kernel->nr, 1, __ATOMIC_RELAXED)] = stat.st_ino;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	(void)fd;
	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	return request == PROFBUF_IOC_LOAD_UNWIND ? load_unwind(argument) : refuse(ENOTTY);
}

static const char *in_base(const char *name)
{
	snprintf(path_buffer, sizeof(path_buffer), "%s/%s", base, name);
	return path_buffer;
}

/* A cache of our own, for root, too, whose one is at a fixed place. */
static int set_up_all(void **state)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)state;
	strcpy(base, "/tmp/profbuf-loader-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	setenv("XDG_CACHE_HOME", base, 1);
	if (!getuid() &&
	    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	     mount(base, "/var/cache", NULL, MS_BIND, NULL)))
		return -1;
	kernel = mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	/* As a recording has them. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGINT, &action, NULL);
	/* A test that waits for ever. */
	alarm(300);
	return kernel == MAP_FAILED;
}

static int clean(const char *what)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s/%s", base, what);
	return system(command);
}

static int tear_down_all(void **state)
{
	(void)state;
	alarm(0);
	if (!getuid())
		umount("/var/cache");
	return clean("");
}

static int set_up(void **state)
{
	struct profbuf_session_opts opts = { .size = sizeof(opts), .device = "/dev/null" };

	(void)state;
	memset(kernel, 0, sizeof(*kernel));
	loader = (struct table_loader){ 0 };
	return profbuf_session__open(&session, &opts) || clean("*");
}

static int tear_down(void **state)
{
	(void)state;
	profbuf_session__close(session);
	return 0;
}

static void start(const char *command)
{
	const struct table_first first = { .command = command };

	assert_int_equal(table_loader__start(&loader, session, &first), 0);
}

/* What has been done at its end; @loader->stats is gone then. */
static struct table_stats end(void)
{
	struct table_stats *stats = loader.stats, copy;

	loader.stats = NULL;
	table_loader__end(&loader);
	copy = *stats;
	munmap(stats, sizeof(*stats));
	return copy;
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

/* That a space has this file mapped. */
static void want(const char *path, uint64_t time)
{
	struct profbuf_space_info info = { .nr_mappings = 1, .looked_ns = time };
	struct profbuf_space_mapping mapping = { .path = path };
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	mapping.fixed.major = major(status.st_dev);
	mapping.fixed.minor = minor(status.st_dev);
	mapping.fixed.inode = status.st_ino;
	mapping.fixed.ctime_sec = status.st_ctim.tv_sec;
	mapping.fixed.ctime_nsec = status.st_ctim.tv_nsec;
	assert_int_equal(table_loader__want(&loader, &info, &mapping), 0);
}

static const char *copy_of(const char *path, const char *name)
{
	char command[8192];

	snprintf(command, sizeof(command), "cp %s %s/%s", path, base, name);
	assert_int_equal(system(command), 0);
	return in_base(name);
}

#define PROGRAM	"/usr/bin/env"

static void test_old_module(void **state)
{
	const struct table_first first = { 0 };

	(void)state;
	kernel->old = true;
	assert_int_equal(table_loader__start(&loader, session, &first), -ENOTTY);
	want(PROGRAM, 1);
	table_loader__say(&loader, true);
	table_loader__end(&loader);
}

/* Before the command is started. */
static void test_command_first(void **state)
{
	struct table_stats stats;

	(void)state;
	start("env");
	assert_true(kernel->vdso);
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_true(is_loaded(inode_of("/lib64/ld-linux-x86-64.so.2")));
	stats = end();
	assert_int_equal(stats.loaded, kernel->nr + 1);
	assert_int_equal(stats.made, kernel->nr);
	assert_true(stats.bytes > 1000);
	assert_int_equal(stats.failed + stats.refused + stats.no_room + stats.dropped, 0);
	/* The next time they are in the cache. */
	kernel->nr = 0;
	start("env");
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_int_equal(end().made, 0);
}

static void test_processes_first(void **state)
{
	uint32_t pids[2] = { 0, 999999999 };
	const struct table_first first = { .pids = pids, .nr_pids = 2 };
	int fds[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(EXIT_FAILURE);
	}
	pids[0] = pid;
	/* Up to its exec(). */
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	assert_int_equal(table_loader__start(&loader, session, &first), 0);
	assert_true(is_loaded(inode_of("/bin/sleep")));
	end();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_wanted(void **state)
{
	uint32_t there;

	(void)state;
	start(NULL);
	there = loader.stats->there;
	kernel->asked = 0;
	want(PROGRAM, 1000000000);
	/* Only once, unless the kernel may have dropped it. */
	want(PROGRAM, 2000000000);
	want(PROGRAM, 10999999999);
	assert_int_equal(end().there, there);
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_int_equal(kernel->asked, 1);
	kernel->nr = 0;
	start(NULL);
	kernel->nr = 0;
	kernel->asked = 0;
	want("/bin/true", 1000000000);
	while (!is_loaded(inode_of("/bin/true")))
		usleep(1000);
	want("/bin/true", 11000000001);
	assert_int_equal(end().there, 1);
	assert_int_equal(kernel->asked, 1);
}

/* What was sampled once is loaded before it is sampled again, unless it has gone. */
static void test_recent(void **state)
{
	const char *gone;

	(void)state;
	start(NULL);
	gone = copy_of("/bin/true", "gone");
	want(gone, 1);
	want(PROGRAM, 1);
	assert_int_equal(end().loaded > 2, 1);
	unlink(in_base("gone"));
	/* Whoever opens it waits. */
	assert_int_equal(mkfifo(in_base("gone"), 0600), 0);
	kernel->nr = 0;
	start(NULL);
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_int_equal(end().failed, 0);
	unlink(in_base("gone"));
}

static int negative(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char name[UNWIND_CACHE_NAME];
	struct unwind_cache cache;
	void *table;
	size_t size;

	unwind_cache__open(&cache);
	assert_int_equal(unwind_cache__name(name, fd, NULL, 0), 0);
	close(fd);
	err = unwind_cache__read(&cache, name, &table, &size);
	if (!err)
		free(table);
	unwind_cache__close(&cache);
	return err;
}

/* That a file tells nothing is kept, and believed. */
static void test_nothing(void **state)
{
	char script[128];

	(void)state;
	strcpy(script, copy_of("/etc/passwd", "script"));
	start(NULL);
	assert_int_equal(negative(script), -ENOENT);
	want(script, 1);
	assert_int_equal(end().nothing, 1);
	assert_int_equal(negative(script), -ENODATA);
	start(NULL);
	want(script, 1);
	assert_true(end().nothing >= 1);
}

/* Whatever has happened to the cache, the table is made anew. */
static void test_damaged_cache(void **state)
{
	char command[256];

	(void)state;
	start("env");
	end();
	snprintf(command, sizeof(command), "for f in %s/profbuf/*/*-*; do echo x >>$f; done", base);
	assert_int_equal(system(command), 0);
	kernel->nr = 0;
	start("env");
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_true(end().made >= 3);
	/* Whole, but such that the kernel does not take it. */
	kernel->nr = 0;
	kernel->conduct = REFUSE_FIRST;
	kernel->inode = inode_of(PROGRAM);
	start("env");
	assert_true(is_loaded(inode_of(PROGRAM)));
	assert_int_equal(end().made, 1);
}

/* Where no file may be written, nothing is kept, and nobody ends. */
static void test_small_files_only(void **state)
{
	static const struct rlimit none = { 0, RLIM_INFINITY };
	struct rlimit before;
	struct table_stats stats;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	start("env");
	assert_true(is_loaded(inode_of(PROGRAM)));
	stats = end();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.loaded, kernel->nr + 1);
}

/* One file ends its reader: the others are read. */
static void test_crash(void **state)
{
	struct table_stats stats;

	(void)state;
	kernel->conduct = CRASH;
	kernel->inode = inode_of(PROGRAM);
	start("env");
	assert_false(is_loaded(inode_of(PROGRAM)));
	assert_true(is_loaded(inode_of("/lib64/ld-linux-x86-64.so.2")));
	want("/bin/true", 1);
	want(PROGRAM, 1);
	stats = end();
	assert_true(is_loaded(inode_of("/bin/true")));
	assert_int_equal(stats.failed, 2);
	/* And is not read for nothing the next time. */
	start(NULL);
	assert_int_equal(end().failed, 0);
}

static bool is_gone(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'Z' || !state;
}

/* One file takes for ever: nobody waits for it once the user wants an end. */
static void test_hang(void **state)
{
	sigset_t set;
	int signal;

	(void)state;
	start(NULL);
	kernel->conduct = HANG;
	kernel->inode = inode_of(PROGRAM);
	want(PROGRAM, 1);
	want("/bin/true", 1);
	while (!kernel->victim || !is_loaded(inode_of("/bin/true")))
		usleep(1000);
	raise(SIGINT);
	end();
	while (!is_gone(kernel->victim))
		usleep(1000);
	/* It is left to whoever looks for it. */
	sigpending(&set);
	assert_true(sigismember(&set, SIGINT));
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigwait(&set, &signal);
}

/* Without a signal there is an end, too, and the next start does not wait for the file. */
static void test_hang_for_long(void **state)
{
	(void)state;
	start(NULL);
	kernel->conduct = HANG;
	kernel->inode = inode_of(PROGRAM);
	want(PROGRAM, 1);
	want("/bin/true", 1);
	end();
	while (!is_gone(kernel->victim))
		usleep(1000);
	kernel->victim = 0;
	kernel->nr = 0;
	start(NULL);
	assert_int_equal(kernel->victim, 0);
	assert_true(is_loaded(inode_of("/bin/true")));
	end();
}

/* A signal ends the wait for the start, too. */
static void test_hang_at_start(void **state)
{
	sigset_t set;
	int signal;

	(void)state;
	kernel->conduct = HANG;
	kernel->inode = inode_of(PROGRAM);
	raise(SIGINT);
	start("env");
	raise(SIGINT);
	end();
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigwait(&set, &signal);
}

/* Whoever waits for the end of a pipe that the recorder had does not wait for these processes. */
static void test_no_descriptors(void **state)
{
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	kernel->conduct = HANG;
	kernel->inode = inode_of(PROGRAM);
	start(NULL);
	want(PROGRAM, 1);
	while (!kernel->victim)
		usleep(1000);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	kill(loader.pid, SIGKILL);
	end();
}

/* The recorder dies, and with it all that it has started. */
static void test_recorder_dies(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		kernel->conduct = HANG;
		kernel->inode = inode_of(PROGRAM);
		start(NULL);
		want(PROGRAM, 1);
		while (!kernel->victim)
			usleep(1000);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	while (!is_gone(kernel->victim))
		usleep(1000);
}

/*
 * What takes longer than a second of CPU time takes it from nobody, and nobody becomes less nice
 * than the recorder.
 */
static void test_niceness(void **state)
{
	int given[] = { getpriority(PRIO_PROCESS, 0), 19 }, niceness, status;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid) {
			struct rlimit limit;

			kernel->victim = 0;
			kernel->conduct = SPIN;
			kernel->inode = inode_of(PROGRAM);
			setpriority(PRIO_PROCESS, 0, given[i]);
			start(NULL);
			want(PROGRAM, 1);
			while (!kernel->victim)
				usleep(1000);
			if (getpriority(PRIO_PROCESS, kernel->victim) != given[i])
				_exit(100);
			do {
				usleep(1000);
				prlimit(kernel->victim, RLIMIT_CPU, NULL, &limit);
			} while (limit.rlim_cur == 1);
			niceness = getpriority(PRIO_PROCESS, kernel->victim);
			kill(loader.pid, SIGKILL);
			end();
			_exit(niceness);
		}
		waitpid(pid, &status, 0);
		niceness = WEXITSTATUS(status);
		assert_int_equal(niceness, given[i] > 10 ? given[i] : 10);
	}
}

static char *said(bool all)
{
	int saved = dup(STDERR_FILENO), fd;
	static char text[4096];

	fflush(stderr);
	fd = open(in_base("said"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, STDERR_FILENO);
	table_loader__say(&loader, all);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	memset(text, 0, sizeof(text));
	assert_true(pread(fd, text, sizeof(text) - 1, 0) >= 0);
	close(fd);
	return text;
}

static void test_messages(void **state)
{
	(void)state;
	start("env");
	assert_string_equal(said(false), "");
	assert_non_null(strstr(said(true), " made"));
	end();
	kernel->nr = 0;
	kernel->err = ENOSPC;
	start("env");
	assert_non_null(strstr(said(false), "parameters/unwind_memory"));
	end();
	kernel->err = E2BIG;
	start("env");
	assert_non_null(strstr(said(false), "parameters/unwind_memory"));
	end();
	kernel->err = ENOMEM;
	start("env");
	assert_non_null(strstr(said(false), "ulimit -l"));
	end();
	kernel->err = EPERM;
	start("env");
	assert_non_null(strstr(said(false), "refused"));
	kill(loader.pid, SIGKILL);
	while (!is_gone(loader.pid))
		usleep(1000);
	assert_non_null(strstr(said(false), "has ended"));
	want("/bin/true", 1);
	end();
}

/* What is only perhaps needed leaves room for what is. */
static void test_room(void **state)
{
	(void)state;
	start(NULL);
	want("/bin/true", 1);
	want("/bin/ls", 1);
	end();
	kernel->nr = 0;
	kernel->err = ENOSPC;
	start(NULL);
	/* That of the vdso; then nothing more is tried. */
	assert_int_equal(end().no_room, 1);
	kernel->err = 0;
	start(NULL);
	assert_true(is_loaded(inode_of("/bin/true")) && is_loaded(inode_of("/bin/ls")));
	end();
}

/* What nobody has asked for is not missed. */
static void test_no_room_for_early(void **state)
{
	(void)state;
	start(NULL);
	want("/bin/true", 1);
	want("/bin/ls", 1);
	end();
	kernel->nr = 0;
	kernel->conduct = TOO_LARGE;
	kernel->inode = inode_of("/bin/true");
	start(NULL);
	assert_true(is_loaded(inode_of("/bin/ls")));
	assert_string_equal(said(false), "");
	want("/bin/true", 1);
	assert_int_equal(end().too_large, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_old_module, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_processes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wanted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged_cache, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_small_files_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_crash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hang, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hang_for_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hang_at_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_descriptors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recorder_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_niceness, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_room_for_early, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
