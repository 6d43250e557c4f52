// SPDX-License-Identifier: GPL-2.0
/*
 * ring_bench                      what a record costs, written and read, in nanoseconds
 * ring_bench ring|memcpy STACK N  do just that, N times, for a tool that counts
 *
 * One thread writes records and reads them, as they lie in the ring. The same bytes
 * (header, stack, length, time and tag) are copied by memcpy in the same run, in
 * turns, so that both see the same machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ring.h"

#define HEADER_WORDS	8
#define MAX_STACK	128
#define DATA_WORDS	(1 << 16)
#define TAGS		(1 << 12)
/* Records that are written before they are read. */
#define BATCH		64
#define ROUNDS		41
#define RECORDS		(BATCH * 2000)

static struct profbuf_ring ring;
static u64 data[DATA_WORDS], tags[TAGS], overflow_record[HEADER_WORDS + 3];
static u64 copies[DATA_WORDS];
static u64 header[HEADER_WORDS], stack[MAX_STACK];
static u64 source[HEADER_WORDS + MAX_STACK + 3];

/* What is read, so that nobody thinks that it need not be. */
static volatile u64 sink;

static u32 record_words(u32 nstack)
{
	return HEADER_WORDS + nstack + 3;
}

/* Called by its name in a profile. */
__attribute__((noinline)) static void bench_ring(u32 nstack, u32 records)
{
	struct profbuf_ring_batch batch;
	u32 written = 0, read = 0;
	u32 i;

	while (read < records) {
		for (i = 0; i < BATCH && written < records; i++, written++) {
			profbuf_ring_enter(&ring, written);
			if (profbuf_ring_write(&ring, written, written, header, HEADER_WORDS,
					       stack, nstack) != 1) {
				fputs("ring_bench: the ring is full\n", stderr);
				exit(1);
			}
			profbuf_ring_exit(&ring);
		}
		while (read < written) {
			read += profbuf_ring_read(&ring, &batch, U64_MAX);
			sink = batch.data[0];
		}
	}
}

__attribute__((noinline)) static void bench_memcpy(u32 nstack, u32 records)
{
	u32 words = record_words(nstack);
	u32 pos = 0;
	u32 i;

	for (i = 0; i < records; i++) {
		if (pos + words > DATA_WORDS)
			pos = 0;
		memcpy(copies + pos, source, words * sizeof(u64));
		sink = copies[pos];
		pos += words;
	}
}

static double nanoseconds(void (*bench)(u32 nstack, u32 records), u32 nstack)
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	bench(nstack, RECORDS);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((end.tv_sec - start.tv_sec) * 1e9 + end.tv_nsec - start.tv_nsec) / RECORDS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(u32 nstack)
{
	double of_ring[ROUNDS], of_memcpy[ROUNDS];
	u32 i;

	bench_ring(nstack, RECORDS);
	bench_memcpy(nstack, RECORDS);
	for (i = 0; i < ROUNDS; i++) {
		of_ring[i] = nanoseconds(bench_ring, nstack);
		of_memcpy[i] = nanoseconds(bench_memcpy, nstack);
	}
	qsort(of_ring, ROUNDS, sizeof(double), compare);
	qsort(of_memcpy, ROUNDS, sizeof(double), compare);

	printf("%11u %6zu %9.1f %9.1f %9.1f %9.1f %8.1f %8.1f\n", nstack,
	       record_words(nstack) * sizeof(u64), of_ring[0], of_ring[ROUNDS / 2],
	       of_memcpy[0], of_memcpy[ROUNDS / 2], of_ring[0] / of_memcpy[0],
	       of_ring[ROUNDS / 2] / of_memcpy[ROUNDS / 2]);
	fflush(stdout);
}

static void make_ring(void)
{
	struct profbuf_ring_layout layout;
	u32 i;

	profbuf_ring_layout(&layout, HEADER_WORDS, DATA_WORDS, TAGS);
	profbuf_ring_init(&ring, &layout, data, tags, overflow_record);
	for (i = 0; i < MAX_STACK; i++)
		stack[i] = i;
}

int main(int argc, char **argv)
{
	static const u32 sizes[] = { 1, 16, 64, 128 };
	u32 i;

	make_ring();
	if (argc == 4) {
		u32 nstack = strtoul(argv[2], NULL, 0);
		u32 records = strtoul(argv[3], NULL, 0);

		if (nstack <= MAX_STACK && !strcmp(argv[1], "ring")) {
			bench_ring(nstack, records);
			return 0;
		}
		if (nstack <= MAX_STACK && !strcmp(argv[1], "memcpy")) {
			bench_memcpy(nstack, records);
			return 0;
		}
	}
	if (argc > 1) {
		fprintf(stderr, "usage: %s [ring|memcpy STACK RECORDS]\n", argv[0]);
		return 2;
	}

	printf("%11s %6s %19s %19s %17s\n", "", "", "ring, ns", "memcpy, ns", "ratio");
	printf("%11s %6s %9s %9s %9s %9s %8s %8s\n", "stack words", "bytes", "least", "median",
	       "least", "median", "least", "median");
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		report(sizes[i]);
	return 0;
}
