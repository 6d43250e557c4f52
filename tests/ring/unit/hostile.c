// SPDX-License-Identifier: GPL-2.0
/* A read index that no honest reader would leave: the writer must not care. */
#include <stdlib.h>

#include "unit.h"

/* The places where the writer is, as data and tag counts. */
static const u64 places[][2] = {
	{ 0, 0 }, { 5, 3 }, { 15, 1 }, { 0x3ffffff9, 0x1fffffff }, { 0x7ffffffa, 0x2fffffff },
	{ 0xfffffff7, 0x3ffffffe }, { 0xffffffff, 0x3fffffff },
};

/* Does the writer see this much occupied, or is it nonsense? */
static bool plausible(u64 w, u64 r, u32 data_len, u32 tag_len)
{
	u32 words = ((u32)w - (u32)r) & 0x3fffffff;
	u32 tags = ((w >> 34) - (r >> 34)) & 0x3fffffff;

	return words <= data_len && tags <= tag_len;
}

/* Writes with @r as the read index; nothing but the ring's own words may change. */
static void write_against(struct profbuf_ring *ring, u64 r)
{
	u64 before = ring->w_counts;
	bool sane = plausible(before, r, ring->data_len, ring->tag_len);
	u32 nstack, stored;

	for (nstack = 0; nstack < 16; nstack += 3) {
		ring->w_counts = before;
		ring->w.counter = before;
		ring->overflow.counter = nstack % 2 ? (2LL << 32 | 1) : 0;
		ring->r.counter = r;
		stored = write_words(ring, 1, 2, words(3), counting(nstack, 4));
		expect(stored <= 2);
		if (!sane)
			expect_equal(stored, 0);
		/* It goes on by less than a ring, tag by tag. */
		expect((u32)ring->w_counts - (u32)before <= ring->data_len);
		expect_equal(((ring->w_counts >> 34) - (before >> 34)) & 0x3fffffff, stored);
		expect_equal(ring->r.counter, r);
	}
	ring->w_counts = before;
	ring->w.counter = before;
	check_surroundings();
}

TEST(hostile_r_at_every_distance)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);
	u32 i;
	s32 words, tags;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		start_at(ring, places[i][0], places[i][1]);
		for (words = -40; words <= 40; words++) {
			for (tags = -9; tags <= 9; tags++)
				write_against(ring, pack((u32)(places[i][0] - words),
							 (places[i][1] - tags) & 0x3fffffff));
		}
	}
}

TEST(hostile_r_with_flags)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);

	start_at(ring, 5, 3);
	write_against(ring, pack(5, 3) | SLEEPING);
	write_against(ring, pack(5, 3) | EXTRA);
	write_against(ring, pack(5, 3) | SLEEPING | EXTRA);
	/* They mean nothing. */
	ring->r.counter |= SLEEPING | EXTRA;
	ring->overflow.counter = 0;
	expect_write(ring, 1, 1, 2, words(), words());
	expect_w(ring, 8, 4, 0);
}

TEST(hostile_r_ahead_of_w_means_full)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	ring->r.counter = pack(1, 0);
	expect_write(ring, 0, 1, 2, words(), words());
	ring->r.counter = pack(0, 1);
	expect_write(ring, 0, 1, 2, words(), words());
	ring->r.counter = pack(16, 4);
	expect_write(ring, 0, 1, 2, words(), words());
	expect_at(ring->data, words(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	expect_at(ring->tags, words(0, 0, 0, 0));
	expect_w(ring, 0, 0, EXTRA);
	expect_totals(ring, 0, 3, 0, 0);
}

TEST(hostile_r_far_behind_means_full)
{
	struct profbuf_ring *ring = make_ring(0, 16, 4);

	start_at(ring, 1000, 1000);
	ring->r.counter = pack(1000 - 17, 1000);
	expect_write(ring, 0, 1, 2, words(), words());
	ring->r.counter = pack(1000, 1000 - 5);
	expect_write(ring, 0, 1, 2, words(), words());
	ring->r.counter = pack((u32)(1000 - (1 << 29)), 1000);
	expect_write(ring, 0, 1, 2, words(), words());
	ring->r.counter = pack(1000, (1000 - (1 << 29)) & 0x3fffffff);
	expect_write(ring, 0, 1, 2, words(), words());
	expect_at(ring->data, words(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	expect_totals(ring, 0, 4, 0, 0);
}

TEST(hostile_r_of_any_bits)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);
	u64 state = 88172645463325252ULL;
	u32 i;

	for (i = 0; i < 5000; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		start_at(ring, places[i % 7][0], places[i % 7][1]);
		write_against(ring, state);
	}
	for (i = 0; i < 64; i++) {
		write_against(ring, 1ULL << i);
		write_against(ring, ~(1ULL << i));
		write_against(ring, (1ULL << i) - 1);
	}
}

/* The reader that trusts such an index, too, stays inside. */
TEST(hostile_r_unread)
{
	struct profbuf_ring *ring = make_ring(1, 16, 4);
	struct profbuf_ring_batch batch;
	u64 state = 88172645463325252ULL;
	u32 i;

	for (i = 0; i < 5000; i++) {
		int status;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		start_at(ring, 5, 3);
		ring->overflow.counter = 0;
		expect_write(ring, 1, 1, 2, words(3), words(4));
		ring->r.counter = i % 2 ? (s64)state : (s64)pack(state & 31, state >> 8 & 7);
		profbuf_ring_unread(ring);
		ring->overflow_undelivered = false;
		ring->r_next = ring->r.counter;
		status = profbuf_ring_read(ring, &batch, U64_MAX);
		if (status > 0) {
			expect(batch.data >= ring->data);
			expect(batch.data + batch.words <= ring->data + 16);
			expect(batch.tags >= ring->tags);
			expect(batch.tags + batch.records <= ring->tags + 4);
		}
	}
}
