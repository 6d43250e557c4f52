// SPDX-License-Identifier: GPL-2.0
/*
 * race FAULT ATTEMPTS [ENOUGH] - try to provoke a fault of Go's profBuf in ours
 *
 *	d1	a reader that sleeps once is woken twice, or never
 *	d2	the end is reached before the last record
 *	d3	an overflow entry comes before an older record
 *
 * Prints in how many of how many attempts the fault was seen, as the oracle does
 * for the original, and stops early when it was seen ENOUGH times.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define HDRSIZE		1
#define DATA_WORDS	8
#define TAG_SLOTS	2

/* What one attempt does in two threads at once. */
struct fault {
	const char *name;
	void (*write)(void);
	void (*read)(void);
	bool (*shown)(void);
};

static struct profbuf_ring ring;
static const u64 stack_too_long[DATA_WORDS];

/* What the threads saw, for shown(). */
static unsigned int wakeups, records;
static bool slept;
static u64 first_time;

/* Attempts that have begun, of these that are being read, and that are read to the end. */
static atomic_uint begun, reading, finished;

/* In every round of a loop that waits for the other thread, which may wait for this processor. */
static void spin(unsigned int *round)
{
	if (++*round % 256 == 0)
		sched_yield();
}

static void await(atomic_uint *count, unsigned int n)
{
	unsigned int round = 0;

	while (atomic_load(count) != n)
		spin(&round);
}

static void write_record(u64 now)
{
	profbuf_ring_write(&ring, now, 0, NULL, 0, NULL, 0);
}

static void discard(u64 now)
{
	int result = profbuf_ring_write(&ring, now, 0, NULL, 0, stack_too_long, DATA_WORDS);

	if (result & PROFBUF_RING_WAKE)
		wakeups++;
}

static void discard_thrice(void)
{
	discard(1);
	discard(2);
	discard(3);
}

static void fall_asleep(void)
{
	slept = !profbuf_ring_arm(&ring);
}

static bool not_one_wakeup(void)
{
	return wakeups > 1 || (slept && !wakeups);
}

static void write_and_close(void)
{
	write_record(1);
	profbuf_ring_close(&ring);
}

static void read_to_end(void)
{
	struct profbuf_ring_batch batch;
	unsigned int round = 0;
	int result;

	while ((result = profbuf_ring_read(&ring, &batch, U64_MAX)) != 0) {
		if (result > 0)
			records += result;
		spin(&round);
	}
}

static bool no_record(void)
{
	return !records;
}

static void write_and_discard(void)
{
	write_record(1);
	discard(2);
}

static void read_both(void)
{
	struct profbuf_ring_batch batch;
	unsigned int round = 0;

	for (; records < 2; spin(&round)) {
		int result = profbuf_ring_read(&ring, &batch, U64_MAX);

		if (result <= 0)
			continue;
		if (!records)
			first_time = batch.data[1];
		records += result;
	}
}

static bool overflow_first(void)
{
	return first_time != 1;
}

static const struct fault faults[] = {
	{ "d1", discard_thrice, fall_asleep, not_one_wakeup },
	{ "d2", write_and_close, read_to_end, no_record },
	{ "d3", write_and_discard, read_both, overflow_first },
};

static void *reader(void *argument)
{
	const struct fault *fault = argument;
	unsigned int n;

	for (n = 1;; n++) {
		await(&begun, n);
		atomic_store(&reading, n);
		fault->read();
		atomic_store(&finished, n);
	}
	return NULL;
}

static void make_ring(void)
{
	static u64 data[DATA_WORDS], tags[TAG_SLOTS];
	static u64 overflow_record[PROFBUF_RING_RECORD_FIXED + HDRSIZE + 1];
	static const struct profbuf_ring_layout layout = {
		.hdrsize = HDRSIZE,
		.data_len = DATA_WORDS,
		.tag_len = TAG_SLOTS,
	};

	memset(data, 0, sizeof(data));
	memset(tags, 0, sizeof(tags));
	profbuf_ring_init(&ring, &layout, data, tags, overflow_record);
}

static bool attempt(const struct fault *fault, unsigned int n)
{
	make_ring();
	wakeups = 0;
	records = 0;
	slept = false;
	first_time = 0;

	atomic_store(&begun, n);
	await(&reading, n);
	fault->write();
	await(&finished, n);
	return fault->shown();
}

static void usage(void)
{
	fprintf(stderr, "usage: race d1|d2|d3 ATTEMPTS [ENOUGH]\n");
	exit(2);
}

static unsigned int count(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || !value || value > U32_MAX)
		usage();
	return value;
}

int main(int argc, char **argv)
{
	const struct fault *fault = faults;
	unsigned int attempts, enough, tried = 0, shown = 0;
	pthread_t thread;
	int error;

	if (argc != 3 && argc != 4)
		usage();
	while (strcmp(fault->name, argv[1]))
		if (++fault == faults + sizeof(faults) / sizeof(faults[0]))
			usage();
	attempts = count(argv[2]);
	enough = argc == 4 ? count(argv[3]) : attempts;

	error = pthread_create(&thread, NULL, reader, (void *)fault);
	if (error) {
		fprintf(stderr, "race: cannot start the reader: %s\n", strerror(error));
		return 1;
	}
	while (tried < attempts && shown < enough)
		shown += attempt(fault, ++tried);

	printf("%s: %u of %u attempts\n", fault->name, shown, tried);
	return 0;
}
