// SPDX-License-Identifier: GPL-2.0
/* B and D1: sleeping and waking; watermark and deadline. */
#include "unit.h"

#define TOO_LONG	counting(100, 0)

/* An empty ring whose reader sleeps. */
static struct profbuf_ring *sleeping(u32 watermark, u64 deadline)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = watermark;
	ring->deadline = deadline;
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
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_write(ring, 1 | WAKE, 1, 7, words(), words());
	expect_w(ring, 2, 1, 0);
}

TEST(b2_discard_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_write(ring, WAKE, 1, 7, words(), TOO_LONG);
	expect_w(ring, 0, 0, EXTRA);
	expect_write(sleeping(1000, FOREVER), WAKE, 1, 7, words(), TOO_LONG);
}

TEST(b2_close_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_equal(profbuf_ring_close(ring), WAKE);
	expect_w(ring, 0, 0, EXTRA);
	expect_equal(profbuf_ring_close(sleeping(1000, FOREVER)), WAKE);
}

TEST(b2_nested_sample_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1000, FOREVER);

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
	expect_equal(profbuf_ring_filter(ring, 4), 0);
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
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_write(ring, WAKE, 1, 7, words(), TOO_LONG);
	expect_write(ring, 0, 2, 7, words(), TOO_LONG);
	expect_write(ring, 2, 3, 7, words(), words());
	expect_equal(profbuf_ring_close(ring), 0);
}

TEST(d1_close_does_not_wake_again)
{
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_write(ring, 1 | WAKE, 1, 7, words(), words());
	expect_write(ring, 1, 2, 7, words(), words());
	expect_write(ring, 0, 3, 7, words(), TOO_LONG);
	expect_equal(profbuf_ring_close(ring), 0);
}

TEST(d1_write_after_close_does_not_wake_again)
{
	struct profbuf_ring *ring = sleeping(1, FOREVER);

	expect_equal(profbuf_ring_close(ring), WAKE);
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 0, 2, 7, words(), TOO_LONG);
}

TEST(watermark_is_the_words_stored_since_the_reader_slept)
{
	struct profbuf_ring *ring = sleeping(6, FOREVER);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_w(ring, 2, 1, SLEEPING);
	expect_write(ring, 1, 1, 8, words(), words(1));
	expect_w(ring, 5, 2, SLEEPING);
	expect_write(ring, 1 | WAKE, 1, 9, words(), words());
	expect_w(ring, 7, 3, 0);
	expect_write(ring, 1, 1, 10, words(), counting(6, 0));

	/* Exactly as many are enough. */
	ring = sleeping(6, FOREVER);
	expect_write(ring, 1, 1, 7, words(), words(1, 2));
	expect_write(ring, 1 | WAKE, 1, 8, words(), words());
	/* One record may be it all. */
	expect_write(sleeping(6, FOREVER), 1 | WAKE, 1, 7, words(), words(1, 2, 3, 4));
	expect_write(sleeping(6, FOREVER), 1, 1, 7, words(), words(1, 2, 3));
}

TEST(watermark_counts_from_where_the_reader_slept)
{
	struct profbuf_ring *ring = make_ring(0, 64, 16);

	ring->watermark = 6;
	ring->deadline = FOREVER;
	start_at(ring, 0xfffffffc, 5);
	expect_write(ring, 1, 1, 7, words(), words(2, 3));
	expect(profbuf_ring_arm(ring));
	/* What was there then does not count. */
	expect_write(ring, 1, 4, 8, words(), words(5, 6));
	expect_w(ring, 4, 7, SLEEPING);
	expect_write(ring, 1 | WAKE, 7, 9, words(), words());
}

TEST(watermark_counts_skips_and_overflow_entries)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	ring->watermark = 8;
	ring->deadline = FOREVER;
	start_at(ring, 12, 0);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1 | WAKE, 1, 8, words(), words(1, 2));

	ring = make_ring(0, 16, 4);
	ring->watermark = 5;
	ring->deadline = FOREVER;
	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 2 | WAKE, 2, 7, words(), words());
}

TEST(deadline_wakes_with_the_next_record)
{
	struct profbuf_ring *ring = sleeping(1000, 50);

	expect_write(ring, 1, 100, 7, words(), words());
	expect_write(ring, 1, 149, 7, words(), words());
	expect_w(ring, 4, 2, SLEEPING);
	expect_write(ring, 1 | WAKE, 150, 7, words(), words());
	expect_w(ring, 6, 3, 0);
	expect_write(ring, 1, 500, 7, words(), words());
}

TEST(deadline_wakes_with_the_next_filtered_sample)
{
	struct profbuf_ring *ring = sleeping(1000, 50);

	/* Nothing waits yet. */
	expect_equal(profbuf_ring_filter(ring, 90), 0);
	expect_write(ring, 1, 100, 7, words(), words());
	expect_equal(profbuf_ring_filter(ring, 149), 0);
	expect_w(ring, 2, 1, SLEEPING);
	expect_equal(profbuf_ring_filter(ring, 150), WAKE);
	expect_w(ring, 2, 1, 0);
	expect_equal(profbuf_ring_filter(ring, 500), 0);
	expect_totals(ring, 1, 0, 0, 4);
}

TEST(deadline_begins_with_the_first_record_after_arming)
{
	struct profbuf_ring *ring = sleeping(1000, 50);

	expect_write(ring, 1, 100, 7, words(), words());
	expect_equal(profbuf_ring_filter(ring, 160), WAKE);
	expect_read(ring, words(2, 100), words(7));
	expect(!profbuf_ring_arm(ring));
	expect_equal(profbuf_ring_filter(ring, 300), 0);
	expect_write(ring, 1, 400, 8, words(), words());
	expect_write(ring, 1, 440, 9, words(), words());
	expect_equal(profbuf_ring_filter(ring, 449), 0);
	expect_equal(profbuf_ring_filter(ring, 450), WAKE);
}

TEST(deadline_of_zero_wakes_at_once)
{
	struct profbuf_ring *ring = sleeping(1000, 0);

	expect_write(ring, 1 | WAKE, 100, 7, words(), words());
}

TEST(deadline_holds_where_the_time_changes_its_sign)
{
	struct profbuf_ring *ring = sleeping(1000, 50);

	expect_write(ring, 1, INT64_MAX - 10, 7, words(), words());
	expect_equal(profbuf_ring_filter(ring, (u64)INT64_MAX + 39), 0);
	expect_equal(profbuf_ring_filter(ring, (u64)INT64_MAX + 40), WAKE);

	/* A clock that goes back wakes nobody, and hurts nothing. */
	ring = sleeping(1000, 50);
	expect_write(ring, 1, 100, 7, words(), words());
	expect_write(ring, 1, 10, 7, words(), words());
	expect_equal(profbuf_ring_filter(ring, 10), 0);
	expect_equal(profbuf_ring_filter(ring, 150), WAKE);
}

TEST(filter_leaves_extra_and_data_alone)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	ring->watermark = 1000;
	ring->deadline = 50;
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1, 1, 7, words(), words());
	ring->w.counter |= EXTRA;
	expect_equal(profbuf_ring_filter(ring, 51), WAKE);
	expect_w(ring, 2, 1, EXTRA);
	expect_read(ring, words(2, 1), words(7));
}

TEST(arming_again_does_not_put_the_wakeup_off)
{
	struct profbuf_ring *ring = sleeping(6, 50);

	expect_write(ring, 1, 100, 7, words(), words());
	/* Somebody else asks, as poll() does while another thread reads. */
	expect(profbuf_ring_arm(ring));
	expect_equal(profbuf_ring_filter(ring, 149), 0);
	expect_equal(profbuf_ring_filter(ring, 150), WAKE);

	ring = sleeping(6, 50);
	expect_write(ring, 1, 100, 7, words(), words());
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 101, 7, words(), words(1, 2));
	expect_write(ring, 1, 200, 7, words(), words());
}

TEST(arming_again_after_reading_begins_anew)
{
	struct profbuf_ring *ring = sleeping(6, 50);

	expect_write(ring, 1, 100, 7, words(), words(1, 2, 3));
	/* The reader looks by itself, unwoken. */
	expect_read(ring, words(5, 100, 1, 2, 3), words(7));
	expect(!profbuf_ring_arm(ring));
	expect_equal(profbuf_ring_filter(ring, 200), 0);
	expect_write(ring, 1, 300, 7, words(), words(1, 2, 3));
	expect_equal(profbuf_ring_filter(ring, 349), 0);
	expect_equal(profbuf_ring_filter(ring, 350), WAKE);
}
