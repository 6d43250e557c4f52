// SPDX-License-Identifier: GPL-2.0
/* W: write. */
#include "unit.h"

TEST(w1_no_ring)
{
	expect_equal(profbuf_ring_write(NULL, 1, 2, words(1, 2, 3).word, 3, words(4).word, 1), 0);
}

TEST(w2_header_too_long_is_refused)
{
	struct profbuf_ring *ring = make_ring(2, 16, 4);

	expect_write(ring, -EINVAL, 1, 7, words(1, 2, 3), words());
	expect_write(ring, -EINVAL, 1, 7, counting(1000, 0), words());
	expect_w(ring, 0, 0, 0);
	expect_at(ring->data, words(0, 0, 0, 0, 0, 0, 0, 0));
	expect_at(ring->tags, words(0, 0, 0, 0));
	expect_totals(ring, 0, 0, 0, 0);
	expect_nothing(ring);
}

TEST(w2_before_looking_at_room)
{
	struct profbuf_ring *ring = make_ring(2, 16, 4);

	expect_write(ring, -EINVAL, 1, 7, words(1, 2, 3), counting(100, 0));
	expect_equal(pending_count(ring), 0);
	expect_write(ring, 0, 1, 7, words(1, 2), counting(100, 0));
	expect_write(ring, -EINVAL, 2, 7, words(1, 2, 3), words());
	expect_equal(pending_count(ring), 1);
	expect_w(ring, 0, 0, EXTRA);
	expect_totals(ring, 0, 1, 0, 0);
}

TEST(w3_short_header_is_filled_with_zeroes)
{
	struct profbuf_ring *ring = make_ring(4, 32, 4);

	memset(ring->data, 0xff, 32 * sizeof(u64));
	expect_write(ring, 1, 1, 7, words(11, 12), words(21));
	expect_write(ring, 1, 2, 8, words(), words(22));
	expect_write(ring, 1, 3, 9, words(), words());
	expect_write(ring, 1, 4, 10, words(31, 32, 33), words());
	expect_read(ring, words(7, 1, 11, 12, 0, 0, 21, 7, 2, 0, 0, 0, 0, 22,
				6, 3, 0, 0, 0, 0, 6, 4, 31, 32, 33, 0), words(7, 8, 9, 10));
}

TEST(w3_no_header_words_at_all)
{
	struct profbuf_ring *ring = make_ring(2, 16, 4);

	expect_equal(profbuf_ring_write(ring, 1, 7, NULL, 0, NULL, 0), 1);
	expect_read(ring, words(4, 1, 0, 0), words(7));
}

TEST(w4_stack_may_be_empty)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);

	expect_write(ring, 1, 1, 7, words(2), words());
	expect_write(ring, 1, 3, 8, words(4), words(5, 6));
	expect_read(ring, words(3, 1, 2, 5, 3, 4, 5, 6), words(7, 8));
}

/*
 * Goes through the ring word by word: do records of these lengths fit behind a
 * writer at @pos, with @used words occupied, each of them contiguous?
 */
static bool fits(u32 data_len, u32 pos, u32 used, const u32 *lengths, u32 count)
{
	while (count--) {
		u32 length = *lengths++;

		if (length > data_len)
			return false;
		if (pos + length > data_len) {
			while (pos < data_len) {
				pos++;
				used++;
			}
			pos = 0;
		}
		used += length;
		pos = (pos + length) % data_len;
	}
	return used <= data_len;
}

/* Every place, every fill, every size; @pending: behind an overflow entry. */
static void check_room(u32 hdrsize, u32 data_len, u32 tag_len, bool pending)
{
	struct profbuf_ring *ring = make_ring(hdrsize, data_len, tag_len);
	u32 entry = 2 + hdrsize + 1;
	u32 pos, used, tags_used, nstack;

	expect_equal(ring->data_len, data_len);
	for (pos = 0; pos < data_len; pos++) {
		for (used = 0; used <= data_len; used++) {
			for (nstack = 0; nstack <= data_len; nstack++) {
				u32 record = 2 + hdrsize + nstack;
				u32 lengths[2] = { entry, record };
				u32 base = 0xfffffff0 / data_len * data_len + pos;
				bool fit = pending ? fits(data_len, pos, used, lengths, 2) :
					fits(data_len, pos, used, &record, 1);

				for (tags_used = 0; tags_used <= tag_len; tags_used++) {
					u32 needed = pending ? 2 : 1;
					bool room = fit && tags_used + needed <= tag_len;

					start_at(ring, base, 5);
					ring->r.counter = pack(base - used, 5 - tags_used);
					ring->overflow.counter = pending ? (1LL << 32 | 9) : 0;
					expect_write(ring, room ? needed : 0, 1, 0, words(),
						     counting(nstack, 1));
					expect_equal(pending_count(ring),
						     room ? 0 : pending ? 10 : 1);
				}
			}
		}
	}
}

TEST(w5_room_for_one_record)
{
	check_room(0, 8, 2, false);
	check_room(1, 8, 1, false);
	check_room(2, 16, 2, false);
}

TEST(w7_room_for_overflow_entry_and_record)
{
	check_room(0, 8, 2, true);
	check_room(1, 8, 4, true);
	check_room(2, 16, 2, true);
	check_room(0, 16, 1, true);
}

TEST(w5_what_was_read_is_occupied_until_the_next_read)
{
	struct profbuf_ring *ring = make_ring(0, 4, 4);

	expect_write(ring, 1, 1, 7, words(), words(2, 3));
	expect_read(ring, words(4, 1, 2, 3), words(7));
	expect_write(ring, 0, 2, 8, words(), words());
	expect_at(ring->data, words(4, 1, 2, 3));
	profbuf_ring_commit(ring);
	expect_r(ring, 4, 1);
}

TEST(w5_no_tag_slot)
{
	struct profbuf_ring *ring = make_ring(0, 64, 2);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_write(ring, 1, 2, 8, words(), words());
	expect_write(ring, 0, 3, 9, words(), words());
	expect_read(ring, words(2, 1, 2, 2), words(7, 8));
	expect_write(ring, 0, 4, 9, words(), words());
	expect_read(ring, words(3, 3, 2), words(0));
	expect_write(ring, 1, 5, 10, words(), words());
	expect_read(ring, words(2, 5), words(10));
}

TEST(w6_nothing_pending)
{
	struct profbuf_ring *ring = make_ring(1, 8, 4);

	expect_write(ring, 1, 1, 7, words(2), words(3, 4));
	expect_equal(pending_count(ring), 0);
	expect_write(ring, 0, 5, 8, words(6), words(7));
	expect_equal(ring->overflow.counter, 0x100000001LL);
	expect_equal(ring->overflow_time, 5);
	expect_w(ring, 5, 1, EXTRA);
	expect_read(ring, words(5, 1, 2, 3, 4), words(7));
}

/* A ring of 16 words, of which @free are free from @pos on, with 3 samples lost at 50. */
static struct profbuf_ring *overflowing(u32 pos, u32 free)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	start_at(ring, 16 + pos, 0);
	ring->r.counter = pack(pos + free, 0);
	ring->overflow.counter = 1LL << 32 | 3;
	ring->overflow_time = 50;
	memset(ring->data, 0xff, 16 * sizeof(u64));
	return ring;
}

TEST(w7_entry_alone_would_fit)
{
	/* 3 words for the entry, 2 for the record. */
	struct profbuf_ring *ring = overflowing(0, 4);

	expect_write(ring, 0, 60, 0, words(), words());
	expect_equal(pending_count(ring), 4);
	expect_write(overflowing(0, 5), 2, 60, 0, words(), words());
}

TEST(w7_entry_ends_at_the_end)
{
	struct profbuf_ring *ring = overflowing(13, 7);

	expect_write(ring, 2, 60, 7, words(), words(61, 62));
	expect_at(ring->data + 13, words(3, 50, 3));
	expect_at(ring->data, words(4, 60, 61, 62));
	expect_w(ring, 16 + 20, 2, 0);
	expect_write(overflowing(13, 6), 0, 60, 7, words(), words(61, 62));
}

TEST(w7_entry_rewinds)
{
	struct profbuf_ring *ring = overflowing(14, 2 + 3 + 4);

	expect_write(ring, 2, 60, 7, words(), words(61, 62));
	expect_at(ring->data, words(3, 50, 3, 4, 60, 61, 62));
	expect_at(ring->data + 14, words(0, U64_MAX));
	expect_w(ring, 16 + 14 + 9, 2, 0);
	expect_write(overflowing(14, 8), 0, 60, 7, words(), words(61, 62));
}

TEST(w7_record_behind_the_entry_rewinds)
{
	struct profbuf_ring *ring = overflowing(10, 6 + 4);

	expect_write(ring, 2, 60, 7, words(), words(61, 62));
	expect_at(ring->data + 10, words(3, 50, 3, 0, U64_MAX, U64_MAX));
	expect_at(ring->data, words(4, 60, 61, 62));
	expect_w(ring, 16 + 20, 2, 0);
	expect_write(overflowing(10, 9), 0, 60, 7, words(), words(61, 62));
}

TEST(w7_two_tags_are_needed)
{
	struct profbuf_ring *ring = overflowing(0, 16);

	ring->r.counter = pack(16, -2 & 0x3fffffff);
	expect_write(ring, 2, 60, 7, words(), words());

	ring = overflowing(0, 16);
	ring->r.counter = pack(16, -3 & 0x3fffffff);
	expect_write(ring, 0, 60, 7, words(), words());
	expect_equal(pending_count(ring), 4);
}

TEST(w8_entry_goes_ahead_of_the_record)
{
	struct profbuf_ring *ring = make_ring(2, 32, 4);

	memset(ring->data, 0xff, 32 * sizeof(u64));
	memset(ring->tags, 0xff, 4 * sizeof(u64));
	expect_write(ring, 1, 10, 7, words(1, 2), words(3));
	expect_write(ring, 0, 20, 8, words(1, 2), counting(40, 0));
	expect_write(ring, 0, 30, 9, words(1, 2), counting(40, 0));
	expect_write(ring, 2, 40, 10, words(4), words(5));
	expect_equal(pending_count(ring), 0);
	expect_w(ring, 15, 3, 0);
	expect_read(ring, words(5, 10, 1, 2, 3, 5, 20, 0, 0, 2, 5, 40, 4, 0, 5), words(7, 0, 10));
	expect_nothing(ring);
	expect_totals(ring, 2, 2, 0, 0);
}

TEST(w9_exactly_full)
{
	struct profbuf_ring *ring = make_ring(2, 16, 2);

	expect_write(ring, 1, 1, 7, words(2, 3), counting(6, 4));
	expect_write(ring, 1, 2, 8, words(2, 3), words(4, 5));
	expect_w(ring, 16, 2, 0);
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 6, 2, 2, 3, 4, 5), words(7, 8));
	expect_nothing(ring);
	expect_write(ring, 1, 3, 9, words(2, 3), counting(12, 4));
	expect_read(ring, words(16, 3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), words(9));
}

TEST(w10_larger_than_the_ring)
{
	struct profbuf_ring *ring = make_ring(2, 16, 4);
	static const u64 word;

	expect_write(ring, 0, 1, 7, words(2, 3), counting(13, 0));
	expect_write(ring, 0, 2, 7, words(2, 3), counting(65536, 0));
	/* So many words are not even looked at. */
	expect_equal(profbuf_ring_write(ring, 3, 7, NULL, 0, &word, U32_MAX), 0);
	expect_equal(profbuf_ring_write(ring, 3, 7, NULL, 0, &word, U32_MAX - 3), 0);
	expect_equal(profbuf_ring_write(ring, 3, 7, NULL, 0, &word, 0x80000000), 0);
	expect_read(ring, words(5, 1, 0, 0, 5), words(0));
	expect_w(ring, 0, 0, EXTRA);
}

TEST(w10_more_than_half_depends_on_the_place)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);
	u32 pos, words;

	for (pos = 0; pos < 16; pos++) {
		for (words = 2; words <= 16; words++) {
			u32 most = pos > 16 - pos ? pos : 16 - pos;

			start_at(ring, 160 + pos, 0);
			ring->overflow.counter = 0;
			expect_write(ring, words <= most, 1, 7, words(), counting(words - 2, 0));
			expect(words > 8 || pending_count(ring) == 0);
		}
	}
}

TEST(w11_tag_of_zero_replaces_an_old_one)
{
	struct profbuf_ring *ring = make_ring(0, 8, 1);

	expect_write(ring, 1, 1, 7, words(), words());
	expect_read(ring, words(2, 1), words(7));
	expect_nothing(ring);
	expect_write(ring, 1, 2, 0, words(), words());
	expect_read(ring, words(2, 2), words(0));
	expect_nothing(ring);
	expect_write(ring, 1, 3, U64_MAX, words(), words());
	expect_read(ring, words(2, 3), words(U64_MAX));
}

TEST(w12_any_time)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	expect_write(ring, 1, (u64)-1, 0, words(), words());
	expect_write(ring, 1, (u64)INT64_MIN, 0, words(), words());
	expect_write(ring, 1, INT64_MAX, 0, words(), words());
	expect_write(ring, 1, 0, 0, words(), words());
	expect_read(ring, words(2, 0xffffffffffffffff, 2, 0x8000000000000000,
				2, 0x7fffffffffffffff, 2, 0), words(0, 0, 0, 0));
}

TEST(w13_write_after_close)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	expect_equal(profbuf_ring_close(ring), 0);
	expect_write(ring, 1, 1, 7, words(), words(2));
	expect_write(ring, 0, 3, 8, words(), counting(7, 0));
	expect_read(ring, words(3, 1, 2), words(7));
	expect_read(ring, words(3, 3, 1), words(0));
	expect_end(ring);
	expect_write(ring, 1, 4, 9, words(), words(5));
	expect_read(ring, words(3, 4, 5), words(9));
	expect_end(ring);
}

TEST(w14_result_tells_what_became_of_the_sample)
{
	struct profbuf_ring *ring = make_ring(0, 16, 2);

	expect_write(ring, 1, 1, 0, words(), words());
	expect_write(ring, 0, 2, 0, words(), counting(20, 0));
	expect_read(ring, words(2, 1), words(0));
	profbuf_ring_commit(ring);
	expect_write(ring, 2, 3, 0, words(), words());
	expect_totals(ring, 2, 1, 0, 0);
}

TEST(w15_publishing_clears_the_flags_and_tells_whom_to_wake)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	expect(!profbuf_ring_arm(ring));
	expect_w(ring, 0, 0, SLEEPING);
	expect_write(ring, 1 | WAKE, 1, 0, words(), words());
	expect_w(ring, 2, 1, 0);
	expect_write(ring, 1, 2, 0, words(), words());
	expect_w(ring, 4, 2, 0);
}
