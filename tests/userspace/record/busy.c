// SPDX-License-Identifier: GPL-2.0
/*
 * A program that is busy in a way that is known: busy MILLISECONDS [WAY [ARGUMENT...]].
 *
 *	spin		in spin_here()
 *	split		60/30/10 % in take_60(), take_30(), take_10()
 *	plugin FILE	in a library that is loaded half-way
 *	swap FILE OTHER	in a library, and then in another one that is loaded in its place
 *	vanish FILE OTHER	the same, and in the end both files are removed
 *	threads		in two threads, named one and two
 *	rename		in spin_here(), and calls itself something else all the time
 *	exec FILE...	half-way executes another program
 *	fork		in a child, which its own child outlives
 *	jit		in code that it has made, and that /tmp/perf-PID.map names
 *	module		in a kernel module, that of profbuf
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "busy.h"

static volatile uint64_t sink;

/* Not a function: inlined or not, it would have a name of its own. */
#define spin(rounds) \
	do { \
		unsigned int left = rounds; \
\
		while (left--) \
			sink += left; \
	} while (0)

__attribute__((noinline)) static void spin_here(void)
{
	spin(100000);
}

__attribute__((noinline)) static void take_60(void)
{
	spin(600000);
}

__attribute__((noinline)) static void take_30(void)
{
	spin(300000);
}

__attribute__((noinline)) static void take_10(void)
{
	spin(100000);
}

__attribute__((noinline)) static void split(void)
{
	take_60();
	take_30();
	take_10();
}

static uint64_t duration;

static void *run_thread(void *name)
{
	prctl(PR_SET_NAME, name);
	busy(duration, spin_here);
	return NULL;
}

static void spin_renamed(void)
{
	static unsigned int round;
	char name[16];

	snprintf(name, sizeof(name), "round-%u", round++);
	prctl(PR_SET_NAME, name);
	spin_here();
}

static int run_threads(void)
{
	pthread_t one, two;

	if (pthread_create(&one, NULL, run_thread, "one") ||
	    pthread_create(&two, NULL, run_thread, "two"))
		return EXIT_FAILURE;
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	return EXIT_SUCCESS;
}

static void (*load_plugin(const char *path, const char *name, void **plugin))(void)
{
	void (*work)(void);

	*plugin = dlopen(path, RTLD_NOW);
	work = *plugin ? (void (*)(void))dlsym(*plugin, name) : NULL;
	if (!work) {
		fprintf(stderr, "%s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	return work;
}

static int run_plugin(const char *path)
{
	void (*work)(void);
	void *plugin;

	busy(duration / 2, spin_here);
	work = load_plugin(path, "plugin_work", &plugin);
	busy(duration, work);
	return EXIT_SUCCESS;
}

/* They are of one size, and so is the hole that the first one leaves. */
static int run_swap(const char *path, const char *other_path)
{
	void (*work)(void), (*other_work)(void);
	void *plugin;

	work = load_plugin(path, "plugin_work", &plugin);
	busy(duration, work);
	dlclose(plugin);
	other_work = load_plugin(other_path, "other_work", &plugin);
	if ((uintptr_t)other_work / 4096 != (uintptr_t)work / 4096) {
		fputs("the other library is in another place\n", stderr);
		return EXIT_FAILURE;
	}
	busy(duration, other_work);
	return EXIT_SUCCESS;
}

/* The grandchild goes on when its parent has ended, and so has another one. */
static int run_fork(void)
{
	int pipes[2];
	pid_t child;
	char byte;

	if (pipe(pipes))
		return EXIT_FAILURE;
	child = fork();
	if (!child) {
		if (!fork()) {
			prctl(PR_SET_NAME, "orphan");
			usleep(200000);
			busy(duration, spin_here);
			_exit(EXIT_SUCCESS);
		}
		_exit(EXIT_SUCCESS);
	}
	close(pipes[1]);
	waitpid(child, NULL, 0);
	/* Until the orphan closes its end. */
	return read(pipes[0], &byte, 1) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Code that runs wherever it is, and where it begins and ends. */
extern const char __start_moved[], __stop_moved[];

__attribute__((section("moved"), noinline, used)) static void move_me(void)
{
	volatile unsigned int left = 100000;

	while (left)
		left--;
}

static int run_jit(void)
{
	size_t size = __stop_moved - __start_moved;
	char path[64];
	FILE *map;
	char *code;

	code = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (code == MAP_FAILED)
		return EXIT_FAILURE;
	memcpy(code, __start_moved, size);
	__builtin___clear_cache(code, code + size);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	if (!map)
		return EXIT_FAILURE;
	fprintf(map, "%lx %zx made_at_run_time\n", (unsigned long)code, size);
	fclose(map);
	busy(duration, (void (*)(void))(code + ((const char *)move_me - __start_moved)));
	return EXIT_SUCCESS;
}

static char asked[64];

/* What the kernel says of an open /dev/profbuf, profbuf's module says. */
static void ask_module(void)
{
	char buffer[4096];
	int fd = open(asked, O_RDONLY);
	unsigned int times = 100;

	while (times-- && pread(fd, buffer, sizeof(buffer), 0) > 0)
		;
	close(fd);
}

static int run_module(void)
{
	int fd = open("/dev/profbuf", O_RDONLY);

	if (fd < 0)
		return EXIT_FAILURE;
	snprintf(asked, sizeof(asked), "/proc/self/fdinfo/%d", fd);
	busy(duration, ask_module);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *way = argc > 2 ? argv[2] : "spin";

	if (argc < 2)
		return EXIT_FAILURE;
	duration = strtoull(argv[1], NULL, 10);
	if (!strcmp(way, "plugin") && argc > 3)
		return run_plugin(argv[3]);
	if (!strcmp(way, "swap") && argc > 4)
		return run_swap(argv[3], argv[4]);
	if (!strcmp(way, "vanish") && argc > 4)
		return run_swap(argv[3], argv[4]) || unlink(argv[3]) || unlink(argv[4]);
	if (!strcmp(way, "threads"))
		return run_threads();
	if (!strcmp(way, "fork"))
		return run_fork();
	if (!strcmp(way, "jit"))
		return run_jit();
	if (!strcmp(way, "module"))
		return run_module();
	if (!strcmp(way, "exec") && argc > 3) {
		busy(duration, split);
		execv(argv[3], argv + 3);
		return EXIT_FAILURE;
	}
	busy(duration, !strcmp(way, "split") ? split :
		       !strcmp(way, "rename") ? spin_renamed : spin_here);
	return EXIT_SUCCESS;
}
