// SPDX-License-Identifier: GPL-2.0
/* F: indices, and how records lie in the ring. */
#include "unit.h"

TEST(f1_index_packs_two_counts_and_two_flags)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	expect_write(ring, 1, 1, 7, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_equal(index_w(ring), 0x40000000aULL);
	expect_equal(index_r(ring), 0);

	expect(profbuf_ring_arm(ring));
	expect_equal(index_w(ring), 0x50000000aULL);

	/* 17 stack words are more than the ring has. */
	expect_write(ring, WAKE, 2, 0, words(), counting(17, 0));
	expect_equal(index_w(ring), 0x60000000aULL);

	/* Neither r nor r_next ever has a flag. */
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	expect_equal(ring->r_next, 0x40000000aULL);
	expect_equal(index_r(ring), 0);
	profbuf_ring_commit(ring);
	expect_equal(index_r(ring), 0x40000000aULL);
}

/* One record is stored, a second one is not, an overflow entry follows; all are read. */
static void pass_through(u32 data_count, u32 tag_count)
{
	struct profbuf_ring *ring = make_ring(0, 8, 2);

	start_at(ring, data_count, tag_count);
	expect_nothing(ring);
	expect_write(ring, 1, 1, 11, words(), words(5, 6));
	expect_write(ring, 1, 2, 12, words(), words(7, 8));
	/* Neither words nor tags are left. */
	expect_write(ring, 0, 3, 13, words(), words());
	expect_read(ring, words(4, 1, 5, 6, 4, 2, 7, 8), words(11, 12));
	expect_write(ring, 0, 4, 14, words(), words());
	expect_read(ring, words(3, 3, 2), words(0));
	expect_r(ring, (u32)(data_count + 8), (tag_count + 2) & 0x3fffffff);
	expect_w(ring, (u32)(data_count + 8), (tag_count + 2) & 0x3fffffff, EXTRA);
	expect_write(ring, 1, 5, 15, words(), words(9, 10));
	expect_read(ring, words(4, 5, 9, 10), words(15));
	expect_nothing(ring);
}

TEST(f2_differences_are_exact_wherever_a_count_wraps)
{
	/* Each time the ring's end, and then the count's next sign or its wrap. */
	static const u32 data_counts[] = {
		0, 0x1ffffff8, 0x3ffffff8, 0x7ffffff8, 0xbffffff8, 0xfffffff8,
	};
	static const u32 tag_counts[] = { 0, 0x1ffffffe, 0x3ffffffe };
	u32 i, j;

	for (i = 0; i < 6; i++) {
		for (j = 0; j < 3; j++)
			pass_through(data_counts[i], tag_counts[j]);
	}
}

TEST(f2_full_ring_is_not_taken_for_empty_at_the_wrap)
{
	struct profbuf_ring *ring = make_ring(0, 4, 1);

	u32 i;

	start_at(ring, 0xfffffff0, 0x3ffffffc);
	for (i = 0; i < 8; i++) {
		expect_write(ring, 1, i, i + 100, words(), words(i, i + 1));
		expect_write(ring, 0, i + 50, 0, words(), words());
		expect_equal(pending_count(ring), 1);
		expect_read(ring, words(4, i, i, i + 1), words(i + 100));
		expect_read(ring, words(3, i + 50, 1), words(0));
	}
	expect_w(ring, 0x10, 4, EXTRA);
}

TEST(f2_ring_is_used_across_the_wrap)
{
	struct profbuf_ring *ring = make_ring(0, 16, 8);

	/* Behind the third record, w has wrapped, and r has not. */
	start_at(ring, 0xfffffff8, 0x3ffffffc);
	expect_write(ring, 1, 1, 11, words(), words());
	expect_write(ring, 1, 2, 12, words(), words());
	expect_write(ring, 1, 3, 13, words(), words(7, 8));
	expect_write(ring, 1, 4, 14, words(), words());
	expect_write(ring, 1, 5, 15, words(), words());
	expect_write(ring, 1, 6, 16, words(), words());
	expect_write(ring, 0, 7, 17, words(), words(9));
	expect_w(ring, 6, 2, EXTRA);
	expect_read(ring, words(2, 1, 2, 2, 4, 3, 7, 8), words(11, 12, 13));
	expect_read(ring, words(2, 4), words(14));
	expect_read(ring, words(2, 5, 2, 6), words(15, 16));
	expect_read(ring, words(3, 7, 1), words(0));
	expect_r(ring, 6, 2);
}

TEST(f3_counts_wrap_apart_and_flags_are_cleared)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	start_at(ring, 0xfffffff6, 0x3fffffff);
	expect_write(ring, 1, 1, 7, words(2, 3), words(4, 5, 6, 7, 8, 9));
	/* Words do not carry into the flags, tags do not come back at the bottom. */
	expect_equal(index_w(ring), 0);
	expect_equal(ring->w_counts, 0);
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	expect_equal(ring->r_next, 0);
	profbuf_ring_commit(ring);

	ring->w.counter |= SLEEPING | EXTRA;
	expect_write(ring, 1 | WAKE, 2, 8, words(2, 3), words(4));
	expect_equal(index_w(ring), 0x400000005ULL);

	ring->w.counter |= EXTRA;
	expect_write(ring, 1, 3, 9, words(2, 3), words(4));
	expect_equal(index_w(ring), 0x80000000aULL);
}

TEST(f4_place_is_the_count_modulo_the_length)
{
	struct profbuf_ring *ring = make_ring(0, 8, 4);
	u32 at;

	for (at = 0; at < 64; at++) {
		u32 pos = at % 8;

		start_at(ring, 0xffffffe0 + at, 0x3fffffe0 + at);
		expect_write(ring, 1, at, 77 + at, words(), words());
		expect_equal(ring->tags[at % 4], 77 + at);
		expect_at(ring->data + (pos == 7 ? 0 : pos), words(2, at));
		expect_read(ring, words(2, at), words(77 + at));
	}
}

TEST(f5_record_layout)
{
	struct profbuf_ring *ring = make_ring(3, 16, 4);

	expect_write(ring, 1, 0x1111, 0x2222, words(0xa, 0xb, 0xc), words(0xd, 0xe));
	expect_write(ring, 1, 0x3333, 0x4444, words(0xf, 0x10, 0x11), words());
	expect_at(ring->data, words(7, 0x1111, 0xa, 0xb, 0xc, 0xd, 0xe,
				    5, 0x3333, 0xf, 0x10, 0x11, 0, 0, 0, 0));
	expect_at(ring->tags, words(0x2222, 0x4444, 0, 0));
	expect_w(ring, 12, 2, 0);
}

TEST(f6_record_that_does_not_fit_goes_to_the_beginning)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	/* What lies in the ring from before must not be taken for a record. */
	memset(ring->data, 0xff, 16 * sizeof(u64));
	expect_write(ring, 1, 1, 7, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	expect_nothing(ring);

	expect_write(ring, 1, 2, 8, words(12, 13), words(14, 15, 16));
	expect_at(ring->data, words(7, 2, 12, 13, 14, 15, 16, 7, 8, 9,
				    0, U64_MAX, U64_MAX, U64_MAX, U64_MAX, U64_MAX));
	/* Skip and record are counted together. */
	expect_w(ring, 23, 2, 0);
	expect_read(ring, words(7, 2, 12, 13, 14, 15, 16), words(8));
	expect_r_next(ring, 23, 2);
}

TEST(f6_skip_of_one_word)
{
	struct profbuf_ring *ring = make_ring(0, 8, 8);

	memset(ring->data, 0xff, 8 * sizeof(u64));
	expect_write(ring, 1, 1, 7, words(), words(1, 2, 3, 4, 5));
	expect_read(ring, words(7, 1, 1, 2, 3, 4, 5), words(7));
	expect_nothing(ring);
	expect_write(ring, 1, 2, 8, words(), words());
	expect_at(ring->data, words(2, 2, 1, 2, 3, 4, 5, 0));
	expect_w(ring, 10, 2, 0);
	expect_read(ring, words(2, 2), words(8));
	expect_r_next(ring, 10, 2);
}

TEST(f6_zeroes_inside_records_mean_nothing)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	expect_write(ring, 1, 0, 0, words(0, 0), words(0, 0));
	expect_write(ring, 1, 0, 0, words(), words(0));
	expect_read(ring, words(6, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0), words(0, 0));
	expect_nothing(ring);
}

TEST(f7_record_that_ends_at_the_end)
{
	struct profbuf_ring *ring = make_ring(2, 16, 8);

	memset(ring->data, 0xff, 16 * sizeof(u64));
	expect_write(ring, 1, 1, 7, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(7));
	expect_nothing(ring);
	expect_write(ring, 1, 2, 8, words(12, 13), words(14, 15));
	expect_w(ring, 16, 2, 0);
	expect_write(ring, 1, 3, 9, words(22, 23), words());
	expect_w(ring, 20, 3, 0);
	expect_at(ring->data, words(4, 3, 22, 23, 4, 5, 6, 7, 8, 9, 6, 2, 12, 13, 14, 15));
	expect_read(ring, words(6, 2, 12, 13, 14, 15), words(8));
	expect_read(ring, words(4, 3, 22, 23), words(9));
	expect_nothing(ring);
}

TEST(f8_skip_is_less_than_half_the_ring)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);
	u32 pos, nstack;

	for (pos = 0; pos < 16; pos++) {
		for (nstack = 0; nstack < 16; nstack++) {
			u32 words, moved;

			start_at(ring, pos, 0);
			ring->overflow.counter = 0;
			words = 2 + nstack;
			if (write_words(ring, 1, 0, words(), counting(nstack, 1)) == 0)
				continue;
			moved = (u32)index_w(ring) - pos;
			expect(moved - words < 8);
			expect(moved == words || words > moved - words);
		}
	}
}
