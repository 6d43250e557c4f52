// SPDX-License-Identifier: GPL-2.0
/* The nesting guard: interrupts that take samples while a sample is being written. */
#include "steps.h"

static struct profbuf_ring *ring;
static u32 offered;
static u32 wakes;
/* Where the second interrupt comes, counted from the first one's beginning. */
static u32 second_step;

/* What a sampling interrupt does. */
static void sample(void)
{
	u64 now = 100 + offered++;
	int result;

	if (!profbuf_ring_enter(ring, now))
		return;
	result = write_words(ring, now, 0, words(), words(7));
	expect(result >= 0);
	result |= profbuf_ring_exit(ring);
	if (result & WAKE)
		wakes++;
}

static void filtered_sample(void)
{
	u64 now = 100 + offered++;

	if (!profbuf_ring_enter(ring, now))
		return;
	profbuf_ring_filter(ring);
	if (profbuf_ring_exit(ring) & WAKE)
		wakes++;
}

static void sample_interrupted_again(void)
{
	interrupt_at(second_step, sample);
	sample();
}

static void start(u32 words, u32 tags)
{
	free_rings();
	ring = make_ring(0, words, tags);
	offered = 0;
	wakes = 0;
}

/* Reads everything; the samples that were stored and those that are told lost. */
static void drain(u32 *stored, u32 *lost)
{
	struct profbuf_ring_batch batch;
	const u64 *record;
	u32 i;

	*stored = 0;
	*lost = 0;
	while (profbuf_ring_read(ring, &batch, U64_MAX) > 0) {
		for (i = 0, record = batch.data; i < batch.records; i++, record += record[0]) {
			expect_equal(record[0], 3);
			expect(record[1] >= 100 && record[1] < 100 + offered);
			if (record[2] == 7)
				(*stored)++;
			else
				*lost += record[2];
		}
	}
}

/* Every sample was stored or counted, and the ring is open. */
static void check_conservation(void)
{
	struct profbuf_ring_totals totals;
	u32 stored, lost;

	expect_equal(ring->busy, 0);
	expect_equal(ring->nested.counter, 0);
	profbuf_ring_totals(ring, &totals);
	expect_equal(totals.written + totals.lost + totals.filtered, offered);
	expect(totals.nested <= totals.lost);
	drain(&stored, &lost);
	expect_equal(stored, totals.written);
	expect_equal(lost, totals.lost);
}

TEST(nested_sample_is_counted_and_not_written)
{
	start(16, 4);
	expect(profbuf_ring_enter(ring, 10));
	expect(!profbuf_ring_enter(ring, 11));
	expect(!profbuf_ring_enter(ring, 12));
	/* The outer one is unharmed, and goes first. */
	expect_write(ring, 1, 10, 0, words(), words(7));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_totals(ring, 1, 2, 2, 0);
	expect_read(ring, words(3, 10, 7), words(0));
	expect_read(ring, words(3, 11, 2), words(0));
	expect_nothing(ring);
}

TEST(nested_samples_join_a_pending_entry)
{
	start(4, 1);
	expect_write(ring, 1, 1, 0, words(), words(7));
	expect_write(ring, 0, 2, 0, words(), words(7));
	expect(profbuf_ring_enter(ring, 10));
	expect(!profbuf_ring_enter(ring, 11));
	expect(!profbuf_ring_enter(ring, 12));
	expect_write(ring, 0, 10, 0, words(), words(7));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_totals(ring, 1, 4, 2, 0);
	expect_read(ring, words(3, 1, 7), words(0));
	expect_read(ring, words(3, 2, 4), words(0));
}

TEST(enter_and_exit_again_and_again)
{
	u32 i;

	start(1024, 64);
	for (i = 0; i < 10; i++)
		sample();
	expect_totals(ring, 10, 0, 0, 0);
	check_conservation();
}

TEST(nested_between_the_two_lines_of_exit)
{
	start(16, 4);
	expect(profbuf_ring_enter(ring, 99));
	/* exit() has looked after nested samples and is about to open the ring. */
	interrupt_at_access(&ring->busy, 0, sample);
	expect_equal(profbuf_ring_exit(ring), 0);
	expect(interrupted());
	expect_equal(pending_count(ring), 1);
	expect_equal(ring->overflow_time, 100);
	expect_totals(ring, 0, 1, 1, 0);
	check_conservation();
}

TEST(nested_between_the_two_lines_of_exit_twice)
{
	start(16, 4);
	expect(profbuf_ring_enter(ring, 99));
	expect(!profbuf_ring_enter(ring, 100));
	/* The first interrupt comes while exit() still counts the one before. */
	interrupt_at_access(&ring->busy, 0, sample);
	offered = 1;
	expect_equal(profbuf_ring_exit(ring), 0);
	expect(interrupted());
	expect_totals(ring, 0, 2, 2, 0);
	check_conservation();
}

TEST(interrupt_after_the_ring_is_open_writes_itself)
{
	start(16, 4);
	expect(profbuf_ring_enter(ring, 99));
	/* The first look at nested is before, the second one after. */
	interrupt_at_access(&ring->nested, 1, sample);
	expect_equal(profbuf_ring_exit(ring), 0);
	expect(interrupted());
	expect_totals(ring, 1, 0, 0, 0);
	check_conservation();
}

TEST(time_is_that_of_the_first_of_several_deep)
{
	start(16, 4);
	expect(profbuf_ring_enter(ring, 50));
	/* A second interrupt hits the first between counting and noting its time. */
	interrupt_at_access(&ring->nested_time, 0, sample);
	expect(!profbuf_ring_enter(ring, 60));
	expect(interrupted());
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_read(ring, words(3, 60, 2), words(0));
}

TEST(exit_wakes_for_nested_samples)
{
	start(16, 4);
	ring->watermark = 1000;
	expect(!profbuf_ring_arm(ring));
	interrupt_at_access(&ring->w, 0, sample);
	sample();
	expect(interrupted());
	expect_equal(wakes, 1);
}

/*
 * @outer is interrupted at each of its steps, the interrupt, too, at each of its
 * own or behind it. Returns at how many steps of @outer that was.
 */
static u32 interrupt_everywhere(u32 words, u32 tags, u32 stored_before, bool asleep,
				void (*outer)(void))
{
	bool hit_first, hit_second;
	u32 step;
	u32 i;

	for (step = 0;; step++) {
		second_step = 0;
		do {
			start(words, tags);
			for (i = 0; i < stored_before; i++)
				sample();
			if (asleep)
				profbuf_ring_arm(ring);
			interrupt_at(step, sample_interrupted_again);
			outer();
			hit_first = offered > stored_before + 1;
			hit_second = interrupted() && offered == stored_before + 3;
			/* One wakeup, if there was more than a filtered sample. */
			expect_equal(wakes, asleep && ring->totals.written + ring->totals.lost >
					    stored_before);
			check_conservation();
			second_step++;
		} while (hit_second);
		if (!hit_first)
			return step;
	}
}

TEST(interrupts_at_every_step_of_a_stored_sample)
{
	expect(interrupt_everywhere(64, 8, 0, false, sample) >= 8);
	expect(interrupt_everywhere(64, 8, 3, false, sample) >= 8);
	expect(interrupt_everywhere(64, 8, 0, true, sample) >= 8);
}

TEST(interrupts_at_every_step_of_a_lost_sample)
{
	expect(interrupt_everywhere(4, 1, 1, false, sample) >= 8);
	expect(interrupt_everywhere(4, 1, 1, true, sample) >= 8);
}

TEST(interrupts_at_every_step_where_the_ring_becomes_full)
{
	expect(interrupt_everywhere(8, 4, 1, false, sample) >= 8);
	expect(interrupt_everywhere(8, 4, 1, true, sample) >= 8);
}

TEST(interrupts_at_every_step_of_a_filtered_sample)
{
	expect(interrupt_everywhere(64, 8, 0, false, filtered_sample) >= 4);
	expect(interrupt_everywhere(4, 1, 1, true, filtered_sample) >= 4);
}
