// SPDX-License-Identifier: LGPL-2.1-only OR GPL-2.0-only
/*
 * From the words of the kernel's frames to records, losses and limits.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <profbuf/recording.h>

#include "opts.h"
#include "stream.h"

#define KERNEL_ADDRESS (1ULL << 63)

/* Without an INFO frame the words are in the order that they have in the header. */
void stream__default_words(struct profbuf_stream *stream)
{
	int word;

	stream->position[PROFBUF_WORD_ZERO] = WORD_ABSENT;
	for (word = 1; word <= PROFBUF_WORDS; word++)
		stream->position[word] = word - 1;
}

/**
 * stream__take_info - remember what an INFO frame says
 * @stream: the stream
 * @frame: the frame, which profbuf_frame_check() accepts
 *
 * Return: 0 or a negative errno.
 */
int stream__take_info(struct profbuf_stream *stream, const struct profbuf_frame *frame)
{
	const struct profbuf_info *info = (const void *)(frame + 1);
	size_t payload = frame->size - sizeof(*frame);
	uint64_t offset = stream->offset;
	uint64_t words, cpus;
	const uint32_t *word;
	uint32_t i;

	if (payload < sizeof(*info) || info->size < sizeof(*info) || info->size > payload ||
	    info->size % 8)
		return stream__fail(stream, -EBADMSG, offset, "an INFO frame that is too small");
	words = ((uint64_t)info->nr_words * sizeof(*word) + 7) / 8 * 8;
	cpus = ((uint64_t)info->nr_cpus + 63) / 64 * 8;
	if (words + cpus > payload - info->size)
		return stream__fail(stream, -EBADMSG, offset,
				    "an INFO frame too small for %u words and %u CPUs",
				    info->nr_words, info->nr_cpus);
	word = (const void *)((const char *)info + info->size);
	if (!info->nr_words || word[0] != PROFBUF_WORD_COUNT)
		return stream__fail(stream, -EBADMSG, offset,
				    "an INFO frame whose first word is not the count");

	if (stream->info_capacity < payload) {
		struct profbuf_info *larger = realloc(stream->info, payload);

		if (!larger)
			return stream__fail(stream, -ENOMEM, offset, "out of memory");
		stream->info = larger;
		stream->info_capacity = payload;
	}
	memcpy(stream->info, info, payload);

	memset(stream->position, WORD_ABSENT, sizeof(stream->position));
	for (i = 0; i < info->nr_words && i < PROFBUF_HDRSIZE_MAX; i++)
		if (word[i] && word[i] <= PROFBUF_WORDS &&
		    stream->position[word[i]] == WORD_ABSENT)
			stream->position[word[i]] = i;

	/* A session that was started anew, or streams one behind the other in a file. */
	if (!frame->sequence)
		stream->nr_sequences = 0;
	return 0;
}

/* Have a place for the sequence number of a CPU. */
static int stream__reserve_cpu(struct profbuf_stream *stream, uint32_t cpu)
{
	if (cpu >= STREAM_MAX_CPUS)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a frame of CPU %u, which no machine has", cpu);
	if (cpu >= stream->nr_sequences) {
		uint32_t old = stream->nr_sequences;
		uint64_t *larger = realloc(stream->sequence, (cpu + 1) * sizeof(*larger));

		if (!larger)
			return stream__fail(stream, -ENOMEM, stream->offset, "out of memory");
		memset(larger + old, 0, (cpu + 1 - old) * sizeof(*larger));
		stream->sequence = larger;
		stream->nr_sequences = cpu + 1;
	}
	return 0;
}

static int stream__check_sequence(struct profbuf_stream *stream, const struct profbuf_frame *frame,
				  const struct profbuf_handler *handler, void *context)
{
	int (*handle)(void *, const struct profbuf_gap *) = OPTS_GET(handler, gap, NULL);
	struct profbuf_gap gap = { .stream = stream, .cpu = frame->cpu };
	uint64_t *sequence;
	int err;

	err = stream__reserve_cpu(stream, frame->cpu);
	if (err)
		return err;
	sequence = &stream->sequence[frame->cpu];
	gap.records = frame->sequence - *sequence;
	if (frame->sequence < *sequence)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a frame of CPU %u out of order: it says that %" PRIu64
				    " records came before it, and %" PRIu64 " did",
				    frame->cpu, (uint64_t)frame->sequence, *sequence);
	*sequence = frame->sequence + frame->records;
	return gap.records && handle ? handle(context, &gap) : 0;
}

static uint32_t kernel_prefix(const uint64_t *stack, uint32_t depth)
{
	uint32_t n;

	for (n = 0; n < depth && stack[n] & KERNEL_ADDRESS; n++)
		;
	return n;
}

/* What a frame's records have of each word: its place in the header, or a place with a 0. */
struct word_plan {
	uint8_t position[PROFBUF_WORDS + 1];
	uint32_t has;
};

static void plan_words(const struct profbuf_stream *stream, uint32_t hdrsize,
		       struct word_plan *plan)
{
	int word;

	plan->has = 0;
	for (word = 1; word <= PROFBUF_WORDS; word++) {
		plan->position[word] = stream->position[word];
		if (stream->position[word] < hdrsize)
			plan->has |= 1U << word;
	}
}

static inline uint64_t word_of(const struct word_plan *plan, const uint64_t *header, int word)
{
	return plan->has & 1U << word ? header[plan->position[word]] : 0;
}

/* A period at least is that of the sample itself, whatever damage says. */
static void decode_late(struct profbuf_record *record, uint64_t word)
{
	record->late = PROFBUF_LATE_PERIODS(word);
	if (record->late >= record->count)
		record->late = record->count - 1;
	record->stolen = PROFBUF_LATE_STOLEN(word);
	if (record->stolen > record->late)
		record->stolen = record->late;
}

/* Of the words behind the header, those at the end may be a copy. Returns whether it is whole. */
static bool split_stack(struct profbuf_record *record, uint64_t copy)
{
	record->copy_words = 0;
	record->copy = NULL;
	if (!copy)
		return true;
	if (copy > record->depth || copy < PROFBUF_COPY_FIXED)
		return false;
	record->depth -= copy;
	record->copy_words = copy;
	record->copy = record->stack + record->depth;
	return true;
}

static void decode(struct profbuf_record *record, const struct word_plan *plan,
		   const uint64_t *header, uint64_t default_period)
{
	uint64_t comm[2];
	uint64_t task = word_of(plan, header, PROFBUF_WORD_TASK);
	uint64_t end = word_of(plan, header, PROFBUF_WORD_END);

	record->header = header;
	record->pid = task >> 32;
	record->tid = (uint32_t)task;
	record->mode = word_of(plan, header, PROFBUF_WORD_MODE);
	record->cgroup = word_of(plan, header, PROFBUF_WORD_CGROUP);
	comm[0] = word_of(plan, header, PROFBUF_WORD_COMM);
	comm[1] = word_of(plan, header, PROFBUF_WORD_COMM2);
	memcpy(record->comm, comm, sizeof(record->comm));
	record->comm[sizeof(record->comm) - 1] = 0;
	record->period = word_of(plan, header, PROFBUF_WORD_PERIOD);
	if (!record->period)
		record->period = default_period;
	record->value = word_of(plan, header, PROFBUF_WORD_VALUE);
	decode_late(record, word_of(plan, header, PROFBUF_WORD_LATE));
	record->space = word_of(plan, header, PROFBUF_WORD_SPACE);
	record->end = PROFBUF_END(end);
	record->end_flags = end ^ record->end;
	if (plan->has & 1U << PROFBUF_WORD_MODE) {
		record->kernel_frames = PROFBUF_MODE_KERNEL_FRAMES(record->mode);
		if (record->kernel_frames > record->depth)
			record->kernel_frames = record->depth;
	} else {
		record->kernel_frames = kernel_prefix(record->stack, record->depth);
	}
}

/* Where a word of a frame is. One that was PACKED has only the place of the whole. */
static uint64_t word_offset(const struct profbuf_stream *stream, const struct profbuf_frame *frame,
			    uint32_t position)
{
	if (frame == stream->samples)
		return stream->offset;
	return stream->offset + sizeof(*frame) + position * sizeof(uint64_t);
}

/**
 * stream__records - call a handler for the records of a frame
 * @stream: the stream
 * @frame: a SAMPLES frame, which profbuf_frame_check() accepts
 * @handler: the handler
 * @context: its first argument
 *
 * Return: 0, what a handler returned other than 0, or a negative errno.
 */
int stream__records(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		    const struct profbuf_handler *handler, void *context)
{
	int (*handle_record)(void *, const struct profbuf_record *) =
		OPTS_GET(handler, record, NULL);
	int (*handle_loss)(void *, const struct profbuf_loss *) = OPTS_GET(handler, loss, NULL);
	const uint64_t *words = (const void *)profbuf_frame_records(frame);
	const uint64_t *tags = (const void *)profbuf_frame_tags(frame);
	uint64_t default_period = stream->info ? stream->info->period_ns : 0;
	struct profbuf_loss loss = {
		.stream = stream,
		.cpu = frame->cpu,
		.hdrsize = frame->hdrsize,
	};
	struct profbuf_record record = {
		.stream = stream,
		.cpu = frame->cpu,
		.hdrsize = frame->hdrsize,
	};
	struct word_plan plan;
	uint32_t position = 0;
	uint32_t length, n;
	int ret;

	if (frame->hdrsize < PROFBUF_HDRSIZE_MIN || frame->hdrsize > PROFBUF_HDRSIZE_MAX)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "records with a header of %u words", frame->hdrsize);
	ret = stream__check_sequence(stream, frame, handler, context);
	if (ret)
		return ret;
	plan_words(stream, frame->hdrsize, &plan);
	record.has = plan.has;

	for (n = 0; n < frame->records; n++, position += length) {
		const uint64_t *word = words + position;
		const uint64_t *header = word + PROFBUF_RECORD_FIXED;

		length = profbuf_record_check(frame, position);
		if (!length)
			return stream__fail(stream, -EBADMSG, word_offset(stream, frame, position),
					    "record %u of a frame of %u is damaged", n,
					    frame->records);
		record.time = word[1];
		record.tag = tags[n];
		record.stack = header + frame->hdrsize;
		record.depth = length - PROFBUF_RECORD_FIXED - frame->hdrsize;
		record.count = header[0];
		if (record.count) {
			if (!handle_record)
				continue;
			if (!split_stack(&record, word_of(&plan, header, PROFBUF_WORD_COPY)))
				return stream__fail(stream, -EBADMSG,
						    word_offset(stream, frame, position),
						    "a record whose copy of the stack is not whole");
			decode(&record, &plan, header, default_period);
			ret = handle_record(context, &record);
		} else {
			if (record.depth != 1)
				return stream__fail(stream, -EBADMSG,
						    word_offset(stream, frame, position),
						    "a loss with a stack of %u words",
						    record.depth);
			if (!handle_loss)
				continue;
			loss.time = record.time;
			loss.tag = record.tag;
			loss.header = header;
			loss.lost = record.stack[0];
			ret = handle_loss(context, &loss);
		}
		if (ret)
			return ret;
	}
	if (position != frame->words)
		return stream__fail(stream, -EBADMSG, word_offset(stream, frame, position),
				    "%u words more than the frame's %u records have",
				    frame->words - position, frame->records);
	return 0;
}

/**
 * stream__limit - call a handler for a LIMIT frame
 * @stream: the stream
 * @frame: the frame, which profbuf_frame_check() accepts
 * @handler: the handler, which has a place for it
 * @context: its first argument
 *
 * Return: 0, what a handler returned other than 0, or a negative errno.
 */
int stream__limit(struct profbuf_stream *stream, const struct profbuf_frame *frame,
		  const struct profbuf_handler *handler, void *context)
{
	struct profbuf_limit limit;

	if (profbuf_recording__payload(frame, &limit, sizeof(limit), NULL) ||
	    limit.size < sizeof(limit))
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a LIMIT frame that is too small");
	if (frame->cpu >= STREAM_MAX_CPUS)
		return stream__fail(stream, -EBADMSG, stream->offset,
				    "a frame of CPU %u, which no machine has", frame->cpu);
	return handler->limit ? handler->limit(context, frame->cpu, &limit) : 0;
}
