// SPDX-License-Identifier: GPL-2.0
/* B and D1: sleeping and waking; the watermark, and what the caller's deadline needs. */
#include "unit.h"

#define TOO_LONG	counting(100, 0)

/* An empty ring whose reader sleeps. */
static struct profbuf_ring *sleeping(u32 watermark)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = watermark;
	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
	expect_w(ring, 0, 0, SLEEPING);
	return ring;
}

TEST(b1_arm_sets_sleeping_and_clears_extra)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	start_at(ring, 0xfffffff0, 0x3fffffff);
	ring->w.counter |= EXTRA;
	expect(!profbuf_ring_arm(ring));
	expect_w(ring, 0xfffffff0, 0x3fffffff, SLEEPING);
}

TEST(b1_arm_tells_what_is_there_already)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 1, 7, words(), words());
	expect(profbuf_ring_arm(ring));
	expect_read(ring, words(2, 1), words(7));
	expect(!profbuf_ring_arm(ring));

	expect_write(ring, WAKE, 2, 0, words(), TOO_LONG);
	expect(profbuf_ring_arm(ring));
	expect_read(ring, words(3, 2, 1), words(0));
	expect(!profbuf_ring_arm(ring));

	expect_equal(profbuf_ring_close(ring), WAKE);
	expect(profbuf_ring_arm(ring));
}

TEST(b2_record_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_write(ring, 1 | WAKE, 1, 7, words(), words());
	expect_w(ring, 2, 1, 0);
}

TEST(b2_discard_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_write(ring, WAKE, 1, 7, words(), TOO_LONG);
	expect_w(ring, 0, 0, EXTRA);
	expect_write(sleeping(1000), WAKE, 1, 7, words(), TOO_LONG);
}

TEST(b2_close_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_equal(profbuf_ring_close(ring), WAKE);
	expect_w(ring, 0, 0, EXTRA);
	expect_equal(profbuf_ring_close(sleeping(1000)), WAKE);
}

TEST(b2_nested_sample_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1000);

	expect(profbuf_ring_enter(ring, 1));
	expect(!profbuf_ring_enter(ring, 2));
	expect_equal(profbuf_ring_exit(ring), WAKE);
}

TEST(b5_nobody_is_woken_who_does_not_sleep)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 0, 2, 0, words(), TOO_LONG);
	expect_write(ring, 0, 3, 0, words(), TOO_LONG);
	profbuf_ring_filter(ring);
	expect(profbuf_ring_enter(ring, 5));
	expect(!profbuf_ring_enter(ring, 6));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_equal(profbuf_ring_close(ring), 0);
}

TEST(b7_sleeping_reader_has_given_its_batch_back)
{
	struct profbuf_ring *ring = make_ring(0, 4, 1);

	expect_write(ring, 1, 1, 7, words(), words(2, 3));
	expect_read(ring, words(4, 1, 2, 3), words(7));
	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 4, 8, words(), words(5, 6));
}

TEST(d1_second_discard_does_not_wake_again)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_write(ring, WAKE, 1, 7, words(), TOO_LONG);
	expect_write(ring, 0, 2, 7, words(), TOO_LONG);
	expect_write(ring, 2, 3, 7, words(), words());
	expect_equal(profbuf_ring_close(ring), 0);
}

TEST(d1_close_does_not_wake_again)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_write(ring, 1 | WAKE, 1, 7, words(), words());
	expect_write(ring, 1, 2, 7, words(), words());
	expect_write(ring, 0, 3, 7, words(), TOO_LONG);
	expect_equal(profbuf_ring_close(ring), 0);
}

TEST(d1_write_after_close_does_not_wake_again)
{
	struct profbuf_ring *ring = sleeping(1);

	expect_equal(profbuf_ring_close(ring), WAKE);
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 0, 2, 7, words(), TOO_LONG);
}

TEST(watermark_is_the_words_stored_since_the_reader_slept)
{
	struct profbuf_ring *ring = sleeping(6);

	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	expect_w(ring, 2, 1, SLEEPING);
	expect_write(ring, 1, 1, 8, words(), words(1));
	expect_w(ring, 5, 2, SLEEPING);
	expect_write(ring, 1 | WAKE, 1, 9, words(), words());
	expect_w(ring, 7, 3, 0);
	expect_write(ring, 1, 1, 10, words(), counting(6, 0));

	/* Exactly as many are enough. */
	ring = sleeping(6);
	expect_write(ring, 1 | FIRST, 1, 7, words(), words(1, 2));
	expect_write(ring, 1 | WAKE, 1, 8, words(), words());
	/* One record may be it all. */
	expect_write(sleeping(6), 1 | WAKE, 1, 7, words(), words(1, 2, 3, 4));
	expect_write(sleeping(6), 1 | FIRST, 1, 7, words(), words(1, 2, 3));
}

TEST(watermark_counts_from_where_the_reader_slept)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = 6;
	start_at(ring, 0xfffffffc, 5);
	expect_write(ring, 1, 1, 7, words(), words(2, 3));
	expect(profbuf_ring_arm(ring));
	/* What was there then does not count. */
	expect_write(ring, 1 | FIRST, 4, 8, words(), words(5, 6));
	expect_w(ring, 4, 7, SLEEPING);
	expect_write(ring, 1 | WAKE, 7, 9, words(), words());
}

TEST(watermark_counts_skips_and_overflow_entries)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	ring->watermark = 8;
	start_at(ring, 12, 0);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	expect_write(ring, 1 | WAKE, 1, 8, words(), words(1, 2));

	ring = make_ring(0, 16, 4);
	ring->watermark = 5;
	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 2 | WAKE, 2, 7, words(), words());
}

TEST(first_record_that_does_not_wake_is_told)
{
	struct profbuf_ring *ring = sleeping(6);

	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	expect_w(ring, 2, 1, SLEEPING);
	expect_write(ring, 1, 2, 7, words(), words());
	expect_w(ring, 4, 2, SLEEPING);
	/* Who is woken needs no deadline. */
	expect_write(ring, 1 | WAKE, 3, 7, words(), words());
	expect_w(ring, 6, 3, 0);
	expect_write(ring, 1, 4, 7, words(), words());
}

TEST(first_is_not_told_of_what_wakes)
{
	struct profbuf_ring *ring = sleeping(6);

	expect_write(ring, 1 | WAKE, 1, 7, words(), words(1, 2, 3, 4));
	/* Nor afterwards, while nobody has asked. */
	expect_write(ring, 1, 2, 7, words(), words());

	expect_write(sleeping(1), 1 | WAKE, 1, 7, words(), words());
	expect_write(sleeping(1000), WAKE, 1, 7, words(), TOO_LONG);
	expect_equal(profbuf_ring_close(sleeping(1000)), WAKE);
}

TEST(first_is_told_of_an_overflow_entry_and_its_record_once)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = 1000;
	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 2 | FIRST, 2, 7, words(), words());
	expect_write(ring, 1, 3, 7, words(), words());
}

TEST(first_is_told_where_the_counts_wrap)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = 1000;
	start_at(ring, 0xfffffffe, 0x3fffffff);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	expect_w(ring, 0, 0, SLEEPING);
	expect_write(ring, 1, 2, 7, words(), words());
	expect_read(ring, words(2, 1), words(7));
	expect_read(ring, words(2, 2), words(7));
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 3, 7, words(), words());
}

TEST(first_is_told_neither_of_filtered_samples_nor_because_of_them)
{
	struct profbuf_ring *ring = sleeping(1000);

	profbuf_ring_filter(ring);
	expect_w(ring, 0, 0, SLEEPING);
	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	profbuf_ring_filter(ring);
	expect_w(ring, 2, 1, SLEEPING);
	expect_totals(ring, 1, 0, 0, 2);
	expect_write(ring, 1, 2, 7, words(), words());
}

TEST(first_is_told_anew_after_each_arming)
{
	struct profbuf_ring *ring = sleeping(1000);

	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	/* The reader looks by itself, as at the deadline: SLEEPING is still set. */
	expect_read(ring, words(2, 1), words(7));
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 2, 8, words(), words());
	expect_write(ring, 1, 3, 9, words(), words());
}

TEST(first_is_told_to_who_found_something)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	/* They may wait for the next record when they have read, without asking again. */
	ring->watermark = 1000;
	expect_write(ring, 1, 1, 7, words(), words());
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 2, 7, words(), words());
	expect(profbuf_ring_arm(ring));
	expect_read(ring, words(2, 1, 2, 2), words(7, 7));
	expect_write(ring, 1 | FIRST, 3, 7, words(), words());
	expect_write(ring, 1, 4, 7, words(), words());
}

TEST(first_is_told_though_a_discard_woke_meanwhile)
{
	struct profbuf_ring *ring = sleeping(1000);

	expect_write(ring, 1 | FIRST, 1, 7, words(), words());
	expect_write(ring, WAKE, 2, 7, words(), TOO_LONG);
	expect_write(ring, 2, 3, 7, words(), words());
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 4, 7, words(), words());
}

TEST(arming_again_does_not_put_the_wakeup_off)
{
	struct profbuf_ring *ring = sleeping(6);

	expect_write(ring, 1 | FIRST, 100, 7, words(), words());
	/* Somebody else asks, as poll() does while another thread reads. */
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 101, 7, words(), words(1, 2));
	expect_write(ring, 1, 200, 7, words(), words());
}

TEST(arming_again_after_reading_begins_anew)
{
	struct profbuf_ring *ring = sleeping(6);

	expect_write(ring, 1 | FIRST, 100, 7, words(), words(1, 2, 3));
	/* The reader looks by itself, unwoken. */
	expect_read(ring, words(5, 100, 1, 2, 3), words(7));
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | FIRST, 300, 7, words(), words(1, 2, 3));
	expect_w(ring, 10, 2, SLEEPING);
	expect_write(ring, 1 | WAKE, 301, 7, words(), words());
}
