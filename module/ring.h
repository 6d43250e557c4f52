/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The profBuf: a lock-free ring of profiling records with one writer, which may
 * be an NMI, and one reader. ring.c tells how it works.
 */
#ifndef PROFBUF_RING_H
#define PROFBUF_RING_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/types.h>

/*
 * Both rings hold fewer than 2^28 entries as asked for, at most 2^28 after
 * rounding up, so that counts compared modulo 2^30 are never ambiguous.
 */
#define PROFBUF_RING_LIMIT	0x10000000U

/* Words of a record besides its header and stack: its length and its time. */
#define PROFBUF_RING_RECORD_FIXED	2

/* What the writer's functions return, ored together; otherwise a negative errno. */
#define PROFBUF_RING_STORED	0x3	/* mask: records stored, 0 to 2 */
#define PROFBUF_RING_WAKE	0x4	/* the reader sleeps: the caller must wake it */
/*
 * The reader sleeps on, though this record waits: the caller must see to it that it is
 * woken in time, unless it has seen to that already, or wakes it now. Told once after
 * each profbuf_ring_arm(): of the first record for which PROFBUF_RING_WAKE is not.
 */
#define PROFBUF_RING_FIRST	0x8

/**
 * struct profbuf_ring_layout - sizes of a ring, as profbuf_ring_layout() rounds them
 * @hdrsize: header words of each record
 * @data_len: words of the data ring, a power of two
 * @tag_len: slots of the tag ring, a power of two
 */
struct profbuf_ring_layout {
	u32 hdrsize;
	u32 data_len;
	u32 tag_len;
};

/**
 * struct profbuf_ring_batch - what one read returns: whole records, oldest first
 * @data: the records, one behind the other
 * @tags: one tag for each record
 * @words: words at @data
 * @records: records at @data and tags at @tags
 *
 * The memory belongs to the ring. It stays as it is until the batch is given
 * back, which profbuf_ring_commit() does, and every profbuf_ring_read().
 */
struct profbuf_ring_batch {
	const u64 *data;
	const u64 *tags;
	u32 words;
	u32 records;
};

/**
 * struct profbuf_ring_totals - what became of the samples offered to a ring
 * @written: samples stored as records; overflow entries are not samples
 * @lost: samples discarded: no room, or nested
 * @nested: the part of @lost that interrupted another write to the same ring
 * @filtered: samples that the caller chose not to record
 *
 * The 64-bit counts never stick, unlike those of overflow entries. The sum of
 * written, lost and filtered is the number of samples offered, exactly,
 * whenever no writer is inside the ring.
 */
struct profbuf_ring_totals {
	u64 written;
	u64 lost;
	u64 nested;
	u64 filtered;
};

/**
 * struct profbuf_ring - one ring
 *
 * Callers set @watermark between profbuf_ring_init() and the first write;
 * everything else belongs to ring.c.
 */
struct profbuf_ring {
	/* private: constant while the ring is in use */
	u64 *data;
	u64 *tags;
	u64 *overflow_record;
	u32 hdrsize;
	u32 data_len;
	u32 tag_len;
	/* public: */
	/** @watermark: words stored since the reader slept that wake it; 1: every record */
	u32 watermark;

	/* private: written by the reader */
	atomic64_t r ____cacheline_aligned_in_smp;
	u64 r_next;
	u64 overflow_tag;
	u32 armed_at;
	bool overflow_undelivered;

	/* private: shared; the reader writes here only to sleep and to take an overflow entry */
	atomic64_t w ____cacheline_aligned_in_smp;
	atomic64_t overflow;
	u64 overflow_time;
	u32 eof;
	u32 first_due;

	/* private: the writer's own */
	u32 busy ____cacheline_aligned_in_smp;
	atomic_t nested;
	u64 nested_time;
	int folding_result;
	u64 w_counts;
	struct profbuf_ring_totals totals;
};

int profbuf_ring_layout(struct profbuf_ring_layout *layout, s64 hdrsize, s64 words, s64 tags);
void profbuf_ring_init(struct profbuf_ring *ring, const struct profbuf_ring_layout *layout,
		       u64 *data, u64 *tags, u64 *overflow_record);

/**
 * profbuf_ring_overflow_words - size of an overflow entry
 * @layout: sizes of the ring
 *
 * Return: words of the overflow record that profbuf_ring_init() is given.
 */
static inline u32 profbuf_ring_overflow_words(const struct profbuf_ring_layout *layout)
{
	return PROFBUF_RING_RECORD_FIXED + layout->hdrsize + 1;
}

/* The writer: any context, NMI included, on the one CPU that writes this ring. */
bool profbuf_ring_enter(struct profbuf_ring *ring, u64 now);
int profbuf_ring_exit(struct profbuf_ring *ring);
int profbuf_ring_write(struct profbuf_ring *ring, u64 now, u64 tag, const u64 *hdr, u32 nhdr,
		       const u64 *stack, u32 nstack);
void profbuf_ring_filter(struct profbuf_ring *ring);

/* Whoever ends the stream, once, after the last write. */
int profbuf_ring_close(struct profbuf_ring *ring);

/* The reader: one at a time, which the caller sees to. */
int profbuf_ring_read(struct profbuf_ring *ring, struct profbuf_ring_batch *batch, u64 room);
void profbuf_ring_commit(struct profbuf_ring *ring);
void profbuf_ring_unread(struct profbuf_ring *ring);
bool profbuf_ring_arm(struct profbuf_ring *ring);

/* Anyone. */
void profbuf_ring_totals(const struct profbuf_ring *ring, struct profbuf_ring_totals *totals);

#endif /* PROFBUF_RING_H */
