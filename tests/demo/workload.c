// SPDX-License-Identifier: GPL-2.0
/*
 * A program whose profile is known beforehand: threads that hash memory in three functions
 * which take 60, 30 and 10 % of the time; one that writes and reads files; and two that
 * pass a token to each other, for the scheduler to have something to do. Runs until
 * it is killed.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_WORDS	512

/* No function, not even an inlined one: it would show up in the profile. */
#define HASH(hash, block, turns)						\
	do {									\
		for (int turn = 0; turn < (turns); turn++) {			\
			for (int i = 0; i < BLOCK_WORDS; i++)			\
				(hash) = ((hash) ^ (block)[i]) * 0x100000001b3;	\
		}								\
	} while (0)

/* The same work in each of them, so that turns are time. */
static __attribute__((noipa)) uint64_t hash_60_percent(const uint64_t *block)
{
	uint64_t hash = 0x9e3779b97f4a7c15;

	HASH(hash, block, 601);
	return hash;
}

static __attribute__((noipa)) uint64_t hash_30_percent(const uint64_t *block)
{
	uint64_t hash = 0x9e3779b97f4a7c15;

	HASH(hash, block, 301);
	return hash;
}

static __attribute__((noipa)) uint64_t hash_10_percent(const uint64_t *block)
{
	uint64_t hash = 0x9e3779b97f4a7c15;

	HASH(hash, block, 101);
	return hash;
}

static volatile uint64_t result;

static void *compute(void *argument)
{
	uint64_t block[BLOCK_WORDS] = { 1, 2, 3 };

	(void)argument;
	for (;;) {
		result += hash_60_percent(block);
		result += hash_30_percent(block);
		result += hash_10_percent(block);
	}
	return NULL;
}

static void *use_files(void *argument)
{
	char data[65536] = "data";
	char path[] = "/tmp/profbuf-demo-XXXXXX";
	int fd = mkstemp(path);

	(void)argument;
	if (fd < 0)
		err(1, "%s", path);
	unlink(path);
	for (;;) {
		if (pwrite(fd, data, sizeof(data), 0) < 0 || pread(fd, data, sizeof(data), 0) < 0)
			err(1, "%s", path);
		usleep(50000);
	}
	return NULL;
}

static void *pass_token(void *argument)
{
	int *pipes = argument;
	char token;

	for (;;) {
		if (read(pipes[0], &token, 1) != 1 || write(pipes[1], &token, 1) != 1)
			err(1, "pipe");
		usleep(20000);
	}
	return NULL;
}

static void start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument))
		errx(1, "cannot start a thread");
}

int main(void)
{
	int there[2], back[2], ends[2][2];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (pipe(there) || pipe(back))
		err(1, "pipe");
	ends[0][0] = there[0];
	ends[0][1] = back[1];
	ends[1][0] = back[0];
	ends[1][1] = there[1];
	start(pass_token, ends[0]);
	start(pass_token, ends[1]);
	if (write(there[1], "", 1) != 1)
		err(1, "pipe");

	start(use_files, NULL);
	while (--cpus > 0)
		start(compute, NULL);
	compute(NULL);
	return 0;
}
