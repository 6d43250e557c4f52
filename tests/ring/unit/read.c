// SPDX-License-Identifier: GPL-2.0
/* R and C: read and close; and what else the reader can do. */
#include "unit.h"

#define TOO_LONG	counting(100, 0)

TEST(r1_no_ring)
{
	expect_end(NULL);
	expect_end(NULL);
}

/* A ring from which one record of 4 words was read, but not given back. */
static struct profbuf_ring *with_batch(void)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect_write(ring, 1, 1, 7, words(), words(2, 3));
	expect_read(ring, words(4, 1, 2, 3), words(7));
	expect_r(ring, 0, 0);
	expect_r_next(ring, 4, 1);
	return ring;
}

TEST(r2_read_commits_the_one_before)
{
	struct profbuf_ring *ring = with_batch();

	expect_nothing(ring);
	expect_r(ring, 4, 1);

	ring = with_batch();
	expect_write(ring, 1, 5, 8, words(), words());
	expect_read(ring, words(2, 5), words(8));
	expect_r(ring, 4, 1);
	expect_r_next(ring, 6, 2);

	ring = with_batch();
	expect_write(ring, 0, 5, 8, words(), TOO_LONG);
	expect_read(ring, words(3, 5, 1), words(0));
	expect_r(ring, 4, 1);

	ring = with_batch();
	profbuf_ring_close(ring);
	expect_end(ring);
	expect_r(ring, 4, 1);

	ring = with_batch();
	expect_write(ring, 1, 5, 8, words(), words());
	expect_none(ring, 2, -EMSGSIZE);
	expect_r(ring, 4, 1);
	expect_r_next(ring, 4, 1);
}

TEST(r2_batch_stays_intact_until_then)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);
	struct profbuf_ring_batch batch;
	u32 i;

	expect_write(ring, 1, 1, 7, words(), counting(6, 2));
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	for (i = 0; i < 20; i++)
		expect_write(ring, 0, 50 + i, 60 + i, words(), counting(i, 70));
	expect_at(batch.data, words(8, 1, 2, 3, 4, 5, 6, 7));
	expect_at(batch.tags, words(7));
}

TEST(r2_commit_alone)
{
	struct profbuf_ring *ring = with_batch();

	profbuf_ring_commit(ring);
	expect_r(ring, 4, 1);
	profbuf_ring_commit(ring);
	expect_r(ring, 4, 1);
	expect_nothing(ring);
}

TEST(r3_data_then_overflow_then_end)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_write(ring, 0, 3, 8, words(), TOO_LONG);
	profbuf_ring_close(ring);
	expect_w(ring, 3, 1, EXTRA);
	expect_read(ring, words(3, 1, 2), words(7));
	expect_read(ring, words(3, 3, 1), words(0));
	expect_end(ring);
	/* Nothing was found by its flag. */
	expect_w(ring, 3, 1, EXTRA);
}

TEST(r4_data_is_a_piece_of_the_ring)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);
	struct profbuf_ring_batch batch;

	expect_write(ring, 1, 1, 7, words(), words(2, 3, 4));
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect(batch.data == ring->data);
	expect(batch.tags == ring->tags);
	expect_write(ring, 1, 5, 8, words(), words());
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect(batch.data == ring->data + 5);
	expect(batch.tags == ring->tags + 1);
}

TEST(r4_marker_first)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);
	struct profbuf_ring_batch batch;

	expect_write(ring, 1, 1, 7, words(), counting(10, 0));
	expect_read(ring, words(12, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	expect_nothing(ring);
	expect_write(ring, 1, 2, 8, words(), words(3, 4, 5));
	expect_write(ring, 1, 6, 9, words(), words());
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 2);
	expect(batch.data == ring->data);
	expect_equal(batch.words, 7);
	expect_at(batch.data, words(5, 2, 3, 4, 5, 2, 6));
	expect_r_next(ring, 16 + 7, 3);
}

TEST(r5_ends_at_the_end_of_the_data_ring)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 4, 0);
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1, 2, 8, words(), words());
	expect_write(ring, 1, 3, 9, words(), words());
	expect_write(ring, 1, 4, 10, words(), words());
	expect_read(ring, words(2, 1, 2, 2), words(7, 8));
	expect_read(ring, words(2, 3, 2, 4), words(9, 10));
	expect_nothing(ring);
}

TEST(r5_ends_at_a_marker)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 4, 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_write(ring, 1, 3, 8, words(), words());
	expect_write(ring, 1, 4, 9, words(), words());
	expect_read(ring, words(3, 1, 2), words(7));
	/* The marker is left to the read that returns the record behind it, ... */
	expect_r_next(ring, 7, 1);
	expect_read(ring, words(2, 3, 2, 4), words(8, 9));
	expect_r(ring, 7, 1);
	expect_r_next(ring, 12, 3);
	/* ... and given back with that. */
	expect_nothing(ring);
	expect_r(ring, 12, 3);
}

TEST(r5_ends_at_the_end_of_the_tag_ring)
{
	struct profbuf_ring *ring = make_ring(0, 64, 4);

	start_at(ring, 0, 2);
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1, 2, 8, words(), words());
	expect_write(ring, 1, 3, 9, words(), words());
	expect_write(ring, 1, 4, 10, words(), words());
	expect_read(ring, words(2, 1, 2, 2), words(7, 8));
	expect_read(ring, words(2, 3, 2, 4), words(9, 10));
	expect_nothing(ring);
}

TEST(r6_skip_is_given_back_with_the_record_behind_it)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 4, 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_write(ring, 1, 3, 8, words(), words(4, 5));
	expect_read(ring, words(3, 1, 2), words(7));
	profbuf_ring_commit(ring);
	expect_r(ring, 7, 1);
	/* 8 words less 4 of the record less 1 skipped are free. */
	expect_write(ring, 0, 9, 0, words(), words(1, 2));
	expect_write(ring, 0, 9, 0, words(), words());
	expect_equal(pending_count(ring), 2);
	expect_read(ring, words(4, 3, 4, 5), words(8));
	expect_r_next(ring, 12, 2);
}

TEST(r7_tags_belong_to_records)
{
	struct profbuf_ring *ring = make_ring(1, 64, 8);
	u32 i;

	for (i = 0; i < 5; i++)
		expect_write(ring, 1, i, 100 + i, words(i), counting(i, 0));
	expect_read(ring, words(3, 0, 0, 4, 1, 1, 0, 5, 2, 2, 0, 1, 6, 3, 3, 0, 1, 2,
				7, 4, 4, 0, 1, 2, 3), words(100, 101, 102, 103, 104));
}

TEST(r9_nothing_there)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_nothing(ring);
	expect_nothing(ring);
	expect_write(ring, 1, 1, 2, words(), words());
	expect_read(ring, words(2, 1), words(2));
	expect_nothing(ring);
}

TEST(r10_end_again_and_again)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	profbuf_ring_close(ring);
	expect_end(ring);
	expect_end(ring);
	expect_write(ring, 1, 1, 2, words(), words());
	expect_read(ring, words(2, 1), words(2));
	expect_end(ring);
	expect_write(ring, 0, 3, 2, words(), TOO_LONG);
	expect_read(ring, words(3, 3, 1), words(0));
	expect_end(ring);
	expect_end(ring);
}

TEST(r11_extra_is_cleared_when_nothing_is_found)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_write(ring, 1, 1, 2, words(), words());
	ring->w.counter |= EXTRA;
	expect_read(ring, words(2, 1), words(2));
	expect_w(ring, 2, 1, EXTRA);
	expect_nothing(ring);
	expect_w(ring, 2, 1, 0);

	/* SLEEPING is not the reader's to clear. */
	ring->w.counter |= EXTRA | SLEEPING;
	expect_nothing(ring);
	expect_w(ring, 2, 1, SLEEPING);
}

/* Two records of 4 words, then the @word at @pos is overwritten. */
static struct profbuf_ring *corrupted(u32 pos, u64 word)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);

	expect_write(ring, 1, 1, 7, words(2), words(3));
	expect_write(ring, 1, 4, 8, words(5), words(6));
	ring->data[pos] = word;
	return ring;
}

TEST(r12_corrupted_memory_is_an_error)
{
	static const u64 bad[] = {
		1, 2, 9, 16, 17, U32_MAX, 1ULL << 32, (1ULL << 32) + 4, U64_MAX, 1ULL << 63,
	};
	u32 i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct profbuf_ring *ring = corrupted(0, bad[i]);

		expect_none(ring, U64_MAX, -EIO);
		expect_none(ring, U64_MAX, -EIO);
		expect_none(ring, 0, -EIO);
		expect_r_next(ring, 0, 0);
		expect_none(corrupted(4, bad[i]), U64_MAX, -EIO);
	}
	/* As long as both, less than a whole one behind it, and one too many. */
	expect_none(corrupted(4, 5), U64_MAX, -EIO);
	expect_none(corrupted(0, 6), U64_MAX, -EIO);
}

TEST(r12_markers_in_the_wrong_place)
{
	struct profbuf_ring *ring = corrupted(0, 0);

	/* Nothing can be behind it. */
	expect_none(ring, U64_MAX, -EIO);

	/* Two markers. */
	ring = make_ring(0, 8, 8);
	start_at(ring, 6, 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	ring->data[0] = 0;
	expect_none(ring, U64_MAX, -EIO);

	/* Words, but no tag; tags, but no word. */
	ring = corrupted(0, 4);
	ring->w.counter = pack(8, 0);
	expect_none(ring, U64_MAX, -EIO);
}

TEST(r13_overflow_entry_stays_intact_until_the_next_read)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);
	struct profbuf_ring_batch batch;

	expect_write(ring, 0, 5, 8, words(), TOO_LONG);
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect_write(ring, 0, 6, 9, words(), TOO_LONG);
	expect_write(ring, 2, 7, 10, words(), words());
	expect_at(batch.data, words(4, 5, 0, 1));
	expect_at(batch.tags, words(0));
	expect_read(ring, words(4, 6, 0, 1, 3, 7, 0), words(0, 10));
	/* The buffer is used again. */
	expect_write(ring, 0, 8, 9, words(), TOO_LONG);
	expect_read(ring, words(4, 8, 0, 1), words(0));
}

TEST(c1_close_sets_the_end_and_extra)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_equal(profbuf_ring_close(ring), 0);
	expect_equal(ring->eof, 1);
	expect_w(ring, 0, 0, EXTRA);
}

TEST(c2_second_close_is_refused)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_equal(profbuf_ring_close(ring), 0);
	expect(profbuf_ring_arm(ring));
	expect_equal(profbuf_ring_close(ring), -EALREADY);
	expect_equal(profbuf_ring_close(ring), -EALREADY);
	expect_w(ring, 0, 0, SLEEPING);
	expect_end(ring);
}

TEST(c3_end_comes_last)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 6, 0);
	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1, 2, 8, words(), words());
	expect_write(ring, 0, 3, 9, words(), TOO_LONG);
	profbuf_ring_close(ring);
	expect_read(ring, words(2, 1), words(7));
	expect_read(ring, words(2, 2), words(8));
	expect_read(ring, words(3, 3, 1), words(0));
	expect_end(ring);
}

TEST(room_counts_data_and_tags)
{
	struct profbuf_ring *ring = make_ring(0, 32, 8);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1, 2, 8, words(), words(3));
	expect_write(ring, 1, 4, 9, words(), words(5, 6));
	expect_none(ring, 0, -EMSGSIZE);
	expect_none(ring, 2, -EMSGSIZE);
	expect_r_next(ring, 0, 0);
	expect_read_room(ring, 3, words(2, 1), words(7));
	profbuf_ring_unread(ring);
	expect_read_room(ring, 6, words(2, 1), words(7));
	profbuf_ring_unread(ring);
	expect_read_room(ring, 7, words(2, 1, 3, 2, 3), words(7, 8));
	profbuf_ring_unread(ring);
	expect_read_room(ring, 11, words(2, 1, 3, 2, 3), words(7, 8));
	expect_none(ring, 4, -EMSGSIZE);
	expect_read_room(ring, 5, words(4, 4, 5, 6), words(9));
	expect_none(ring, 0, -EAGAIN);
}

TEST(room_for_a_record_behind_a_marker)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 6, 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_none(ring, 3, -EMSGSIZE);
	expect_r_next(ring, 6, 0);
	expect_read_room(ring, 4, words(3, 1, 2), words(7));
	expect_r_next(ring, 11, 1);
}

TEST(room_for_an_overflow_entry)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	expect_write(ring, 0, 5, 8, words(), TOO_LONG);
	expect_none(ring, 5, -EMSGSIZE);
	expect_none(ring, 0, -EMSGSIZE);
	expect(profbuf_ring_arm(ring));
	/* What comes later does not overtake it. */
	expect_write(ring, 1 | WAKE, 6, 9, words(), words());
	expect_write(ring, 0, 7, 10, words(), TOO_LONG);
	profbuf_ring_close(ring);
	expect_none(ring, 5, -EMSGSIZE);
	expect_read_room(ring, 6, words(5, 5, 0, 0, 1), words(0));
	expect_read(ring, words(4, 6, 0, 0), words(9));
	expect_read(ring, words(5, 7, 0, 0, 1), words(0));
	expect_end(ring);
}

TEST(unread_data)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_read(ring, words(2, 1), words(7));
	profbuf_ring_unread(ring);
	expect_r_next(ring, 0, 0);
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 2, 8, words(), words(3));
	expect_read(ring, words(2, 1, 3, 2, 3), words(7, 8));
	expect_write(ring, 1, 4, 9, words(), words());
	profbuf_ring_unread(ring);
	/* Nothing of it was given back. */
	expect_r(ring, 0, 0);
	expect_read(ring, words(2, 1, 3, 2, 3, 2, 4), words(7, 8, 9));
	expect_nothing(ring);
}

TEST(unread_data_behind_a_marker)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	start_at(ring, 6, 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_read(ring, words(3, 1, 2), words(7));
	profbuf_ring_unread(ring);
	expect_r_next(ring, 6, 0);
	expect_read(ring, words(3, 1, 2), words(7));
	expect_nothing(ring);
}

TEST(unread_overflow_entry)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 0, 5, 8, words(), TOO_LONG);
	expect_read(ring, words(2, 1), words(7));
	expect_read(ring, words(3, 5, 1), words(0));
	profbuf_ring_unread(ring);
	expect(profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 6, 9, words(), words());
	expect_read(ring, words(3, 5, 1), words(0));
	profbuf_ring_unread(ring);
	expect_read(ring, words(3, 5, 1), words(0));
	expect_read(ring, words(2, 6), words(9));
	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
}

TEST(unread_overflow_entry_at_the_end)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	expect_write(ring, 0, 5, 8, words(), TOO_LONG);
	profbuf_ring_close(ring);
	expect_read(ring, words(3, 5, 1), words(0));
	profbuf_ring_unread(ring);
	expect_read(ring, words(3, 5, 1), words(0));
	expect_end(ring);
}
