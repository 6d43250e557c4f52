// SPDX-License-Identifier: GPL-2.0
/* N: the sizes of a ring, and a new one. */
#include "unit.h"

static struct profbuf_ring_layout layout_of(s64 hdrsize, s64 words, s64 tags)
{
	struct profbuf_ring_layout layout;

	assert_int_equal(profbuf_ring_layout(&layout, hdrsize, words, tags), 0);
	assert_int_equal(layout.hdrsize, hdrsize);
	return layout;
}

static int layout_error(s64 hdrsize, s64 words, s64 tags)
{
	struct profbuf_ring_layout layout;

	return profbuf_ring_layout(&layout, hdrsize, words, tags);
}

TEST(n1_words_are_raised_to_an_overflow_entry)
{
	expect_equal(layout_of(1, 1, 1).data_len, 4);
	expect_equal(layout_of(2, 4, 1).data_len, 8);
	expect_equal(layout_of(5, 8, 1).data_len, 8);
	expect_equal(layout_of(6, 8, 1).data_len, 16);
	expect_equal(layout_of(1000, 0, 1).data_len, 1024);
	expect_equal(layout_of(1022, 1024, 1).data_len, 2048);
}

TEST(n2_limit_is_checked_after_raising_before_rounding)
{
	expect_equal(layout_of(2, (1 << 28) - 1, 1).data_len, 1 << 28);
	expect_equal(layout_error(2, 1 << 28, 1), -E2BIG);
	expect_equal(layout_error(2, INT64_MAX, 1), -E2BIG);
	expect_equal(layout_error(2, (1LL << 32) + 8, 1), -E2BIG);

	expect_equal(layout_of(2, 8, (1 << 28) - 1).tag_len, 1 << 28);
	expect_equal(layout_error(2, 8, 1 << 28), -E2BIG);
	expect_equal(layout_error(2, 8, INT64_MAX), -E2BIG);
	expect_equal(layout_error(2, 8, (1LL << 32) + 1), -E2BIG);
}

TEST(n2_largest_header)
{
	expect_equal(layout_of((1 << 28) - 4, 0, 1).data_len, 1 << 28);
	expect_equal(layout_error((1 << 28) - 3, 0, 1), -E2BIG);
	expect_equal(layout_error(1 << 28, 0, 1), -E2BIG);
	expect_equal(layout_error((1LL << 32) + 2, 0, 1), -E2BIG);
	expect_equal(layout_error(INT64_MAX, 0, 1), -E2BIG);
	expect_equal(layout_error(INT64_MAX, INT64_MAX, INT64_MAX), -E2BIG);
	expect_equal(layout_error(-1, 8, 8), -EINVAL);
	expect_equal(layout_error(INT64_MIN, 8, 8), -EINVAL);
}

TEST(n3_lengths_are_the_next_powers_of_two)
{
	u32 bits;

	for (bits = 3; bits < 28; bits++) {
		u32 power = 1U << bits;

		expect_equal(layout_of(0, power - 1, 1).data_len, power);
		expect_equal(layout_of(0, power, 1).data_len, power);
		expect_equal(layout_of(0, power + 1, 1).data_len, 2 * power);
		expect_equal(layout_of(0, 4, power - 1).tag_len, power);
		expect_equal(layout_of(0, 4, power).tag_len, power);
		expect_equal(layout_of(0, 4, power + 1).tag_len, 2 * power);
	}
	expect_equal(layout_of(0, 4, 2).tag_len, 2);
	expect_equal(layout_of(0, 4, 3).tag_len, 4);
}

TEST(n4_at_least_one_tag)
{
	expect_equal(layout_of(2, 8, 1).tag_len, 1);
	expect_equal(layout_of(2, 8, 0).tag_len, 1);
	expect_equal(layout_of(2, 8, -1).tag_len, 1);
	expect_equal(layout_of(2, 8, INT64_MIN).tag_len, 1);
}

TEST(n5_no_header)
{
	struct profbuf_ring *ring = make_ring(0, -7, 2);

	expect_equal(layout_of(0, 0, 1).data_len, 4);
	expect_equal(layout_of(0, INT64_MIN, 1).data_len, 4);

	expect_equal(ring->data_len, 4);
	expect_write(ring, 1, 5, 6, words(), words(7, 8));
	expect_read(ring, words(4, 5, 7, 8), words(6));
	expect_write(ring, 0, 9, 9, words(), words());
	expect_read(ring, words(3, 9, 1), words(0));
	expect_nothing(ring);
}

TEST(n6_new_ring_is_empty)
{
	struct profbuf_ring_layout layout = { .hdrsize = 2, .data_len = 16, .tag_len = 8 };
	u64 data[16] = { 0 }, tags[8] = { 0 }, overflow_record[5];
	struct profbuf_ring ring;

	memset(&ring, 0xff, sizeof(ring));
	profbuf_ring_init(&ring, &layout, data, tags, overflow_record);

	expect_equal(ring.hdrsize, 2);
	expect_equal(ring.data_len, 16);
	expect_equal(ring.tag_len, 8);
	expect_equal(profbuf_ring_overflow_words(&layout), 5);
	expect_equal(ring.watermark, 1);
	expect_equal(ring.first_due, 0);
	expect_r(&ring, 0, 0);
	expect_r_next(&ring, 0, 0);
	expect_w(&ring, 0, 0, 0);
	expect_equal(ring.w_counts, 0);
	expect_equal(ring.overflow.counter, 0);
	expect_equal(ring.overflow_time, 0);
	expect_equal(ring.eof, 0);
	expect_totals(&ring, 0, 0, 0, 0);
	expect_nothing(&ring);
	expect(!profbuf_ring_arm(&ring));
}

TEST(n6_largest_header_is_usable)
{
	struct profbuf_ring_layout layout = layout_of((1 << 28) - 4, 0, 1);
	struct profbuf_ring ring;

	/* Its memory would be 2 GiB, but what is lost does not touch it. */
	profbuf_ring_init(&ring, &layout, NULL, NULL, NULL);
	expect_equal(ring.data_len, 1 << 28);
	expect_equal(profbuf_ring_overflow_words(&layout), (1 << 28) - 1);
	/* A stack of two words would be the most. */
	expect_write(&ring, 0, 5, 0, words(1, 2, 3), words(1, 2, 3));
	expect_write(&ring, 0, 6, 0, words(), counting(60000, 1));
	expect_equal(pending_count(&ring), 2);
	expect_w(&ring, 0, 0, EXTRA);
}

TEST(n6_large_header_is_stored_whole)
{
	struct profbuf_ring *ring = make_ring(65536, 0, 1);
	struct profbuf_ring_batch batch;
	u32 i;

	expect_equal(ring->data_len, 131072);
	expect_write(ring, 1, 5, 6, counting(65536, 1000), words(1, 2, 3));
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect_equal(batch.words, 65541);
	expect_at(batch.data, words(65541, 5, 1000, 1001));
	for (i = 0; i < 65536; i++)
		expect_equal(batch.data[2 + i], 1000 + i);
	expect_at(batch.data + 65538, words(1, 2, 3));

	expect_write(ring, 0, 7, 0, words(1), counting(60000, 1));
	expect_equal(profbuf_ring_read(ring, &batch, U64_MAX), 1);
	expect_equal(batch.words, 65539);
	expect_at(batch.data, words(65539, 7, 0, 0));
	for (i = 0; i < 65536; i++)
		expect_equal(batch.data[2 + i], 0);
	expect_equal(batch.data[65538], 1);
}
