// SPDX-License-Identifier: GPL-2.0
/*
 * The profBuf, after the profiling buffer of Go's runtime (runtime/profbuf.go,
 * Copyright The Go Authors, BSD license): the algorithm is theirs, the code and
 * the repairs named at the end of this comment are ours.
 *
 * Overview
 * --------
 * A ring has one writer, which never waits, allocates or takes a lock and so
 * may be an NMI, and one reader, which may sleep. It is two arrays. The data
 * ring holds records, each of them contiguous:
 *
 *	length, time, header (hdrsize words), stack (length - 2 - hdrsize words)
 *
 * The tag ring holds one tag for each record. A record that does not fit between
 * the write position and the end of the data ring goes to its beginning, and a
 * length of 0, the rewind marker, sends the reader there. A record that ends
 * exactly at the end needs no marker.
 *
 * How far writer and reader are is kept in two 64-bit indices, w and r. Each
 * packs a count of data words and a count of tags. The place in a ring is the
 * count modulo its length. w has two flags besides:
 *
 *	 63           34 33    32       31            0
 *	+---------------+-----+--------+---------------+
 *	|   tag count   |EXTRA|SLEEPING|  data count   |
 *	+---------------+-----+--------+---------------+
 *
 * SLEEPING: the reader sleeps, or will, unless a compare-and-swap of w tells it
 * better. EXTRA: there is something beside the data, an overflow entry or the
 * end. So one compare-and-swap publishes a record and learns whether somebody
 * must be woken, and no wakeup can fall between the two.
 *
 * A sample for which there is no room is discarded and counted in the pending
 * overflow entry: the low half of the word overflow is the count, which sticks at
 * 2^32-1, the high half changes whenever the count becomes or ceases to be 0, so
 * that a stale compare-and-swap fails. overflow_time is when the first one was
 * discarded. While an entry is pending nothing is stored except behind it:
 * the writer stores the entry as a record (header of zeroes, the count as a
 * stack of one word) as soon as it and the next sample fit, and the reader that
 * finds the ring empty makes the same record up in a buffer of its own. Either
 * way the entry stands in the stream where the samples are missing.
 *
 * What a read returned stays occupied until the next read, or an explicit commit,
 * gives it back by moving r, so that no record needs to be copied to be used.
 *
 * A writer, in the sampling interrupt:
 *
 *	if (!profbuf_ring_enter(ring, now))
 *		return;			// nested: counted, not written
 *	result = profbuf_ring_write(ring, now, tag, header, nheader, stack, nstack);
 *	result |= profbuf_ring_exit(ring);
 *	if (result & PROFBUF_RING_WAKE)
 *		wake up the reader
 *	else if (result & PROFBUF_RING_FIRST)
 *		have it woken up at the deadline, unless it will be already
 *
 * A reader:
 *
 *	while ((n = profbuf_ring_read(ring, &batch, U64_MAX)) != 0) {
 *		if (n == -EAGAIN)
 *			wait_event(queue, profbuf_ring_arm(ring));
 *		else
 *			consume(&batch);
 *	}
 *
 * Nested writers
 * --------------
 * An interrupt that hits the writer of the same ring must not write to it:
 * profbuf_ring_enter() refuses, having counted the sample in nested. The writer
 * it interrupted moves that count to the overflow entry in profbuf_ring_exit(),
 * before and after it opens the ring to others, so that none is forgotten. One that
 * is let in between, and any writer that takes its sample after others were
 * refused, moves it ahead of its own record, so that none is told too late.
 * All of this happens on one CPU, where an interrupt is over before what it interrupted
 * goes on; compiler barriers are enough.
 *
 * Waking
 * ------
 * The reader arms the wakeup by setting SLEEPING. Of the records that follow,
 * the one that brings the words stored since to the watermark wakes it. A discard
 * and the end wake at once. Who clears SLEEPING wakes, so there is one wakeup for
 * each time that it was set.
 *
 * No record may wait for ever below the watermark, but the ring acts only when a
 * sample comes, and there may be none. So the deadline is the caller's: the ring
 * tells of the first record after each arming that lets the reader sleep on. Until
 * then first_due is set. The writer looks at it behind the swap of w: ahead of it, a
 * reader who has read everything but is armed still could arm anew and leave w as it
 * was.
 *
 * A reader that is not to be trusted
 * ----------------------------------
 * The writer takes nothing from memory that the reader writes but r, and from r
 * no more than how much is free. A value that no honest reader would leave there
 * means a full ring. Where the writer writes follows from w_counts alone.
 *
 * Memory order
 * ------------
 * Each ordered access is labelled in the code. The pairs:
 *
 *	LMM(publish:A) release	LMM(read:A) acquire	record before w
 *	LMM(publish:A) release	LMM(arm:A) full		the same, w being changed by the reader
 *	LMM(commit:A) release	LMM(write:A) acquire	use of a record before its reuse
 *	LMM(lose:A) release	LMM(take:A) acquire	overflow_time, older records before a count
 *	LMM(take:B) release	LMM(lose:B) control	use of overflow_time before the next
 *	LMM(close:A) release	LMM(read:B) acquire	last record and overflow before the end
 *	LMM(extra:A) release	LMM(arm:A) full		overflow and end before EXTRA
 *	LMM(extra:A) release	LMM(read:C) acquire	the same, EXTRA being cleared
 *	LMM(arm:A) full		LMM(publish:B) acquire	armed_at before SLEEPING
 *	LMM(arm:A) full		LMM(publish:C) rmb	first_due before SLEEPING
 *
 * Of its full order arm:A takes both the acquire and the release; the kernel has
 * nothing between. The other read-modify-writes of w and overflow need no order, and
 * where one of them stands between the two of a pair, it carries on what the first
 * has released. tests/litmus/ has all of this for herd7.
 *
 * Sleeping needs no full barrier in the writer: the writer's last access and
 * the reader's first one are both read-modify-writes of w. If the writer's comes
 * first, the reader's sees what precedes it; if not, the writer sees SLEEPING.
 *
 * What differs from the original
 * ------------------------------
 * - A discard and close clear SLEEPING along with the wakeup, which otherwise the
 *   next one would send again to a reader that does not sleep.
 * - Before it reports the end or makes up an overflow entry, the reader looks once
 *   more whether a record came: it may have looked at w before and at the rest
 *   after the writer stored a record, discarded one, and closed the ring. The
 *   original loses the record in the first case and reorders in the second.
 * - Wakeups wait for a watermark, or for the caller's deadline. With a watermark of
 *   one word they come as in the original.
 * - Nested writers are refused and counted. Totals of 64 bits stand beside the
 *   sticky count. Tags are values, not pointers, so read ones need no clearing.
 * - A batch ends where the room that the reader has for it ends, too, and a batch
 *   that could not be delivered can be put back.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "ring.h"

#define RING_SLEEPING	BIT_ULL(32)
#define RING_EXTRA	BIT_ULL(33)
#define RING_TAG_SHIFT	34

static __always_inline u32 ring_data_count(u64 index)
{
	return (u32)index;
}

static __always_inline u32 ring_tag_count(u64 index)
{
	return index >> RING_TAG_SHIFT;
}

/* Adds to each count by itself: words never carry into the flags, tags fall off the top. */
static __always_inline u64 ring_advance(u64 index, u32 words, u32 records)
{
	return (u64)(ring_tag_count(index) + records) << RING_TAG_SHIFT |
	       (u32)(ring_data_count(index) + words);
}

/* How far @to is ahead of @from: 30 bits are all that both counts have. */
static __always_inline s32 ring_distance(u32 to, u32 from)
{
	return (s32)((to - from) << 2) >> 2;
}

static __always_inline u64 ring_record_words(const struct profbuf_ring *ring, u32 nstack)
{
	return (u64)PROFBUF_RING_RECORD_FIXED + ring->hdrsize + nstack;
}

static __always_inline u32 overflow_count(u64 overflow)
{
	return (u32)overflow;
}

/* The word that begins (@count > 0) or ends (@count == 0) a pending entry after @overflow. */
static __always_inline u64 overflow_next(u64 overflow, u32 count)
{
	return ((overflow >> 32) + 1) << 32 | count;
}

/**
 * profbuf_ring_layout - compute the sizes of a ring
 * @layout: where to put them
 * @hdrsize: header words of each record, 0 or more
 * @words: least words of the data ring; raised to the size of an overflow entry
 * @tags: least slots of the tag ring; raised to 1
 *
 * A ring of one tag, or one in which an overflow entry and a record do not
 * fit together, recovers from overflow only when it is read empty, and a record
 * of more than half the ring may find no room even then. Give a ring 2 tags
 * and room for four of its largest records.
 *
 * Context: any.
 * Return: 0, -EINVAL if @hdrsize is negative, -E2BIG if a ring would have to be
 * larger than the counts can tell.
 */
int profbuf_ring_layout(struct profbuf_ring_layout *layout, s64 hdrsize, s64 words, s64 tags)
{
	if (hdrsize < 0)
		return -EINVAL;
	if (hdrsize >= PROFBUF_RING_LIMIT)
		return -E2BIG;

	words = max_t(s64, words, PROFBUF_RING_RECORD_FIXED + hdrsize + 1);
	tags = max_t(s64, tags, 1);
	if (words >= PROFBUF_RING_LIMIT || tags >= PROFBUF_RING_LIMIT)
		return -E2BIG;

	layout->hdrsize = hdrsize;
	layout->data_len = roundup_pow_of_two(words);
	layout->tag_len = roundup_pow_of_two(tags);
	return 0;
}

/**
 * profbuf_ring_init - make an empty ring
 * @ring: the ring
 * @layout: its sizes, from profbuf_ring_layout()
 * @data: zeroed memory for @layout->data_len words
 * @tags: zeroed memory for @layout->tag_len words
 * @overflow_record: memory for profbuf_ring_overflow_words() words
 *
 * The memory remains the caller's, who frees it when neither writer nor reader
 * uses the ring any more. The watermark is set to one word, which every record
 * reaches.
 *
 * Context: any.
 */
void profbuf_ring_init(struct profbuf_ring *ring, const struct profbuf_ring_layout *layout,
		       u64 *data, u64 *tags, u64 *overflow_record)
{
	memset(ring, 0, sizeof(*ring));
	ring->data = data;
	ring->tags = tags;
	ring->overflow_record = overflow_record;
	ring->hdrsize = layout->hdrsize;
	ring->data_len = layout->data_len;
	ring->tag_len = layout->tag_len;
	ring->watermark = 1;
}

/*
 * Words that a record of @words takes when the writer stands at data count @count:
 * its own, and those left over at the end of the ring if it must go to the beginning.
 */
static __always_inline u64 ring_cost(const struct profbuf_ring *ring, u32 count, u64 words)
{
	u32 left = ring->data_len - (count & (ring->data_len - 1));

	return words <= left ? words : left + words;
}

/*
 * Is there room for a record of @nstack words, and for an overflow entry (0 or 1 of them)
 * ahead of it? If both fit, the record alone does: without the entry it needs no
 * rewind, or one that the entry and the record would have needed, too.
 */
static __always_inline bool ring_has_room(const struct profbuf_ring *ring, u64 r,
					  u32 overflow_entries, u32 nstack)
{
	u32 used_words = ring_distance(ring_data_count(ring->w_counts), ring_data_count(r));
	u32 used_tags = ring_distance(ring_tag_count(ring->w_counts), ring_tag_count(r));
	u64 cost = 0;

	/* A hostile r may seem ahead of w, a huge number here, or too far behind. */
	if (used_words > ring->data_len || used_tags > ring->tag_len)
		return false;

	if (overflow_entries)
		cost = ring_cost(ring, ring_data_count(ring->w_counts), ring_record_words(ring, 1));
	cost += ring_cost(ring, ring_data_count(ring->w_counts) + (u32)cost,
			  ring_record_words(ring, nstack));

	return cost <= ring->data_len - used_words &&
	       1 + overflow_entries <= ring->tag_len - used_tags;
}

/* Puts a record behind @counts, where there must be room; returns the counts behind it. */
static __always_inline u64 ring_store(struct profbuf_ring *ring, u64 counts, u64 now, u64 tag,
				      const u64 *hdr, u32 nhdr, const u64 *stack, u32 nstack)
{
	u32 words = ring_record_words(ring, nstack);
	u32 pos = ring_data_count(counts) & (ring->data_len - 1);
	u32 skip = 0;
	u64 *record;
	u32 i;

	if (words > ring->data_len - pos) {
		ring->data[pos] = 0;
		skip = ring->data_len - pos;
		pos = 0;
	}

	record = ring->data + pos;
	record[0] = words;
	record[1] = now;
	record += PROFBUF_RING_RECORD_FIXED;
	if (nhdr)
		memcpy(record, hdr, nhdr * sizeof(*hdr));
	for (i = nhdr; i < ring->hdrsize; i++)
		record[i] = 0;
	if (nstack)
		memcpy(record + ring->hdrsize, stack, nstack * sizeof(*stack));

	ring->tags[ring_tag_count(counts) & (ring->tag_len - 1)] = tag;
	return ring_advance(counts, skip + words, 1);
}

/* Has the armed reader to be woken for what is stored up to @counts? */
static __always_inline bool ring_wake_due(const struct profbuf_ring *ring, u64 counts)
{
	return ring_distance(ring_data_count(counts), READ_ONCE(ring->armed_at)) >=
	       (s32)ring->watermark;
}

/*
 * Makes everything up to @counts visible to the reader. The flags are cleared, for
 * the reader will find the records by itself, except that SLEEPING stays set while
 * the watermark lets the reader sleep on.
 */
static __always_inline int ring_publish(struct profbuf_ring *ring, u64 counts)
{
	u64 old = ring->w_counts;
	u64 new = counts;

	/*
	 * LMM(publish:A): the records and tags up to counts are stored before w
	 * says so. Nobody sleeps and nothing extra waits, as a rule: no need to load w.
	 */
	while (unlikely(!atomic64_try_cmpxchg_release(&ring->w, (s64 *)&old, new))) {
		/* LMM(publish:B): armed_at is at least as new as the SLEEPING seen here. */
		old = atomic64_read_acquire(&ring->w);
		new = counts;
		if (old & RING_SLEEPING && !ring_wake_due(ring, counts))
			new |= RING_SLEEPING;
	}
	ring->w_counts = counts;

	if (likely(!(old & RING_SLEEPING)))
		return 0;
	if (!(new & RING_SLEEPING))
		return PROFBUF_RING_WAKE;

	/* LMM(publish:C): first_due is at least as new as the SLEEPING in the w swapped. */
	smp_rmb();
	if (!READ_ONCE(ring->first_due))
		return 0;
	/* Whoever arms right now can be woken already: this is for them, too. */
	WRITE_ONCE(ring->first_due, 0);
	return PROFBUF_RING_FIRST;
}

/*
 * Tells the reader that there is something to find beside the data. Swaps w even
 * where EXTRA is set already: the reader may be about to clear it, having looked
 * for that something before it was there.
 */
static __always_inline int ring_publish_extra(struct profbuf_ring *ring)
{
	u64 old = atomic64_read(&ring->w);
	u64 new;

	do {
		new = (old | RING_EXTRA) & ~RING_SLEEPING;
		/* LMM(extra:A): the entry or the end is stored before EXTRA. */
	} while (!atomic64_try_cmpxchg_release(&ring->w, (s64 *)&old, new));

	return old & RING_SLEEPING ? PROFBUF_RING_WAKE : 0;
}

/* The writer gives up @count samples, the first of which was taken at @now. */
static __always_inline int ring_lose(struct profbuf_ring *ring, u64 now, u32 count)
{
	u64 old = atomic64_read(&ring->overflow);
	u64 new;

	do {
		if (!overflow_count(old)) {
			/*
			 * LMM(lose:B): only after seeing that no entry is pending, which
			 * controls this store, may its time be replaced.
			 */
			WRITE_ONCE(ring->overflow_time, now);
			new = overflow_next(old, count);
		} else {
			new = old + min_t(u32, count, U32_MAX - overflow_count(old));
		}
		/* LMM(lose:A): overflow_time, and all records before, precede the count. */
	} while (!atomic64_try_cmpxchg_release(&ring->overflow, (s64 *)&old, new));

	WRITE_ONCE(ring->totals.lost, ring->totals.lost + count);
	return ring_publish_extra(ring);
}

/*
 * The writer takes the pending entry to store it as a record. Returns its count, or
 * 0 if the reader was faster. overflow_time is the writer's own: no order is needed.
 */
static __always_inline u32 ring_take_overflow(struct profbuf_ring *ring)
{
	u64 old = atomic64_read(&ring->overflow);

	while (overflow_count(old)) {
		if (atomic64_try_cmpxchg_relaxed(&ring->overflow, (s64 *)&old,
						 overflow_next(old, 0)))
			break;
	}
	return overflow_count(old);
}

/*
 * Moves the samples that were refused to the overflow entry. Whoever is in the ring does
 * it. Whether to wake the reader is kept until profbuf_ring_exit().
 */
static __always_inline void ring_fold_nested(struct profbuf_ring *ring)
{
	u64 first;
	u32 count;

	if (likely(!atomic_read(&ring->nested)))
		return;

	/* Stable until the exchange: it changes with the first one only. */
	first = READ_ONCE(ring->nested_time);
	barrier();
	count = atomic_xchg_relaxed(&ring->nested, 0);
	WRITE_ONCE(ring->totals.nested, ring->totals.nested + count);
	ring->folding_result |= ring_lose(ring, first, count);
}

/**
 * profbuf_ring_enter - begin to write to a ring
 * @ring: the ring
 * @now: time of the sample, should it be refused
 *
 * Samples are taken and written between profbuf_ring_enter() and
 * profbuf_ring_exit(), so that whatever belongs to the ring's writer, say a
 * buffer for the stack, is not used twice at once.
 *
 * Context: any, NMI included, but always the same CPU, without migration until
 * profbuf_ring_exit().
 * Return: true if the caller may write, and must call profbuf_ring_exit(); false if it
 * has interrupted another writer: its sample has been counted as lost.
 */
notrace bool profbuf_ring_enter(struct profbuf_ring *ring, u64 now)
{
	if (unlikely(READ_ONCE(ring->busy))) {
		/*
		 * Interrupts nest several deep, hence the atomic. The time is set by
		 * the first one; whatever interrupts it here is over before it goes on,
		 * and the writer below it does not run before that.
		 */
		if (atomic_inc_return_relaxed(&ring->nested) == 1)
			WRITE_ONCE(ring->nested_time, now);
		return false;
	}

	WRITE_ONCE(ring->busy, 1);
	barrier();
	return true;
}
NOKPROBE_SYMBOL(profbuf_ring_enter);

/**
 * profbuf_ring_exit - end what profbuf_ring_enter() began
 * @ring: the ring
 *
 * Context: as profbuf_ring_enter().
 * Return: PROFBUF_RING_WAKE if the caller must wake the reader, else 0.
 */
notrace int profbuf_ring_exit(struct profbuf_ring *ring)
{
	int result = 0;

	for (;;) {
		ring_fold_nested(ring);
		result |= ring->folding_result;
		ring->folding_result = 0;

		barrier();
		WRITE_ONCE(ring->busy, 0);
		barrier();
		/*
		 * An interrupt that was refused since the look above is looked after
		 * here, unless another one has done so that was let in meanwhile.
		 */
		if (likely(!atomic_read(&ring->nested)))
			return result;
		WRITE_ONCE(ring->busy, 1);
		barrier();
	}
}
NOKPROBE_SYMBOL(profbuf_ring_exit);

/**
 * profbuf_ring_write - store a sample as a record, or count it as lost
 * @ring: the ring; with NULL nothing happens
 * @now: time of the sample; any value, but nested samples stand in order only if it does
 *	not decrease
 * @tag: tag of the record
 * @hdr: header words
 * @nhdr: their number; what is missing up to the ring's hdrsize is zero
 * @stack: the stack
 * @nstack: its words, 0 or more
 *
 * Context: any, NMI included, between profbuf_ring_enter() and profbuf_ring_exit().
 * Where a ring has but one writer that nothing interrupts, as in a test, these
 * two may be left out.
 * Return: the number of records stored (0: the sample was counted as lost; 2: an overflow
 * entry went ahead of it), with PROFBUF_RING_WAKE set if the caller must wake the
 * reader, or PROFBUF_RING_FIRST if the caller must see to it that the reader is
 * woken in time; -EINVAL if @nhdr exceeds the ring's hdrsize: then nothing was done.
 */
notrace int profbuf_ring_write(struct profbuf_ring *ring, u64 now, u64 tag, const u64 *hdr,
			       u32 nhdr, const u64 *stack, u32 nstack)
{
	u32 overflow_entries;
	u64 counts;
	u64 r;
	int records = 1;

	if (!ring)
		return 0;
	if (nhdr > ring->hdrsize)
		return -EINVAL;

	/* Samples refused before this one was taken are told ahead of it. */
	if (unlikely(atomic_read(&ring->nested)) &&
	    (s64)(READ_ONCE(ring->nested_time) - now) < 0)
		ring_fold_nested(ring);

	/* LMM(write:A): the reader is done with what it gave back before it is reused. */
	r = atomic64_read_acquire(&ring->r);
	overflow_entries = overflow_count(atomic64_read(&ring->overflow)) != 0;
	if (unlikely(!ring_has_room(ring, r, overflow_entries, nstack)))
		return ring_lose(ring, now, 1);

	counts = ring->w_counts;
	if (unlikely(overflow_entries)) {
		u64 lost = ring_take_overflow(ring);

		if (lost) {
			counts = ring_store(ring, counts, ring->overflow_time, 0,
					    NULL, 0, &lost, 1);
			records = 2;
		}
	}
	counts = ring_store(ring, counts, now, tag, hdr, nhdr, stack, nstack);

	WRITE_ONCE(ring->totals.written, ring->totals.written + 1);
	return records | ring_publish(ring, counts);
}
NOKPROBE_SYMBOL(profbuf_ring_write);

/**
 * profbuf_ring_filter - count a sample that is not to be recorded
 * @ring: the ring
 *
 * Context: as profbuf_ring_write().
 */
notrace void profbuf_ring_filter(struct profbuf_ring *ring)
{
	WRITE_ONCE(ring->totals.filtered, ring->totals.filtered + 1);
}
NOKPROBE_SYMBOL(profbuf_ring_filter);

/**
 * profbuf_ring_close - end the stream
 * @ring: the ring
 *
 * The reader finds the end behind everything that was written and lost before.
 * Later writes are not refused; the reader gets them, too, and then the end again.
 *
 * Context: any.
 * Return: PROFBUF_RING_WAKE if the caller must wake the reader, else 0; -EALREADY if
 * the ring was closed before.
 */
int profbuf_ring_close(struct profbuf_ring *ring)
{
	if (READ_ONCE(ring->eof))
		return -EALREADY;

	/* LMM(close:A): all that was written and lost precedes the end. */
	smp_store_release(&ring->eof, 1);
	return ring_publish_extra(ring);
}

/**
 * profbuf_ring_commit - give the last batch back to the writer
 * @ring: the ring
 *
 * Context: any; the reader.
 */
void profbuf_ring_commit(struct profbuf_ring *ring)
{
	/* LMM(commit:A): the batch was used before the writer may reuse its room. */
	if ((u64)atomic64_read(&ring->r) != ring->r_next)
		atomic64_set_release(&ring->r, ring->r_next);
}

/**
 * profbuf_ring_unread - put the last batch back
 * @ring: the ring
 *
 * For a reader that could not deliver what it read: the next read returns it again,
 * perhaps with more behind it. Only for the batch that the last read returned, and
 * only before it is committed.
 *
 * Context: any; the reader.
 */
void profbuf_ring_unread(struct profbuf_ring *ring)
{
	u64 r = atomic64_read(&ring->r);

	/* An overflow entry does not come out of the ring, and comes alone. */
	if (r == ring->r_next)
		WRITE_ONCE(ring->overflow_undelivered, true);
	WRITE_ONCE(ring->r_next, r);
}

/* The reader takes the pending entry and makes it a record, unless it has changed. */
static bool ring_synthesize_overflow(struct profbuf_ring *ring, u64 overflow)
{
	u32 words = ring_record_words(ring, 1);
	u64 *record = ring->overflow_record;
	u64 time = READ_ONCE(ring->overflow_time);

	/* LMM(take:B): the writer does not replace overflow_time before this. */
	if (!atomic64_try_cmpxchg_release(&ring->overflow, (s64 *)&overflow,
					  overflow_next(overflow, 0)))
		return false;

	memset(record, 0, words * sizeof(*record));
	record[0] = words;
	record[1] = time;
	record[words - 1] = overflow_count(overflow);
	return true;
}

static int ring_return_overflow(struct profbuf_ring *ring, struct profbuf_ring_batch *batch,
				u64 room)
{
	u64 words = ring_record_words(ring, 1);

	if (words + 1 > room) {
		WRITE_ONCE(ring->overflow_undelivered, true);
		return -EMSGSIZE;
	}

	batch->data = ring->overflow_record;
	batch->tags = &ring->overflow_tag;
	batch->words = words;
	batch->records = 1;
	return 1;
}

/* Returns the records from r_next up to @w that are contiguous and have room. */
static int ring_return_records(struct profbuf_ring *ring, struct profbuf_ring_batch *batch,
			       u64 w, u64 room)
{
	u32 words = ring_distance(ring_data_count(w), ring_data_count(ring->r_next));
	u32 tags = ring_distance(ring_tag_count(w), ring_tag_count(ring->r_next));
	u32 pos = ring_data_count(ring->r_next) & (ring->data_len - 1);
	u32 tag_pos = ring_tag_count(ring->r_next) & (ring->tag_len - 1);
	u32 skip = 0, taken = 0, records = 0;

	if (!ring->data[pos]) {
		skip = ring->data_len - pos;
		if (skip >= words)
			return -EIO;
		words -= skip;
		pos = 0;
	}
	words = min(words, ring->data_len - pos);
	tags = min(tags, ring->tag_len - tag_pos);

	while (taken < words && records < tags) {
		u64 length = ring->data[pos + taken];

		if (!length)
			break;
		/* Only memory corruption can do this; better no record than a false one. */
		if (length < ring_record_words(ring, 0) || length > words - taken)
			return -EIO;
		if (taken + length + records + 1 > room) {
			if (!records)
				return -EMSGSIZE;
			break;
		}
		taken += length;
		records++;
	}
	if (!records)
		return -EIO;

	batch->data = ring->data + pos;
	batch->tags = ring->tags + tag_pos;
	batch->words = taken;
	batch->records = records;
	WRITE_ONCE(ring->r_next, ring_advance(ring->r_next, skip + taken, records));
	return records;
}

/**
 * profbuf_ring_read - read without waiting
 * @ring: the ring; with NULL the end is reported
 * @batch: what was read; empty if nothing was
 * @room: words that the caller has room for, data and tags together
 *
 * Commits the previous batch first, whatever follows. If nothing is there, a
 * caller who wants to wait calls profbuf_ring_arm() and then sleeps until the
 * writer has it woken.
 *
 * Context: any; the reader.
 * Return: the number of records in the batch, 1 or more; 0 at the end, when all data
 * and overflow entries have been returned; -EAGAIN if there is nothing; -EMSGSIZE
 * if the next record is larger than @room: it is kept; -EIO if the ring's
 * memory was corrupted.
 */
int profbuf_ring_read(struct profbuf_ring *ring, struct profbuf_ring_batch *batch, u64 room)
{
	u64 overflow;
	u64 w;

	memset(batch, 0, sizeof(*batch));
	if (!ring)
		return 0;

	profbuf_ring_commit(ring);
	if (unlikely(ring->overflow_undelivered)) {
		WRITE_ONCE(ring->overflow_undelivered, false);
		return ring_return_overflow(ring, batch, room);
	}

	for (;;) {
		/* LMM(read:A): records and tags up to w are there. */
		w = atomic64_read_acquire(&ring->w);
		if (ring_data_count(w) != ring_data_count(ring->r_next))
			return ring_return_records(ring, batch, w, room);

		/* LMM(take:A): overflow_time and w are at least as new as the count. */
		overflow = atomic64_read_acquire(&ring->overflow);
		if (overflow_count(overflow)) {
			/*
			 * Records stored before the discards show in w now, and go first.
			 * None comes between this look and the taking of the entry, which
			 * would have changed it.
			 */
			if (ring_data_count(atomic64_read(&ring->w)) !=
			    ring_data_count(ring->r_next))
				continue;
			if (!ring_synthesize_overflow(ring, overflow))
				continue;
			return ring_return_overflow(ring, batch, room);
		}

		/* LMM(read:B): what came before the end shows in w and overflow now. */
		if (smp_load_acquire(&ring->eof)) {
			if (overflow_count(atomic64_read(&ring->overflow)) ||
			    ring_data_count(atomic64_read(&ring->w)) !=
			    ring_data_count(ring->r_next))
				continue;
			return 0;
		}

		if (!(w & RING_EXTRA))
			return -EAGAIN;
		/*
		 * LMM(read:C): if the writer set EXTRA again meanwhile, w looks the same;
		 * what it stands for shows in the next round.
		 */
		(void)atomic64_try_cmpxchg_acquire(&ring->w, (s64 *)&w, w & ~RING_EXTRA);
	}
}

/**
 * profbuf_ring_arm - ask for a wakeup
 * @ring: the ring
 *
 * From now on the writer asks its caller for a wakeup, once, when the watermark, a
 * discard or the end call for it, and tells its caller of the first record for which
 * nothing of this holds. What is there already does not count, unless it came
 * since somebody else asked who still sleeps. Either may happen before this returns:
 * who sleeps must have made itself ready to be woken first, as wait_event() does.
 *
 * Others than the reader may ask at the same time, to learn when to call it. Their
 * answer may be outdated at once by what the reader does; after profbuf_ring_unread(),
 * or a read that had too little room, they need to be told.
 *
 * Context: any.
 * Return: true if there is something to read now, so that there is no need to sleep.
 */
bool profbuf_ring_arm(struct profbuf_ring *ring)
{
	u64 w = atomic64_read(&ring->w);

	/* Even who finds something may wait for the next record when that is read. */
	WRITE_ONCE(ring->first_due, 1);
	do {
		/* Who asked earlier and sleeps must not wait longer for what is there now. */
		if (!(w & RING_SLEEPING) ||
		    ring_data_count(w) == ring_data_count(READ_ONCE(ring->r_next)))
			WRITE_ONCE(ring->armed_at, ring_data_count(w));
		/*
		 * LMM(arm:A): armed_at and first_due precede SLEEPING. What a writer stored
		 * before it last changed w shows below; a later one sees SLEEPING.
		 */
	} while (!atomic64_try_cmpxchg(&ring->w, (s64 *)&w, (w | RING_SLEEPING) & ~RING_EXTRA));

	return ring_data_count(w) != ring_data_count(READ_ONCE(ring->r_next)) ||
	       READ_ONCE(ring->overflow_undelivered) ||
	       overflow_count(atomic64_read(&ring->overflow)) ||
	       READ_ONCE(ring->eof);
}

/**
 * profbuf_ring_totals - what became of the samples so far
 * @ring: the ring
 * @totals: where to put the counts
 *
 * While a writer is at work the counts may be of slightly different moments.
 *
 * Context: any.
 */
void profbuf_ring_totals(const struct profbuf_ring *ring, struct profbuf_ring_totals *totals)
{
	totals->written = READ_ONCE(ring->totals.written);
	totals->lost = READ_ONCE(ring->totals.lost);
	totals->nested = READ_ONCE(ring->totals.nested);
	totals->filtered = READ_ONCE(ring->totals.filtered);
}
