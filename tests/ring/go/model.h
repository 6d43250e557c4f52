/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the generator must know of a profBuf to aim at its boundaries: how full
 * it is, and where its records lie. It knows no contents, and it gives no
 * answers; where it is wrong, the generator only aims badly, and the coverage
 * that it counts tells.
 */
#ifndef PROFBUF_ORACLE_MODEL_H
#define PROFBUF_ORACLE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define FIXED_WORDS	2	/* words of a record besides header and stack */
#define OVERFLOW_STACK	1	/* stack words of an overflow entry */
#define MAX_SLOTS	(1U << 16)

/* What a trace can meet. The test demands that each of them is met. */
#define COVERAGE(X)								\
	X(nil) X(too_large) X(header_of_none) X(words_raised) X(words_rounded)	\
	X(words_power) X(tags_raised) X(tags_rounded) X(start_offsets)		\
	X(data_count_wraps) X(tag_count_wraps)					\
	X(stored) X(short_header) X(no_header) X(no_stack)			\
	X(nil_tag_pointer) X(nil_tag) X(high_tag) X(time_backwards)		\
	X(misuse) X(misuse_without_room)					\
	X(fills_exactly) X(fills_exactly_behind_rewind)				\
	X(one_word_short) X(one_word_short_behind_rewind)			\
	X(ends_at_end) X(rewind) X(rewind_of_one_word) X(starts_at_start)	\
	X(last_tag) X(tags_exhausted) X(oversize)				\
	X(over_half_stored) X(over_half_lost) X(written_after_close)		\
	X(overflow_starts) X(overflow_counts) X(overflow_sticks)		\
	X(emitted) X(emitted_fills_exactly) X(emitted_entry_rewinds)		\
	X(emitted_entry_ends_at_end) X(emitted_record_rewinds)			\
	X(emitted_last_tags) X(pair_one_word_short) X(pair_one_tag_short)	\
	X(entry_alone_would_fit) X(record_alone_would_fit)			\
	X(synthesized) X(synthesized_after_close)				\
	X(read_nothing) X(read_one) X(read_many) X(read_stops_at_marker)	\
	X(read_stops_at_end) X(read_stops_at_tag_end) X(read_rewinds)		\
	X(read_only_commits) X(eof) X(eof_again) X(data_after_eof)		\
	X(overflow_after_eof)							\
	X(sleep_ends_by_store) X(sleep_ends_by_discard) X(sleep_ends_by_close)	\
	X(sleep_ends_by_misuse) X(sleep_after_stale_wakeup) X(state_in_sleep)	\
	X(bread_with_data) X(bread_with_overflow) X(bread_at_eof) X(bread_nil)	\
	X(rep) X(rep_of_none) X(drain) X(state) X(ovf) X(ovf_without_entry)	\
	X(closed) X(closed_twice) X(close_before_data) X(close_before_overflow)

enum coverage {
#define X(name) COVERED_##name,
	COVERAGE(X)
#undef X
	COVERAGE_SIZE
};

extern const char *const coverage_names[COVERAGE_SIZE];

/* Counts that never wrap; the wrapping ones of the buffer are their low bits. */
struct position {
	uint64_t data;
	uint64_t tag;
};

struct record {
	uint64_t start;
	uint64_t words;
};

struct model {
	bool nil;
	uint64_t header;
	uint64_t words;
	uint64_t tags;
	struct position r, next, w;
	uint32_t overflow;
	bool closed;
	bool saw_eof;
	/*
	 * Go's double wakeup: the flag that w has for a sleeping reader, which a
	 * discard or a close leaves set, and a wakeup that no sleep has used up.
	 */
	bool sleeping;
	bool woken;
	struct record record[MAX_SLOTS];	/* by tag slot */
	bool covered[COVERAGE_SIZE];
};

enum outcome {
	MISUSED,
	DISCARDED,
	STORED,
};

/* Room as the next record finds it, behind a pending overflow entry. */
struct room {
	int64_t words;	/* free ones, also those that a rewind costs */
	int64_t to_end;	/* words to the end of the ring */
	int64_t tags;
};

static inline void cover(struct model *m, enum coverage what)
{
	m->covered[what] = true;
}

/* False: the buffer is refused. */
bool model_new(struct model *m, int64_t header, int64_t words, int64_t tags, uint32_t data_count,
	       uint32_t tag_count);
void model_new_nil(struct model *m);

struct room model_room(const struct model *m);
enum outcome model_write(struct model *m, uint64_t header, uint64_t stack);
bool model_close(struct model *m);
void model_set_overflow(struct model *m, uint32_t count);

/* Does a read that does not block return something? */
bool model_read(struct model *m);

/* True: a blocking read sleeps, until model_join(). Otherwise it has been done. */
bool model_bread(struct model *m);
void model_join(struct model *m);

/* May the buffer wake its reader once more without breaking Go? */
bool model_may_wake(const struct model *m);

#endif /* PROFBUF_ORACLE_MODEL_H */
