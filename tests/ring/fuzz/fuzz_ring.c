// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the ring with sequences of operations, each answer compared with the model's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "model.h"
#include "ring.h"

#define STACK_MAX	300

static _Noreturn void differ(const char *what)
{
	fprintf(stderr, "the ring and its model differ: %s\n", what);
	abort();
}

static void expect(bool equal, const char *what)
{
	if (!equal)
		differ(what);
}

static void check_record(const struct model *model, const struct model_record *record,
			 const u64 *words, u64 tag)
{
	uint32_t i;

	expect(words[0] == model_record_words(model, record->stack_words), "length");
	expect(words[1] == record->time, "time");
	for (i = 0; i < model->header_words; i++)
		expect(words[2 + i] == (i < record->header_words ? record->header[i] : 0),
		       "header");
	words += 2 + model->header_words;
	for (i = 0; i < record->stack_words; i++)
		expect(words[i] == (record->overflow ? record->stack_seed :
				    model_stack_word(record->stack_seed, i)), "stack");
	expect(tag == record->tag, "tag");
}

/* The records are in a circular array of the model's; take them one by one. */
static void check_batch(const struct model *model, const struct model_batch *expected,
			const struct profbuf_ring_batch *batch)
{
	const u64 *words = batch->data;
	const struct model_record *record = expected->records;
	u32 i;

	expect(batch->records == expected->count, "records of a batch");
	expect(batch->words == expected->words, "words of a batch");
	for (i = 0; i < batch->records; i++) {
		check_record(model, record, words, batch->tags[i]);
		words += words[0];
		if (++record == model->records + MODEL_RECORDS)
			record = model->records;
	}
}

static void check_read(struct profbuf_ring *ring, struct model *model, u64 room)
{
	struct profbuf_ring_batch batch;
	struct model_batch expected;
	int result = profbuf_ring_read(ring, &batch, room);

	expect(result == model_read(model, room, &expected), "result of a read");
	check_batch(model, &expected, &batch);
}

static void check_write(struct profbuf_ring *ring, struct model *model, struct bytes *bytes,
			uint64_t *now)
{
	uint64_t header[MODEL_HEADER + 1] = { 11, 12, 13, 14, 15 };
	uint32_t shape = bytes_take(bytes, 1);
	uint32_t nhdr = shape % (MODEL_HEADER + 2);
	uint32_t refused = shape >> 6;
	uint32_t nstack = bytes_take(bytes, 1);
	uint64_t tag = bytes_take(bytes, 1);
	uint64_t seed = *now;
	u64 hdr[MODEL_HEADER + 1], stack[STACK_MAX];
	struct model_result expected;
	bool write = shape & 0x20;
	uint32_t i;
	int result;

	for (i = 0; i < MODEL_HEADER + 1; i++)
		hdr[i] = header[i] += seed;
	for (i = 0; i < nstack; i++)
		stack[i] = model_stack_word(seed, i);

	expect(profbuf_ring_enter(ring, *now), "entering");
	for (i = 0; i < refused; i++) {
		expect(!profbuf_ring_enter(ring, *now), "refusal");
		model_refuse(model, *now);
		*now += bytes_take(bytes, 1) % 3;
	}
	if (write) {
		result = profbuf_ring_write(ring, *now, tag, hdr, nhdr, stack, nstack);
		if (nhdr > model->header_words) {
			expect(result == -EINVAL, "a header that is too long");
		} else {
			expected = model_write(model, *now, tag, header, nhdr, seed, nstack);
			expect(result == (expected.stored |
					  (expected.wake ? PROFBUF_RING_WAKE : 0) |
					  (expected.first ? PROFBUF_RING_FIRST : 0)),
			       "result of a write");
		}
	} else {
		model_filter(model);
		profbuf_ring_filter(ring);
	}
	for (i = 0; i < refused / 2; i++) {
		expect(!profbuf_ring_enter(ring, *now), "refusal");
		model_refuse(model, *now);
	}
	expect(profbuf_ring_exit(ring) == (model_exit(model) ? PROFBUF_RING_WAKE : 0),
	       "result of leaving");
}

static void check_operation(struct profbuf_ring *ring, struct model *model, struct bytes *bytes,
			    uint64_t *now)
{
	int result;

	*now += bytes_take(bytes, 1);
	switch (bytes_take(bytes, 1) % 16) {
	case 0:
		result = model->closed ? -EALREADY : model_close(model) ? PROFBUF_RING_WAKE : 0;
		expect(profbuf_ring_close(ring) == result, "closing");
		break;
	case 1:
		profbuf_ring_commit(ring);
		model_commit(model);
		model->last_was_synthesized = false;
		break;
	case 2:
		/* Only a batch that was returned, and not committed, can be put back. */
		if (model->read != model->first || model->last_was_synthesized) {
			profbuf_ring_unread(ring);
			model_unread(model);
			model->last_was_synthesized = false;
		}
		break;
	case 3:
	case 4:
		expect(profbuf_ring_arm(ring) == model_arm(model), "arming");
		break;
	case 5:
		check_read(ring, model, bytes_take(bytes, 1));
		break;
	case 6:
	case 7:
	case 8:
		check_read(ring, model, U64_MAX);
		break;
	default:
		check_write(ring, model, bytes, now);
	}
}

static void check_totals(const struct profbuf_ring *ring, const struct model *model)
{
	struct profbuf_ring_totals totals;

	profbuf_ring_totals(ring, &totals);
	expect(totals.written == model->written, "written");
	expect(totals.lost == model->lost, "lost");
	expect(totals.nested == model->nested, "nested");
	expect(totals.filtered == model->filtered, "filtered");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct bytes bytes = { data, size };
	struct profbuf_ring_layout layout;
	struct profbuf_ring ring;
	u64 *words, *tags, *overflow_record;
	uint64_t now = 1;
	u32 hdrsize = bytes_take(&bytes, 1) % (MODEL_HEADER + 1);

	if (profbuf_ring_layout(&layout, hdrsize, bytes_take(&bytes, 1), bytes_take(&bytes, 1)))
		differ("layout");
	words = calloc(layout.data_len, sizeof(*words));
	tags = calloc(layout.tag_len, sizeof(*tags));
	overflow_record = malloc(profbuf_ring_overflow_words(&layout) * sizeof(*overflow_record));
	if (!words || !tags || !overflow_record)
		abort();
	profbuf_ring_init(&ring, &layout, words, tags, overflow_record);
	ring.watermark = 1 + bytes_take(&bytes, 1) % 64;

	memset(&model, 0, sizeof(model));
	model.header_words = hdrsize;
	model.length = layout.data_len;
	model.slots = layout.tag_len;
	model.watermark = ring.watermark;

	while (bytes.left)
		check_operation(&ring, &model, &bytes, &now);
	check_totals(&ring, &model);

	free(words);
	free(tags);
	free(overflow_record);
	return 0;
}
