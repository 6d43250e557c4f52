// SPDX-License-Identifier: GPL-2.0
#include "late.h"
#include "symbol/symbol.h"

static const struct symbol_frame late_frame = {
	.name = PROFILE_LATE_TIMER,
	.system_name = PROFILE_LATE_TIMER,
};

static struct symbol_module late_module = { .path = PROFILE_LATE_TIMER };

const struct symbol_location profile_late_timer = {
	.module = &late_module,
	.nframes = 1,
	.frames = &late_frame,
};

/* What damage claims must not make sums overflow: the time is bounded, and then is of no use. */
static struct profile_weight weigh(const struct profbuf_record *record, uint64_t samples,
				   uint64_t periods)
{
	struct profile_weight weight = { .samples = samples, .periods = periods };

	if (__builtin_mul_overflow(periods, record->period, &weight.nanoseconds) ||
	    weight.nanoseconds > INT64_MAX)
		weight.nanoseconds = INT64_MAX;
	return weight;
}

/**
 * profile__split - what a record stands for
 * @record: the record
 *
 * Return: its parts; sums of any number of them do not overflow.
 */
struct profile_parts profile__split(const struct profbuf_record *record)
{
	struct profile_parts parts = {
		.user = record->has & 1U << PROFBUF_WORD_MODE &&
			PROFBUF_MODE(record->mode) == PROFBUF_MODE_USER,
	};
	uint64_t periods = record->count;
	uint64_t late = record->late - record->stolen;

	if (periods > PROFILE_MAX_PERIODS)
		periods = PROFILE_MAX_PERIODS;
	periods -= record->stolen;
	if (parts.user)
		periods -= late;
	parts.own = weigh(record, 1, periods);
	parts.late = weigh(record, 0, late);
	parts.stolen = weigh(record, 0, record->stolen);
	return parts;
}
