// SPDX-License-Identifier: GPL-2.0
/*
 * D and X: the other side at every step of one side. What takes two threads to
 * happen is made to happen here, in one.
 */
#include "steps.h"

#define TOO_LONG	counting(100, 0)

static struct profbuf_ring *ring;
static int result;

/* What was read, first to last: time, and stack word. */
static u64 seen[16][2];
static u32 seen_count;

static int read_some(void)
{
	struct profbuf_ring_batch batch;
	int status = profbuf_ring_read(ring, &batch, U64_MAX);
	const u64 *record = batch.data;
	u32 i;

	for (i = 0; i < batch.records; i++, record += record[0]) {
		expect(seen_count < 16);
		expect_equal(record[0], 3);
		seen[seen_count][0] = record[1];
		seen[seen_count++][1] = record[2];
	}
	return status;
}

static void drain(void)
{
	while (read_some() > 0)
		;
}

/* Was exactly this read? */
static bool saw(u32 count, const u64 (*expected)[2])
{
	return seen_count == count && !memcmp(seen, expected, count * sizeof(*expected));
}

#define expect_seen(...)						\
	({								\
		static const u64 expected_[][2] = { __VA_ARGS__ };	\
		expect(saw(sizeof(expected_) / sizeof(*expected_), expected_)); \
	})

static void start(void)
{
	free_rings();
	ring = make_ring(0, 16, 4);
	seen_count = 0;
	result = 0;
}

static void write_one(u64 now, u64 word)
{
	result |= write_words(ring, now, 0, words(), words(word));
}

static void lose(u64 now)
{
	result |= write_words(ring, now, 0, words(), TOO_LONG);
}

static void write_and_close(void)
{
	write_one(1, 70);
	result |= profbuf_ring_close(ring);
}

TEST(d2_end_never_comes_before_data)
{
	u32 step = 0;

	do {
		start();
		interrupt_at(step++, write_and_close);
		expect(read_some() != 0 || seen_count == 1);
		if (!interrupted())
			break;
		expect(seen_count == 1 || read_some() == 1);
		expect_end(ring);
		expect_seen({ 1, 70 });
	} while (true);
	expect(step > 4);
}

static void lose_and_close(void)
{
	lose(1);
	result |= profbuf_ring_close(ring);
}

TEST(d2_end_never_comes_before_overflow)
{
	u32 step = 0;

	do {
		start();
		interrupt_at(step++, lose_and_close);
		expect(read_some() != 0 || seen_count == 1);
		if (!interrupted())
			break;
		drain();
		expect_end(ring);
		expect_seen({ 1, 1 });
	} while (true);
	expect(step > 4);
}

static void write_and_lose(void)
{
	write_one(1, 70);
	lose(2);
}

TEST(d3_overflow_never_comes_before_older_data)
{
	u32 step = 0;

	do {
		start();
		interrupt_at(step++, write_and_lose);
		read_some();
		if (!interrupted())
			break;
		drain();
		expect_seen({ 1, 70 }, { 2, 1 });
	} while (true);
	expect(step > 4);
}

static void store_entry_and_lose_again(void)
{
	write_one(10, 70);
	lose(20);
	lose(21);
}

TEST(x3_entry_is_never_mixed_with_the_next_one)
{
	u32 step = 0;

	do {
		start();
		lose(5);
		interrupt_at(step++, store_entry_and_lose_again);
		read_some();
		if (!interrupted())
			break;
		drain();
		expect_seen({ 5, 1 }, { 10, 70 }, { 20, 2 });
	} while (true);
	expect(step > 4);
}

static void lose_more(void)
{
	lose(20);
}

TEST(x3_entry_that_grows_is_taken_whole)
{
	u32 step = 0;

	do {
		start();
		lose(5);
		interrupt_at(step++, lose_more);
		read_some();
		if (!interrupted())
			break;
		drain();
		if (seen_count == 1)
			expect_seen({ 5, 2 });
		else
			expect_seen({ 5, 1 }, { 20, 1 });
	} while (true);
	expect(step > 4);
}

static void read_one(void)
{
	read_some();
}

TEST(x4_writer_finds_the_entry_gone)
{
	bool alone = false, together = false;
	u32 step = 0;

	do {
		start();
		lose(5);
		interrupt_at(step++, read_one);
		result = 0;
		write_one(10, 70);
		if ((result & PROFBUF_RING_STORED) == 1)
			alone = true;
		else
			together = true;
		if (!interrupted())
			break;
		drain();
		expect_seen({ 5, 1 }, { 10, 70 });
		expect_totals(ring, 1, 1, 0, 0);
	} while (true);
	expect(alone && together);
}

TEST(x5_writer_finds_the_entry_gone_that_it_adds_to)
{
	bool new_entry = false, added = false;
	u32 step = 0;

	do {
		start();
		lose(5);
		interrupt_at(step++, read_one);
		lose(10);
		if (!interrupted())
			break;
		drain();
		if (seen_count == 1) {
			expect_seen({ 5, 2 });
			added = true;
		} else {
			expect_seen({ 5, 1 }, { 10, 1 });
			new_entry = true;
		}
		expect_totals(ring, 0, 2, 0, 0);
	} while (true);
	expect(new_entry && added);
}

static void write_one_interrupting(void)
{
	write_one(1, 70);
}

static void lose_one_interrupting(void)
{
	lose(1);
}

static void close_interrupting(void)
{
	result |= profbuf_ring_close(ring);
}

static void (*const events[])(void) = {
	write_one_interrupting, lose_one_interrupting, close_interrupting,
};

/* As a reader does that wants to sleep. Does it? */
static bool fall_asleep(void)
{
	return read_some() == -EAGAIN && !profbuf_ring_arm(ring);
}

static bool asleep;

static void fall_asleep_interrupting(void)
{
	asleep = fall_asleep();
}

TEST(x6_no_wakeup_is_lost_while_the_reader_falls_asleep)
{
	u32 i, step;

	for (i = 0; i < 3; i++) {
		for (step = 0;; step++) {
			start();
			interrupt_at(step, events[i]);
			asleep = fall_asleep();
			if (!interrupted())
				break;
			expect(!asleep || result & WAKE);
		}
		expect(step > 4);
	}
}

TEST(x6_no_wakeup_is_lost_while_the_writer_writes)
{
	bool slept = false, found = false;
	u32 i, step;

	for (i = 0; i < 3; i++) {
		for (step = 0;; step++) {
			start();
			asleep = false;
			interrupt_at(step, fall_asleep_interrupting);
			events[i]();
			if (!interrupted())
				break;
			expect_equal(asleep, !!(result & WAKE));
			slept |= asleep;
			found |= !asleep;
		}
		expect(step >= 1);
	}
	expect(slept && found);
}

TEST(x6_first_is_told_to_who_falls_asleep_meanwhile)
{
	u32 step;

	for (step = 0;; step++) {
		start();
		ring->watermark = 1000;
		interrupt_at(step, write_one_interrupting);
		asleep = fall_asleep();
		if (!interrupted())
			break;
		expect(!asleep || result & FIRST);
	}
	expect(step > 4);
}

/* A reader who read all that it was told of, and falls asleep again with SLEEPING still set. */
TEST(x6_first_is_told_to_who_falls_asleep_again)
{
	bool told = false, found = false;
	u32 step;

	for (step = 0;; step++) {
		start();
		ring->watermark = 1000;
		expect(!profbuf_ring_arm(ring));
		write_one(1, 70);
		expect_equal(result, 1 | FIRST);
		expect_equal(read_some(), 1);
		result = 0;
		asleep = false;
		interrupt_at(step, fall_asleep_interrupting);
		write_one(2, 71);
		if (!interrupted())
			break;
		expect(!(result & WAKE));
		expect_equal(asleep, !!(result & FIRST));
		told |= asleep;
		found |= !asleep;
	}
	expect(told && found);
}

TEST(x6_extra_is_set_again_while_the_reader_clears_it)
{
	u32 i, step;

	for (i = 0; i < 3; i++) {
		for (step = 0;; step++) {
			start();
			/* What it stood for is read already. */
			lose(1);
			read_some();
			seen_count = 0;
			result = 0;
			interrupt_at(step, events[i]);
			asleep = fall_asleep();
			if (!interrupted())
				break;
			expect(!asleep || result & WAKE);
		}
	}
}
