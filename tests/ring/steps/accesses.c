// SPDX-License-Identifier: GPL-2.0
/* What a record costs in ordered accesses. */
#include "ring_steps.h"
#include "steps.h"

static void expect_accesses(u32 acquire_loads, u32 release_stores, u32 read_modify_writes)
{
	expect_equal(ring_accesses.acquire_loads, acquire_loads);
	expect_equal(ring_accesses.release_stores, release_stores);
	expect_equal(ring_accesses.read_modify_writes, read_modify_writes);
	ring_accesses = (struct ring_accesses){ 0 };
}

TEST(record_costs_one_acquire_load_and_one_compare_and_swap)
{
	static const u32 sizes[] = { 0, 1, 16, 64, 128 };
	struct profbuf_ring *ring = make_ring(8, 1024, 16);
	struct profbuf_ring_batch batch;
	u32 i;

	for (i = 0; i < 1000; i++) {
		struct words stack = counting(sizes[i % 5], 0);

		ring_accesses = (struct ring_accesses){ 0 };
		expect(profbuf_ring_enter(ring, i));
		expect_write(ring, 1, i, i, words(1, 2), stack);
		expect_equal(profbuf_ring_exit(ring), 0);
		expect_accesses(1, 0, 1);
		if (i % 3 == 2)
			profbuf_ring_read(ring, &batch, U64_MAX);
		if (i % 3 == 1)
			profbuf_ring_read(ring, &batch, U64_MAX);
	}
}

TEST(filtered_sample_costs_no_ordered_access)
{
	struct profbuf_ring *ring = make_ring(8, 1024, 16);

	ring_accesses = (struct ring_accesses){ 0 };
	expect(profbuf_ring_enter(ring, 1));
	profbuf_ring_filter(ring);
	expect_equal(profbuf_ring_exit(ring), 0);
	expect_accesses(0, 0, 0);
}

TEST(sleeping_reader_costs_one_more_of_each)
{
	struct profbuf_ring *ring = make_ring(8, 1024, 16);

	ring->watermark = 1000;
	expect(!profbuf_ring_arm(ring));
	ring_accesses = (struct ring_accesses){ 0 };
	expect_write(ring, 1 | FIRST, 1, 1, words(1, 2), words(1));
	expect_accesses(2, 0, 2);
	expect_write(ring, 1, 1, 1, words(1, 2), words(1));
	expect_accesses(2, 0, 2);
}

TEST(read_of_records_costs_one_acquire_load_and_one_release_store)
{
	struct profbuf_ring *ring = make_ring(0, 1024, 16);
	u32 i;

	for (i = 0; i < 3; i++) {
		expect_write(ring, 1, 1, 1, words(), words(1));
		expect_write(ring, 1, 2, 2, words(), words(2));
		ring_accesses = (struct ring_accesses){ 0 };
		expect_read(ring, words(3, 1, 1, 3, 2, 2), words(1, 2));
		/* The release store gives back what the read before returned. */
		expect_accesses(1, i > 0, 0);
	}
}
