// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * PACKED frames: from one of them to the SAMPLES frame that it stands for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/recording.h>

#include "stream.h"

/* What is left of the bytes of a frame. */
struct bytes {
	const unsigned char *next;
	const unsigned char *end;
};

static bool get_number(struct bytes *bytes, uint64_t *number)
{
	unsigned int shift;

	*number = 0;
	for (shift = 0; shift < 64 && bytes->next < bytes->end; shift += 7) {
		unsigned char byte = *bytes->next++;

		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool get_words(struct bytes *bytes, uint64_t *words, uint64_t n)
{
	if (n > (size_t)(bytes->end - bytes->next) / sizeof(*words))
		return false;
	memcpy(words, bytes->next, n * sizeof(*words));
	bytes->next += n * sizeof(*words);
	return true;
}

/* Room for @need elements of @size bytes. Returns the array, or NULL if it stays as it was. */
static void *reserve(void *array, size_t *max, size_t need, size_t size)
{
	if (need <= *max)
		return array;
	array = realloc(array, need * 2 * size);
	if (array)
		*max = need * 2;
	return array;
}

/* Give a stack the next ID. */
static int learn(struct profbuf_stream *stream, const uint64_t *stack, uint64_t depth)
{
	uint64_t *words;
	uint32_t *ends;

	if (stream->nr_stacks >= PROFBUF_PACKED_MAX_STACKS ||
	    stream->nr_stack_words + depth > PROFBUF_PACKED_MAX_STACK_WORDS)
		return -EBADMSG;
	/* A word more: there is an array also where all stacks are empty. */
	words = reserve(stream->stack_words, &stream->max_stack_words,
			stream->nr_stack_words + depth + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	stream->stack_words = words;
	ends = reserve(stream->stack_ends, &stream->max_stacks, stream->nr_stacks + 1,
		       sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	stream->stack_ends = ends;
	memcpy(words + stream->nr_stack_words, stack, depth * sizeof(*stack));
	stream->nr_stack_words += depth;
	ends[stream->nr_stacks++] = stream->nr_stack_words;
	return 0;
}

/* What the next record begins with. */
struct expansion {
	struct bytes bytes;
	uint32_t hdrsize;
	uint64_t time;
	uint64_t header[PROFBUF_HDRSIZE_MAX];
	uint64_t tag;
};

static bool get_header(struct expansion *e)
{
	uint64_t number, mask;
	unsigned int word;

	if (!get_number(&e->bytes, &number) || !get_number(&e->bytes, &mask))
		return false;
	e->time += number & 1 ? -(number / 2) - 1 : number / 2;
	if (e->hdrsize < 64 && mask >> e->hdrsize)
		return false;
	for (; mask; mask &= mask - 1) {
		word = __builtin_ctzll(mask);
		if (!get_words(&e->bytes, &e->header[word], 1))
			return false;
	}
	return true;
}

/*
 * One record, of which no more than @room words are to be written to @words. Returns its length, 0
 * if it is damaged, or a negative errno.
 */
static int64_t expand_record(struct profbuf_stream *stream, struct expansion *e, uint64_t *words,
			     uint64_t room)
{
	uint32_t fixed = PROFBUF_RECORD_FIXED + e->hdrsize;
	uint64_t reference, depth;
	uint64_t *stack;
	int err;

	if (!get_number(&e->bytes, &reference) || room < fixed)
		return 0;
	stack = words + fixed;
	if (reference / 2 >= 2) {
		uint64_t id = reference / 2 - 2;
		uint32_t first;

		if (id >= stream->nr_stacks)
			return 0;
		first = id ? stream->stack_ends[id - 1] : 0;
		depth = stream->stack_ends[id] - first;
		if (depth > room - fixed)
			return 0;
		memcpy(stack, stream->stack_words + first, depth * sizeof(*stack));
	} else {
		if (!get_number(&e->bytes, &depth) || depth > room - fixed ||
		    !get_words(&e->bytes, stack, depth))
			return 0;
		err = reference / 2 ? 0 : learn(stream, stack, depth);
		if (err)
			return err == -EBADMSG ? 0 : err;
	}
	if (!get_header(e) || (reference & 1 && !get_words(&e->bytes, &e->tag, 1)))
		return 0;
	words[0] = fixed + depth;
	words[1] = e->time;
	memcpy(words + PROFBUF_RECORD_FIXED, e->header, e->hdrsize * sizeof(*words));
	return fixed + depth;
}

static int expand_records(struct profbuf_stream *stream, const struct profbuf_frame *frame,
			  const struct profbuf_packed *packed)
{
	uint64_t *words = (uint64_t *)(stream->samples + 1);
	uint64_t *tags = words + packed->words;
	struct expansion e = { .hdrsize = frame->hdrsize };
	uint32_t used = 0, n;

	e.bytes.next = (const unsigned char *)(frame + 1) + packed->size;
	e.bytes.end = e.bytes.next + packed->bytes;
	for (n = 0; n < packed->records; n++) {
		int64_t length = expand_record(stream, &e, words + used, packed->words - used);

		if (length < 0)
			return stream__fail(stream, length, stream->offset, "out of memory");
		if (!length)
			return stream__fail(stream, -EBADMSG, stream->offset,
					    "record %u of a PACKED frame of %u is damaged", n,
					    packed->records);
		used += length;
		tags[n] = e.tag;
	}
	if (used != packed->words || e.bytes.next != e.bytes.end)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a PACKED frame with other than %u words or %u bytes",
				    packed->words, packed->bytes);
	return 0;
}

/**
 * stream__expand - make a SAMPLES frame of a PACKED one
 * @stream: the stream
 * @frame: the PACKED frame, which profbuf_frame_check() accepts; the SAMPLES frame afterwards
 *
 * Return: 0 or a negative errno.
 */
int stream__expand(struct profbuf_stream *stream, const struct profbuf_frame **frame)
{
	const struct profbuf_frame *f = *frame;
	size_t payload = f->size - sizeof(*f);
	struct profbuf_packed packed;
	size_t size;
	int err;

	if (profbuf_recording__payload(f, &packed, sizeof(packed), NULL) ||
	    packed.bytes > payload - packed.size || packed.words > PROFBUF_PACKED_MAX_WORDS ||
	    packed.records > packed.words || f->hdrsize > PROFBUF_HDRSIZE_MAX)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a PACKED frame of impossible size");
	size = sizeof(*f) + ((size_t)packed.words + packed.records) * sizeof(uint64_t);
	if (stream->samples_size < size) {
		struct profbuf_frame *larger = realloc(stream->samples, size);

		if (!larger)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		stream->samples = larger;
		stream->samples_size = size;
	}
	if (packed.flags & PROFBUF_PACKED_RESET) {
		stream->nr_stacks = 0;
		stream->nr_stack_words = 0;
	}
	*stream->samples = *f;
	stream->samples->type = PROFBUF_FRAME_SAMPLES;
	stream->samples->size = size;
	stream->samples->records = packed.records;
	stream->samples->words = packed.words;
	err = expand_records(stream, f, &packed);
	*frame = stream->samples;
	return err;
}
