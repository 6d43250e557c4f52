// SPDX-License-Identifier: GPL-2.0
/*
 * unwind_bench TABLE	what it costs to walk user stacks, by the unwind table of this program in
 *			the file TABLE
 *
 * Where the time stamp counter counts instructions, the figures are exact.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/profbuf.h>
#include <linux/profbuf_unwind.h>

#include "count.h"

#define DEPTH_MAX	64

static int session;

/* Calls of a chain, each from a place of its own. */
#define LEVEL(n, next)								\
static uint64_t __attribute__((noinline)) level_##n(unsigned int depth)		\
{										\
	return depth == n ? median_gap(session) : next(depth) + n;		\
}

static uint64_t bottom(unsigned int depth)
{
	return depth;
}

LEVEL(32, bottom)
LEVEL(31, level_32)
LEVEL(30, level_31)
LEVEL(29, level_30)
LEVEL(28, level_29)
LEVEL(27, level_28)
LEVEL(26, level_27)
LEVEL(25, level_26)
LEVEL(24, level_25)
LEVEL(23, level_24)
LEVEL(22, level_23)
LEVEL(21, level_22)
LEVEL(20, level_21)
LEVEL(19, level_20)
LEVEL(18, level_19)
LEVEL(17, level_18)
LEVEL(16, level_17)
LEVEL(15, level_16)
LEVEL(14, level_15)
LEVEL(13, level_14)
LEVEL(12, level_13)
LEVEL(11, level_12)
LEVEL(10, level_11)
LEVEL(9, level_10)
LEVEL(8, level_9)
LEVEL(7, level_8)
LEVEL(6, level_7)
LEVEL(5, level_6)
LEVEL(4, level_5)
LEVEL(3, level_4)
LEVEL(2, level_3)
LEVEL(1, level_2)
LEVEL(0, level_1)

/* What the chain adds to what it returns. */
static uint64_t sum(unsigned int depth)
{
	return depth * (depth - 1) / 2;
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *table;

	if (fd < 0 || fstat(fd, &stat))
		die(path);
	table = malloc(stat.st_size);
	if (!table || read(fd, table, stat.st_size) != stat.st_size)
		die(path);

	struct profbuf_unwind_load load = {
		.size = sizeof(load),
		.table = (uintptr_t)table,
		.table_size = stat.st_size,
		.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
	};
	if (ioctl(session, PROFBUF_IOC_LOAD_UNWIND, &load))
		die("the unwind table");
	close(load.fd);
	close(fd);
	free(table);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many frames the stacks have, and where their walks have ended: the median of both. */
static size_t stacks(uint64_t *end)
{
	static uint64_t buffer[1 << 17], lengths[1 << 15], ends[1 << 15];
	const struct profbuf_frame *frame;
	const uint64_t *record, *stop;
	ssize_t size, at;
	size_t n = 0;

	if (ioctl(session, PROFBUF_IOC_STOP, 0))
		die("the end");
	while ((size = read(session, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < size; at += frame->size) {
			frame = (void *)((char *)buffer + at);
			if (frame->type != PROFBUF_FRAME_SAMPLES)
				continue;
			stop = (uint64_t *)(frame + 1) + frame->words;
			for (record = (uint64_t *)(frame + 1); record < stop && n < 1 << 15;
			     record += *record, n++) {
				lengths[n] = *record - PROFBUF_RECORD_FIXED - frame->hdrsize;
				ends[n] = record[PROFBUF_RECORD_FIXED + 10];
			}
		}
	}
	qsort(lengths, n, sizeof(*lengths), compare);
	qsort(ends, n, sizeof(*ends), compare);
	*end = ends[n / 2];
	return lengths[n / 2];
}

/* The interrupt with a chain of calls below it. */
static uint64_t measure(const char *table, unsigned int depth, uint32_t flags, size_t *frames,
			uint64_t *end)
{
	uint64_t took;

	session = session_begin(200000, flags, DEPTH_MAX);
	if (table)
		load(table);
	took = level_0(depth) - sum(depth);
	*frames = stacks(end);
	close(session);
	return took;
}

int main(int argc, char **argv)
{
	static const unsigned int depths[] = { 0, 8, 16, 26, 32 };
	uint64_t none, took, end, first = 0;
	size_t i, frames, first_frames = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s TABLE\n", argv[0]);
		return 2;
	}
	none = measure(NULL, 0, 0, &frames, &end);
	for (i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		took = measure(argv[1], depths[i], PROFBUF_USER, &frames, &end) - none;
		if (PROFBUF_END(end) != PROFBUF_END_ROOT) {
			fprintf(stderr, "%s: a stack has not been walked to its root\n", argv[0]);
			return 1;
		}
		printf("%2zu frames: %5llu", frames, (unsigned long long)took);
		if (i)
			printf(", %.1f for each more than %zu",
			       (double)(took - first) / (frames - first_frames), first_frames);
		putchar('\n');
		if (!i) {
			first = took;
			first_frames = frames;
		}
	}
	return 0;
}
