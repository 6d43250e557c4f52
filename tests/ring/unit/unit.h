/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ring's unit tests share. Rings lie between pages that nobody may touch,
 * and nothing around the arrays may change.
 */
#ifndef PROFBUF_RING_UNIT_H
#define PROFBUF_RING_UNIT_H

#include "ring.h"
#include "test.h"

#define WAKE		PROFBUF_RING_WAKE
#define FIRST		PROFBUF_RING_FIRST
#define SLEEPING	(1ULL << 32)
#define EXTRA		(1ULL << 33)

struct words {
	const u64 *word;
	u32 count;
};

/* Literal words, none at all included. */
#define words(...)							\
	((struct words){ (const u64[]){ __VA_ARGS__ },			\
			 sizeof((const u64[]){ __VA_ARGS__ }) / sizeof(u64) })

/* @count words: @first, @first + 1, ... */
struct words counting(u32 count, u64 first);

/* A ring that is checked and freed when the test is over, or with all others before. */
struct profbuf_ring *make_ring(s64 hdrsize, s64 words, s64 tags);
void free_rings(void);

/* What lies around the ring's arrays has not changed. */
void check_surroundings(void);

/* Lets an empty ring continue from these counts. */
void start_at(struct profbuf_ring *ring, u32 data_count, u32 tag_count);

static inline u64 pack(u64 data_count, u64 tag_count)
{
	return tag_count << 34 | data_count;
}

static inline u64 index_w(const struct profbuf_ring *ring)
{
	return ring->w.counter;
}

static inline u64 index_r(const struct profbuf_ring *ring)
{
	return ring->r.counter;
}

static inline u32 pending_count(const struct profbuf_ring *ring)
{
	return ring->overflow.counter;
}

#define write_words(ring, now, tag, hdr, stack)				\
	({								\
		struct words hdr_ = (hdr);				\
		struct words stack_ = (stack);				\
		profbuf_ring_write(ring, now, tag, hdr_.word, hdr_.count, \
				   stack_.word, stack_.count);		\
	})

#define expect_equal(actual, expected)					\
	_assert_int_equal((u64)(actual), (u64)(expected), __FILE__, __LINE__)
#define expect(condition)						\
	_assert_true(!!(condition), #condition, __FILE__, __LINE__)

/* The result of a write: records stored, WAKE, FIRST; 0 is a discard. */
#define expect_write(ring, result, now, tag, hdr, stack)		\
	expect_equal((s64)write_words(ring, now, tag, hdr, stack), (s64)(result))

/* What one read returns, word by word: the records, and their tags. */
#define expect_read(ring, data, tags)	expect_read_room(ring, U64_MAX, data, tags)
#define expect_read_room(ring, room, data, tags)			\
	expect_batch(ring, room, data, tags, __FILE__, __LINE__)
void expect_batch(struct profbuf_ring *ring, u64 room, struct words data, struct words tags,
		  const char *file, int line);

/* A read that returns nothing, but @status. */
#define expect_none(ring, room, status)	expect_no_batch(ring, room, status, __FILE__, __LINE__)
#define expect_nothing(ring)		expect_none(ring, U64_MAX, -EAGAIN)
#define expect_end(ring)		expect_none(ring, U64_MAX, 0)
void expect_no_batch(struct profbuf_ring *ring, u64 room, int status, const char *file, int line);

/* Words at a place in memory. */
#define expect_at(memory, words_)					\
	expect_words(memory, words_, #memory, __FILE__, __LINE__)
void expect_words(const u64 *memory, struct words expected, const char *what,
		  const char *file, int line);

/* r, r_next and w, each as data and tag count; flags of w apart. */
#define expect_r(ring, data_count, tag_count)				\
	expect_equal(index_r(ring), pack(data_count, tag_count))
#define expect_r_next(ring, data_count, tag_count)			\
	expect_equal((ring)->r_next, pack(data_count, tag_count))
#define expect_w(ring, data_count, tag_count, flags)			\
	expect_equal(index_w(ring), pack(data_count, tag_count) | (flags))

/* Written, lost, nested, filtered. */
void expect_totals(const struct profbuf_ring *ring, u64 written, u64 lost, u64 nested,
		   u64 filtered);

#endif /* PROFBUF_RING_UNIT_H */
