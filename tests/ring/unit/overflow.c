// SPDX-License-Identifier: GPL-2.0
/* O: samples that are lost, and the entry that says so. */
#include "unit.h"

/* More than any ring here holds. */
#define TOO_LONG	counting(100, 0)

TEST(o1_first_discard_sets_the_time)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);

	expect_write(ring, 0, 90, 0, words(), TOO_LONG);
	expect_equal(ring->overflow_time, 90);
	expect_equal(pending_count(ring), 1);
	expect_write(ring, 0, 80, 0, words(), TOO_LONG);
	expect_write(ring, 0, 100, 0, words(), TOO_LONG);
	expect_equal(ring->overflow_time, 90);
	expect_equal(pending_count(ring), 3);
	expect_read(ring, words(4, 90, 0, 3), words(0));

	expect_write(ring, 0, 70, 0, words(), TOO_LONG);
	expect_equal(ring->overflow_time, 70);
	expect_read(ring, words(4, 70, 0, 1), words(0));
}

static void set_pending(struct profbuf_ring *ring, u32 count)
{
	ring->overflow.counter = ring->overflow.counter >> 32 << 32 | count;
}

TEST(o2_count_stops_at_its_largest_value)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);
	u32 i;

	expect_write(ring, 0, 90, 0, words(), TOO_LONG);
	set_pending(ring, 0xfffffffd);
	expect_write(ring, 0, 91, 0, words(), TOO_LONG);
	expect_equal(ring->overflow.counter, 0x1fffffffeLL);
	for (i = 0; i < 3; i++) {
		expect_write(ring, 0, 92, 0, words(), TOO_LONG);
		expect_equal(ring->overflow.counter, 0x1ffffffffLL);
	}
	/* The totals go on. */
	expect_totals(ring, 0, 5, 0, 0);
	expect_read(ring, words(4, 90, 0, 0xffffffff), words(0));
	expect_equal(ring->overflow.counter, 0x200000000LL);
}

TEST(o2_several_at_once_stop_there_too)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);

	expect_write(ring, 0, 90, 0, words(), TOO_LONG);
	set_pending(ring, 0xfffffffc);
	expect(profbuf_ring_enter(ring, 91));
	expect(!profbuf_ring_enter(ring, 92));
	expect(!profbuf_ring_enter(ring, 93));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_equal(pending_count(ring), 0xfffffffe);

	expect(profbuf_ring_enter(ring, 94));
	expect(!profbuf_ring_enter(ring, 95));
	expect(!profbuf_ring_enter(ring, 96));
	expect(!profbuf_ring_enter(ring, 97));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_equal(ring->overflow.counter, 0x1ffffffffLL);
	expect_totals(ring, 0, 6, 5, 0);
}

TEST(o2_the_writer_stores_the_largest_count)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);

	expect_write(ring, 0, 90, 0, words(), TOO_LONG);
	set_pending(ring, 0xffffffff);
	expect_write(ring, 2, 91, 7, words(1), words());
	expect_read(ring, words(4, 90, 0, 0xffffffff, 3, 91, 1), words(0, 7));
}

TEST(o3_sequence_counts_beginnings_and_ends)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect_equal(ring->overflow.counter, 0x100000001LL);
	expect_write(ring, 0, 2, 0, words(), TOO_LONG);
	expect_equal(ring->overflow.counter, 0x100000002LL);
	expect_read(ring, words(3, 1, 2), words(0));
	expect_equal(ring->overflow.counter, 0x200000000LL);
	expect_write(ring, 0, 3, 0, words(), TOO_LONG);
	expect_equal(ring->overflow.counter, 0x300000001LL);
	expect_write(ring, 2, 4, 0, words(), words());
	expect_equal(ring->overflow.counter, 0x400000000LL);

	/* It wraps without touching the count. */
	ring->overflow.counter = (s64)0xffffffff00000000ULL;
	expect_write(ring, 0, 5, 0, words(), TOO_LONG);
	expect_equal(ring->overflow.counter, 1);
}

TEST(o4_every_discard_sets_extra_and_wakes)
{
	struct profbuf_ring *ring = make_ring(0, 8, 4);

	ring->watermark = 1000;
	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect_w(ring, 0, 0, EXTRA);
	ring->w.counter = 0;
	expect_write(ring, 0, 2, 0, words(), TOO_LONG);
	expect_w(ring, 0, 0, EXTRA);
	expect(profbuf_ring_arm(ring));
	expect_w(ring, 0, 0, SLEEPING);
	expect_write(ring, WAKE, 3, 0, words(), TOO_LONG);
	expect_w(ring, 0, 0, EXTRA);
}

TEST(o5_taking_the_entry_keeps_its_time)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect_write(ring, 0, 77, 0, words(), TOO_LONG);
	expect_read(ring, words(3, 77, 1), words(0));
	expect_equal(pending_count(ring), 0);
	expect_equal(ring->overflow_time, 77);

	expect_write(ring, 0, 88, 0, words(), TOO_LONG);
	expect_write(ring, 2, 99, 0, words(), words());
	expect_equal(pending_count(ring), 0);
	expect_equal(ring->overflow_time, 88);
}

TEST(o6_entry_stands_where_the_samples_are_missing)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	expect_write(ring, 1, 1, 7, words(), counting(10, 0));
	expect_write(ring, 0, 2, 8, words(), words(1, 2, 3));
	/* It would fit alone, but not with the entry ahead of it. */
	expect_write(ring, 0, 3, 9, words(), words());
	expect_write(ring, 0, 4, 10, words(), words());
	expect_read(ring, words(12, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	profbuf_ring_commit(ring);
	expect_write(ring, 2, 5, 11, words(), words(6));
	expect_write(ring, 1, 7, 12, words(), words(8));
	expect_read(ring, words(3, 2, 3), words(0));
	expect_read(ring, words(3, 5, 6, 3, 7, 8), words(11, 12));
	expect_nothing(ring);
}

TEST(o7_reader_makes_the_entry_up)
{
	struct profbuf_ring *ring = make_ring(2, 16, 2);
	struct profbuf_ring_batch batch;

	memset(ring->overflow_record, 0xff, 5 * sizeof(u64));
	expect_write(ring, 1, 1, 7, words(2, 3), words(4));
	expect_write(ring, 0, 5, 8, words(6, 7), TOO_LONG);
	/* Unread data goes first. */
	expect_read(ring, words(5, 1, 2, 3, 4), words(7));
	expect_equal(pending_count(ring), 1);

	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect_equal(batch.words, 5);
	expect_equal(batch.records, 1);
	expect_at(batch.data, words(5, 5, 0, 0, 1));
	expect_at(batch.tags, words(0));
	/* It takes no place in the rings. */
	expect(batch.data == ring->overflow_record);
	expect(batch.tags < ring->tags || batch.tags >= ring->tags + 2);
	expect_r(ring, 5, 1);
	expect_r_next(ring, 5, 1);
	expect_w(ring, 5, 1, EXTRA);
	expect_nothing(ring);
	expect_w(ring, 5, 1, 0);
}

TEST(o7_room_left_in_the_ring_does_not_matter)
{
	struct profbuf_ring *ring = make_ring(0, 1024, 64);

	expect_write(ring, 0, 5, 8, words(), counting(1023, 0));
	expect_read(ring, words(3, 5, 1), words(0));
	expect_w(ring, 0, 0, EXTRA);
}

TEST(o8_after_that_records_are_stored_again)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect_read(ring, words(3, 1, 1), words(0));
	expect_write(ring, 1, 2, 9, words(), counting(6, 20));
	expect_read(ring, words(8, 2, 20, 21, 22, 23, 24, 25), words(9));
}

TEST(o9_one_for_each_sample_of_any_size)
{
	struct profbuf_ring *ring = make_ring(0, 4, 1);

	expect_write(ring, 1, 1, 0, words(), words());
	expect_write(ring, 0, 2, 0, words(), words());
	expect_write(ring, 0, 2, 0, words(), words(1));
	expect_write(ring, 0, 2, 0, words(), counting(60000, 0));
	expect_equal(pending_count(ring), 3);
}

TEST(o10_one_tag)
{
	struct profbuf_ring *ring = make_ring(0, 64, 1);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 0, 2, 8, words(), words());
	expect_read(ring, words(2, 1), words(7));
	profbuf_ring_commit(ring);
	/* The ring is empty, but has no slots for two. */
	expect_write(ring, 0, 3, 9, words(), words());
	expect_read(ring, words(3, 2, 2), words(0));
	expect_write(ring, 1, 4, 10, words(), words());
}

TEST(o10_entry_and_record_are_too_large_together)
{
	struct profbuf_ring *ring = make_ring(0, 8, 4);

	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect_write(ring, 0, 2, 0, words(), counting(4, 0));
	expect_equal(pending_count(ring), 2);
	expect_write(ring, 2, 3, 0, words(), counting(3, 0));
	expect_w(ring, 8, 2, 0);
}

TEST(o11_close_does_not_move_the_entry)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect_write(ring, 0, 1, 0, words(), TOO_LONG);
	expect_equal(profbuf_ring_close(ring), 0);
	expect_equal(pending_count(ring), 1);
	expect_w(ring, 0, 0, EXTRA);
	expect_read(ring, words(3, 1, 1), words(0));
	expect_end(ring);
}

TEST(totals_are_exact)
{
	struct profbuf_ring *ring = make_ring(1, 16, 2);
	u32 i;

	for (i = 0; i < 5; i++)
		write_words(ring, i, 0, words(), words());
	expect_totals(ring, 2, 3, 0, 0);
	profbuf_ring_filter(ring);
	expect_totals(ring, 2, 3, 0, 1);

	/* An overflow entry in the ring is not a sample. */
	expect_read(ring, words(3, 0, 0, 3, 1, 0), words(0, 0));
	profbuf_ring_commit(ring);
	expect_write(ring, 2, 7, 0, words(), words());
	expect_totals(ring, 3, 3, 0, 1);

	expect(profbuf_ring_enter(ring, 8));
	expect(!profbuf_ring_enter(ring, 9));
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_totals(ring, 3, 4, 1, 1);

	expect_write(ring, -EINVAL, 10, 0, words(1, 2), words());
	expect_totals(ring, 3, 4, 1, 1);
}

TEST(totals_do_not_stop_at_32_bits)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	ring->totals = (struct profbuf_ring_totals){ U32_MAX, U32_MAX, U32_MAX, U32_MAX };
	expect_write(ring, 1, 1, 0, words(), words());
	expect_write(ring, 0, 2, 0, words(), TOO_LONG);
	profbuf_ring_filter(ring);
	expect(profbuf_ring_enter(ring, 4));
	expect(!profbuf_ring_enter(ring, 5));
	profbuf_ring_exit(ring);
	expect_totals(ring, 1ULL << 32, (1ULL << 32) + 1, 1ULL << 32, 1ULL << 32);
}
