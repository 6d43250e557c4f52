// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the writer with a read index that userspace may have set to anything. Address
 * sanitizer watches the arrays; the writer's own account must hold whatever happens.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "ring.h"

#define STACK_MAX	256

static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "a hostile reader got through: %s\n", what);
	abort();
}

/* Values that are close to what is right do more than random ones. */
static u64 hostile_index(struct profbuf_ring *ring, struct bytes *bytes)
{
	u64 w = ring->w_counts;

	switch (bytes_take(bytes, 1) % 6) {
	case 0:
		return bytes_take(bytes, 8);
	case 1:
		return w;
	case 2:
		return w + (u32)bytes_take(bytes, 2);
	case 3:
		return w - (u32)bytes_take(bytes, 2);
	case 4:
		return w ^ 1ULL << bytes_take(bytes, 1) % 64;
	default:
		return w ^ bytes_take(bytes, 1) << 32;
	}
}

static void hostile_write(struct profbuf_ring *ring, struct bytes *bytes, u64 now)
{
	static const u64 stack[STACK_MAX] = { 1, 2, 3 };
	u64 header[2] = { 4, 5 };
	u32 nstack = bytes_take(bytes, 1);
	u64 before = ring->w_counts;
	u32 words, records;
	int result;

	expect(profbuf_ring_enter(ring, now), "the guard");
	result = profbuf_ring_write(ring, now, 6, header, 2, stack, nstack);
	expect(result >= 0, "a write that fails");
	expect(profbuf_ring_exit(ring) >= 0, "leaving");

	words = (u32)ring->w_counts - (u32)before;
	records = (u32)(ring->w_counts >> 34) - (u32)(before >> 34);
	records &= 0x3fffffff;
	expect(records == (u32)(result & PROFBUF_RING_STORED), "records");
	/* At most a rewind for each record, and never more than there is. */
	expect(words <= ring->data_len, "words");
	if (records)
		expect(words >= 4 + nstack, "fewer words than the record");
	else
		expect(!words, "words of a discarded record");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct profbuf_ring_layout layout;
	struct profbuf_ring_batch batch;
	struct profbuf_ring_totals totals;
	struct profbuf_ring ring;
	u64 *words, *tags, *overflow_record;
	u64 now = 0, writes = 0;

	if (profbuf_ring_layout(&layout, 2, bytes_take(&bytes, 1), bytes_take(&bytes, 1)))
		return 0;
	words = calloc(layout.data_len, sizeof(*words));
	tags = calloc(layout.tag_len, sizeof(*tags));
	overflow_record = malloc(profbuf_ring_overflow_words(&layout) * sizeof(*overflow_record));
	if (!words || !tags || !overflow_record)
		abort();
	profbuf_ring_init(&ring, &layout, words, tags, overflow_record);
	ring.watermark = 1 + bytes_take(&bytes, 1);

	while (bytes.left) {
		now++;
		switch (bytes_take(&bytes, 1) % 8) {
		case 0:
		case 1:
			atomic64_set(&ring.r, hostile_index(&ring, &bytes));
			break;
		case 2:
			/* What it returns may be garbage, but from inside the ring. */
			if (profbuf_ring_read(&ring, &batch, U64_MAX) > 0)
				expect(batch.words <= ring.data_len &&
				       batch.records <= ring.tag_len, "the size of a batch");
			break;
		case 3:
			profbuf_ring_arm(&ring);
			break;
		default:
			hostile_write(&ring, &bytes, now);
			writes++;
		}
	}
	profbuf_ring_totals(&ring, &totals);
	expect(totals.written + totals.lost == writes, "the account");

	free(words);
	free(tags);
	free(overflow_record);
	return 0;
}
