// SPDX-License-Identifier: GPL-2.0
/* The scenarios by which Go tests its own profBuf, header of two words throughout. */
#include "unit.h"

static void expect_record(struct profbuf_ring *ring, u32 nstack)
{
	u64 record[32] = { 4 + nstack, 1, 2, 3 };
	u32 i;

	for (i = 0; i < nstack; i++)
		record[4 + i] = 10 + i;
	expect_write(ring, 1, 1, 7, words(2, 3), counting(nstack, 10));
	expect_read(ring, ((struct words){ record, 4 + nstack }), words(7));
}

TEST(go_basic_write_read)
{
	struct profbuf_ring *ring = make_ring(2, 11, 1);

	expect_write(ring, 1, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(1000));
	expect_nothing(ring);
	expect_write(ring, 1, 99, 1002, words(101, 102), words(201, 202, 203, 204));
	expect_read(ring, words(8, 99, 101, 102, 201, 202, 203, 204), words(1002));
}

TEST(go_read_many)
{
	struct profbuf_ring *ring = make_ring(2, 50, 50);

	expect_write(ring, 1, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_write(ring, 1, 99, 1002, words(101, 102), words(201, 202, 203, 204));
	expect_write(ring, 1, 500, 1001, words(502, 505), words(506));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9,
				8, 99, 101, 102, 201, 202, 203, 204,
				5, 500, 502, 505, 506), words(1000, 1002, 1001));
}

TEST(go_read_many_short_data)
{
	struct profbuf_ring *ring = make_ring(2, 50, 50);

	expect_write(ring, 1, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_write(ring, 1, 99, 1002, words(101, 102), words(201, 202, 203, 204));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9,
				8, 99, 101, 102, 201, 202, 203, 204), words(1000, 1002));
}

TEST(go_read_after_overflow_1)
{
	struct profbuf_ring *ring = make_ring(2, 16, 5);
	u32 i;

	expect_record(ring, 6);
	expect_record(ring, 2);
	/* 10 words are free now. */
	expect_write(ring, 0, 99, 0, words(101, 102), counting(9, 201));
	for (i = 0; i < 299; i++)
		expect_write(ring, 0, 100 + i, 0, words(101, 102), counting(4, 201));
	expect_write(ring, 2, 500, 1001, words(502, 505), words(506));
	expect_read(ring, words(5, 99, 0, 0, 300, 5, 500, 502, 505, 506), words(0, 1001));
}

TEST(go_read_after_overflow_2)
{
	struct profbuf_ring *ring = make_ring(2, 16, 5);
	u32 i;

	expect_write(ring, 1, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_write(ring, 0, 99, 0, words(101, 102), counting(13, 201));
	for (i = 0; i < 299; i++)
		expect_write(ring, 0, 100, 0, words(101, 102), counting(4, 201));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(1000));
	expect_write(ring, 0, 500, 1001, words(502, 505), words());
	expect_read(ring, words(5, 99, 0, 0, 301), words(0));
	expect_write(ring, 1, 500, 1001, words(502, 505), words(506));
	expect_read(ring, words(5, 500, 502, 505, 506), words(1001));
}

TEST(go_read_at_end_after_overflow)
{
	struct profbuf_ring *ring = make_ring(2, 12, 5);
	u32 i;

	expect_write(ring, 1, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_write(ring, 0, 99, 0, words(101, 102), counting(4, 201));
	for (i = 0; i < 299; i++)
		expect_write(ring, 0, 100, 0, words(101, 102), counting(4, 201));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(1000));
	expect_read(ring, words(5, 99, 0, 0, 300), words(0));
	expect_write(ring, 1, 500, 1001, words(502, 505), words(506));
	expect_read(ring, words(5, 500, 502, 505, 506), words(1001));
}

TEST(go_blocking_write_read)
{
	struct profbuf_ring *ring = make_ring(2, 11, 1);

	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 1, 1000, words(2, 3), words(4, 5, 6, 7, 8, 9));
	expect_read(ring, words(10, 1, 2, 3, 4, 5, 6, 7, 8, 9), words(1000));
	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
	expect_write(ring, 1 | WAKE, 99, 1002, words(101, 102), words(201, 202, 203, 204));
	expect_read(ring, words(8, 99, 101, 102, 201, 202, 203, 204), words(1002));
	expect_nothing(ring);
	expect(!profbuf_ring_arm(ring));
	expect_equal(profbuf_ring_close(ring), WAKE);
	expect_end(ring);
	expect_end(ring);
	expect_end(ring);
}

static void ten_times(struct profbuf_ring *ring)
{
	u32 i;

	for (i = 0; i < 10; i++) {
		expect_record(ring, 6);
		expect_nothing(ring);
	}
}

TEST(go_data_wraparound)
{
	ten_times(make_ring(2, 16, 1024));
}

TEST(go_tag_wraparound)
{
	ten_times(make_ring(2, 1024, 2));
}

TEST(go_both_wraparound)
{
	ten_times(make_ring(2, 16, 2));
}
