// SPDX-License-Identifier: GPL-2.0
/*
 * threads [RECORDS [SEED]] - one writer and one reader thread, in all moods
 *
 * Each sample can be told from its number, which is its time; so every record is
 * checked to arrive once, whole and in order, and every overflow entry to stand
 * for just the samples that are missing.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "watched.h"

#define SLEEPING	(1ULL << 32)

/* Without any progress for so long, it hangs. */
#define HANG_SECONDS	120

const atomic64_t *watched_w;
u64 sleeping_set;
u64 sleeping_cleared;

static const struct scenario scenarios[] = {
	{
		.name = "a reader that never sleeps",
		.hdrsize = 2, .words = 4096, .tags = 256, .watermark = 1,
		.patient = true, .share = 410,
	}, {
		.name = "a reader that sleeps",
		.hdrsize = 2, .words = 1024, .tags = 64, .watermark = 1,
		.sleeps = true, .patient = true, .rests = 64, .share = 150,
	}, {
		.name = "watermark and deadline",
		.hdrsize = 4, .words = 4096, .tags = 512, .watermark = 1024,
		.sleeps = true, .patient = true, .deadline = true, .rests = 64, .quiets = 256,
		.filters = 4, .share = 150,
	}, {
		.name = "a watermark without a deadline",
		.hdrsize = 1, .words = 2048, .tags = 256, .watermark = 512,
		.sleeps = true, .patient = true, .rests = 500, .filters = 4, .share = 100,
	}, {
		.name = "a reader that lags",
		.hdrsize = 1, .words = 256, .tags = 16, .watermark = 1,
		.patient = true, .lags = 4, .share = 30,
	}, {
		.name = "a reader that stops",
		.hdrsize = 3, .words = 512, .tags = 64, .watermark = 1,
		.sleeps = true, .patient = true, .stops = 100, .share = 5,
	}, {
		.name = "the smallest ring",
		.hdrsize = 0, .words = 4, .tags = 1, .watermark = 1,
		.sleeps = true, .patient = true, .rests = 1000, .share = 5,
	}, {
		.name = "little room, batches put back",
		.hdrsize = 3, .words = 2048, .tags = 128, .watermark = 1,
		.sleeps = true, .patient = true, .fussy = true, .rests = 500, .share = 50,
	}, {
		.name = "counts that wrap",
		.hdrsize = 2, .words = 512, .tags = 32, .watermark = 100,
		.first_word = 0xfffffff0, .first_tag = 0x3ffffff0,
		.sleeps = true, .patient = true, .deadline = true, .rests = 200, .quiets = 200,
		.filters = 16, .share = 40,
	}, {
		.name = "poll beside read",
		.hdrsize = 2, .words = 1024, .tags = 64, .watermark = 200,
		.sleeps = true, .patient = true, .polled = true, .deadline = true, .rests = 200,
		.quiets = 200, .filters = 4, .share = 40,
	}, {
		.name = "a writer that is interrupted",
		.hdrsize = 2, .words = 1024, .tags = 64, .watermark = 100,
		.sleeps = true, .patient = true, .interrupted = true, .deadline = true,
		.rests = 1000, .quiets = 1000, .filters = 16, .share = 20,
	},
};

#define SCENARIOS	(sizeof(scenarios) / sizeof(*scenarios))

static void *allocate(size_t words)
{
	u64 *memory = calloc(words, sizeof(u64));

	if (!memory) {
		fputs("threads: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static void make_ring(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	struct profbuf_ring_layout layout;
	struct profbuf_ring *ring = &run->ring;

	profbuf_ring_layout(&layout, scenario->hdrsize, scenario->words, scenario->tags);
	profbuf_ring_init(ring, &layout, allocate(layout.data_len), allocate(layout.tag_len),
			  allocate(profbuf_ring_overflow_words(&layout)));
	ring->watermark = scenario->watermark;
	ring->w_counts = (u64)scenario->first_tag << 34 | scenario->first_word;
	ring->r_next = ring->w_counts;
	ring->r.counter = ring->w_counts;
	ring->w.counter = ring->w_counts;
	watched_w = &ring->w;
	sleeping_set = 0;
	sleeping_cleared = 0;
}

static void free_ring(struct run *run)
{
	free(run->ring.data);
	free(run->ring.tags);
	free(run->ring.overflow_record);
}

/* Waits for the end of the run. If there is none, says so and gives up. */
static void watch(struct run *run, u32 number)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	u64 before = 0, now;
	u32 waited = 0;

	while (!get(run->ended)) {
		nanosleep(&pause, NULL);
		now = get(run->offered) + get(run->batches) + get(run->sleeps);
		waited = now == before ? waited + 1 : 0;
		before = now;
		if (waited < HANG_SECONDS * 50)
			continue;

		printf("not ok %u - %s\n", number, run->scenario->name);
		printf("# it hangs: %llu samples offered, %llu of %llu records read, %s\n",
		       get(run->offered), get(run->records), run->wanted,
		       get(run->asleep) ? "the reader sleeps" : "the reader does not sleep");
		printf("# w %#llx, r %#llx, overflow %#llx\n", atomic64_read(&run->ring.w),
		       atomic64_read(&run->ring.r), atomic64_read(&run->ring.overflow));
		fflush(stdout);
		_exit(1);
	}
}

static const char *judge(const struct run *run)
{
	const struct scenario *scenario = run->scenario;
	struct profbuf_ring_totals totals;
	bool armed = run->ring.w.counter & SLEEPING;
	u64 wakes;

	profbuf_ring_totals(&run->ring, &totals);
	if (run->failure[0])
		return run->failure;
	if (run->records < run->wanted)
		return "the end came early";
	if (totals.written != run->records)
		return "not every record that was written was read";
	if (totals.lost != run->lost)
		return "not every loss was told";
	if (totals.written + totals.lost != run->offered)
		return "written and lost are not what was offered";
	if (totals.filtered != run->filtered)
		return "filtered samples are missing";
	if (sleeping_set != sleeping_cleared + armed)
		return "SLEEPING was not cleared as often as it was set";
	/*
	 * One wake at the end is the reader's own. What a writer with nested samples
	 * owes by the time it leaves is told at once: fewer, but none too many.
	 */
	wakes = run->wakes - run->deadlines - 1;
	if (scenario->interrupted ? wakes > sleeping_cleared : wakes != sleeping_cleared)
		return "not one wakeup for each time that SLEEPING was set";
	/* One is the reader's own, again. */
	if (run->deadlines_begun - 1 > run->asked)
		return "more than one record told of for each time that somebody asked";

	/* What was to be tried did happen. */
	if (!totals.lost || !run->entries)
		return "nothing was lost";
	if (scenario->rests && !run->sleeps)
		return "the reader never slept";
	if (scenario->interrupted && !totals.nested)
		return "no sample was nested";
	if (scenario->deadline && !run->deadlines)
		return "no deadline was reached";
	return NULL;
}

static void start(pthread_t *thread, void *(*function)(void *run), struct run *run)
{
	int error = pthread_create(thread, NULL, function, run);

	if (error) {
		fprintf(stderr, "threads: cannot start a thread: %s\n", strerror(error));
		exit(1);
	}
}

static bool try(const struct scenario *scenario, u32 number, u64 records, u64 seed)
{
	static struct run run;
	pthread_t writer, reader, poller, deadline;
	const char *failure;

	memset(&run, 0, sizeof(run));
	run.scenario = scenario;
	run.seed = seed;
	run.wanted = records * scenario->share / 1000;
	make_ring(&run);

	start(&reader, run_reader, &run);
	start(&writer, run_writer, &run);
	if (scenario->polled)
		start(&poller, run_poller, &run);
	if (scenario->deadline)
		start(&deadline, run_deadline, &run);
	watch(&run, number);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	if (scenario->polled)
		pthread_join(poller, NULL);
	if (scenario->deadline)
		pthread_join(deadline, NULL);

	failure = judge(&run);
	printf("%sok %u - %s\n", failure ? "not " : "", number, scenario->name);
	if (failure)
		printf("# %s (seed %llu)\n", failure, seed);
	printf("# %llu samples: %llu read in %llu batches, %llu lost in %llu entries; ",
	       run.offered, run.records, run.batches, run.lost, run.entries);
	printf("%llu nested; %llu sleeps, %llu wakeups, %u deadlines\n",
	       run.ring.totals.nested, run.sleeps, sleeping_cleared, run.deadlines);
	fflush(stdout);
	free_ring(&run);
	return !failure;
}

int main(int argc, char **argv)
{
	u64 records = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	bool passed = true;
	u32 i;

	if (!records) {
		fprintf(stderr, "usage: %s [RECORDS [SEED]]\n", argv[0]);
		return 2;
	}

	printf("1..%zu\n", SCENARIOS);
	for (i = 0; i < SCENARIOS; i++)
		passed &= try(&scenarios[i], i + 1, records, seed + i);
	return !passed;
}
