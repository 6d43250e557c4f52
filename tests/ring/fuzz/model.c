// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model.h"

uint64_t model_stack_word(uint64_t seed, uint32_t i)
{
	return (seed + i) * 0x9e3779b97f4a7c15 ^ i;
}

uint64_t model_record_words(const struct model *model, uint32_t stack_words)
{
	return 2 + model->header_words + stack_words;
}

static struct model_record *model_record(struct model *model, uint64_t index)
{
	return &model->records[index % MODEL_RECORDS];
}

/* Words left over if a record of @words is to be contiguous behind @start. */
static uint64_t model_skip(const struct model *model, uint64_t start, uint64_t words)
{
	uint64_t position = start % model->length;

	return position + words > model->length ? model->length - position : 0;
}

static bool model_fits(const struct model *model, const uint32_t *stacks, uint32_t count)
{
	uint64_t end = model->words_stored;
	uint32_t i;

	if (model->stored - model->first + count > model->slots)
		return false;
	for (i = 0; i < count; i++) {
		uint64_t words = model_record_words(model, stacks[i]);

		if (words > model->length)
			return false;
		end += model_skip(model, end, words) + words;
	}
	return end - model->words_freed <= model->length;
}

static void model_store(struct model *model, const struct model_record *record)
{
	struct model_record *copy = model_record(model, model->stored++);
	uint64_t words = model_record_words(model, record->stack_words);

	*copy = *record;
	copy->skipped = model_skip(model, model->words_stored, words);
	copy->start = model->words_stored + copy->skipped;
	model->words_stored = copy->start + words;
}

static bool model_wake(struct model *model)
{
	bool wake = model->armed;

	model->armed = false;
	return wake;
}

static bool model_lose(struct model *model, uint64_t now, uint64_t count)
{
	if (!model->pending)
		model->pending_time = now;
	model->pending += count;
	model->lost += count;
	return model_wake(model);
}

static void model_fold(struct model *model)
{
	uint64_t count = model->refused;

	if (!count)
		return;
	model->refused = 0;
	model->nested += count;
	if (model_lose(model, model->refused_time, count))
		model->refused_wake = true;
}

static struct model_record model_overflow(const struct model *model)
{
	struct model_record record = {
		.time = model->pending_time,
		.overflow = true,
		.stack_words = 1,
		.stack_seed = model->pending,
	};

	return record;
}

struct model_result model_write(struct model *model, uint64_t now, uint64_t tag,
				const uint64_t *header, uint32_t header_words, uint64_t seed,
				uint32_t stack_words)
{
	struct model_result result = { 0 };
	uint32_t stacks[2] = { 1, stack_words };
	struct model_record record = {
		.time = now,
		.tag = tag,
		.header_words = header_words,
		.stack_words = stack_words,
		.stack_seed = seed,
	};

	memcpy(record.header, header, header_words * sizeof(*header));
	if (model->refused && model->refused_time < now)
		model_fold(model);
	if (!model_fits(model, model->pending ? stacks : stacks + 1, model->pending ? 2 : 1)) {
		result.wake = model_lose(model, now, 1);
		return result;
	}

	if (model->pending) {
		struct model_record overflow = model_overflow(model);

		model_store(model, &overflow);
		model->pending = 0;
		result.stored++;
	}
	model_store(model, &record);
	result.stored++;
	model->written++;

	if (!model->armed)
		return result;
	if (model->words_stored - model->armed_at >= model->watermark) {
		result.wake = model_wake(model);
	} else {
		result.first = model->unpromised;
		model->unpromised = false;
	}
	return result;
}

void model_filter(struct model *model)
{
	model->filtered++;
}

void model_refuse(struct model *model, uint64_t now)
{
	if (!model->refused++)
		model->refused_time = now;
}

bool model_exit(struct model *model)
{
	bool wake;

	model_fold(model);
	wake = model->refused_wake;
	model->refused_wake = false;
	return wake;
}

bool model_close(struct model *model)
{
	model->closed = true;
	return model_wake(model);
}

bool model_arm(struct model *model)
{
	bool unread = model->read != model->stored;

	if (!model->armed || !unread)
		model->armed_at = model->words_stored;
	model->armed = true;
	model->unpromised = true;
	return unread || model->undelivered || model->pending || model->closed;
}

void model_commit(struct model *model)
{
	model->first = model->read;
	model->words_freed = model->words_read;
}

void model_unread(struct model *model)
{
	if (model->last_was_synthesized)
		model->undelivered = true;
	model->read = model->first;
	model->words_read = model->words_freed;
}

static int model_read_synthesized(struct model *model, uint64_t room, struct model_batch *batch)
{
	uint64_t words = model_record_words(model, 1);

	if (words + 1 > room) {
		model->undelivered = true;
		return -EMSGSIZE;
	}
	model->undelivered = false;
	model->last_was_synthesized = true;
	batch->records = &model->synthesized;
	batch->count = 1;
	batch->words = words;
	return 1;
}

int model_read(struct model *model, uint64_t room, struct model_batch *batch)
{
	const struct model_record *record;
	uint64_t index, end;

	memset(batch, 0, sizeof(*batch));
	model_commit(model);
	model->last_was_synthesized = false;
	if (model->undelivered)
		return model_read_synthesized(model, room, batch);
	if (model->read == model->stored) {
		if (model->pending) {
			model->synthesized = model_overflow(model);
			model->pending = 0;
			return model_read_synthesized(model, room, batch);
		}
		return model->closed ? 0 : -EAGAIN;
	}

	index = model->read;
	batch->records = model_record(model, index);
	end = batch->records->start;
	for (; index < model->stored; index++) {
		record = model_record(model, index);
		if (batch->count) {
			/* A batch ends with the rest of the ring, of either ring. */
			if (record->skipped || record->start % model->length == 0 ||
			    index % model->slots == 0)
				break;
		}
		end = record->start + model_record_words(model, record->stack_words);
		if (end - batch->records->start + batch->count + 1 > room) {
			end = record->start;
			break;
		}
		batch->count++;
		batch->words = end - batch->records->start;
	}
	if (!batch->count)
		return -EMSGSIZE;
	model->read += batch->count;
	model->words_read = batch->records->start + batch->words;
	return batch->count;
}
