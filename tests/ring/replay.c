// SPDX-License-Identifier: GPL-2.0
/*
 * replay - apply traces of ring operations to the ring and print every answer
 *
 * A trace is text: one command a line, words separated by single spaces, numbers
 * in decimal. Empty lines and lines that start with # are ignored. The input
 * holds any number of traces, each of which begins with "new".
 *
 *	command					answer
 *	new HDR WORDS TAGS [D T]		n DATA_LEN TAG_LEN
 *	new nil					n 0 0
 *	write TIME TAG H header... S stack...	w RECORDS
 *	rep COUNT write ...			w RECORDS
 *	read					r EOF N word... K tag...
 *	drain					an r line for each read, to the first empty one
 *	close					c
 *	bread					b
 *	join					r ...
 *	ovf COUNT				o COUNT
 *	state					s RD RT ND NT WD WT EXTRA SEQ COUNT TIME EOF
 *
 * "new" makes a ring, all of whose counts start at D words and T tags. "rep"
 * writes COUNT times, adding 1 to the time each time. A TAG of - is 0, as Go's nil
 * pointer. RECORDS is how many went into the ring: an overflow entry is one, too.
 * "bread" starts a read that blocks, in another thread; "join" waits for it.
 * Between them is one write or close, if the read sleeps. "ovf" sets the count of a
 * pending overflow entry. "state" prints r, r_next and w (each as data and tag
 * count), EXTRA, the halves of overflow, overflow_time and eof.
 *
 * Misuse, which ends a Go program, is answered by "throw too-large", "throw misuse"
 * or "throw closed", and the rest of the trace is skipped. The other throws mean that
 * the ring is broken: out-of-sync, double-wakeup, lost-wakeup.
 *
 * A malformed trace ends the program with status 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "answer.h"
#include "blocking.h"
#include "ring.h"
#include "trace.h"

#define EXTRA_BIT	33
#define TAG_SHIFT	34

/* What does not fit in this is given back, not cleared, when it was used. */
#define SMALL_WORDS	(1UL << 15)

struct area {
	u64 *words;
	size_t length;
};

struct list {
	u64 *values;
	size_t length;
	size_t size;
};

static struct profbuf_ring the_ring;
static struct profbuf_ring *ring;
static struct area data, tags, overflow_record;
static struct list header, stack;

/* Is there a trace? Is the rest of it to be skipped? */
static bool in_trace, skipping;
/* Is a bread without its join? Does it sleep? Has nobody woken it? */
static bool reading, asleep, forgotten;

static u64 pack(u64 data_count, u64 tag_count)
{
	return tag_count << TAG_SHIFT | data_count;
}

static void answer_counts(u64 index)
{
	answer_value((u32)index);
	answer_value(index >> TAG_SHIFT);
}

/* Makes the area hold at least @length words, the first of which are zero. */
static void clear_area(struct area *area, size_t length)
{
	if (length > area->length) {
		size_t new_length = length > SMALL_WORDS ? length : SMALL_WORDS;

		if (area->words)
			munmap(area->words, area->length * sizeof(u64));
		area->words = mmap(NULL, new_length * sizeof(u64), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (area->words == MAP_FAILED)
			trace_give_up("no memory for a ring of %zu words", length);
		area->length = new_length;
	} else if (length <= SMALL_WORDS) {
		memset(area->words, 0, length * sizeof(u64));
	} else if (madvise(area->words, area->length * sizeof(u64), MADV_DONTNEED)) {
		trace_give_up("cannot clear a ring of %zu words: %s", length, strerror(errno));
	}
}

/* Answers misuse. Ends a read that sleeps, as the trace will not. */
static void throw(const char *code)
{
	answer_text("throw ");
	answer_text(code);
	answer_end();
	skipping = true;

	if (reading) {
		profbuf_ring_close(ring);
		blocking_wake();
		blocking_join();
		reading = false;
		asleep = false;
	}
}

/* Wakes the reader if @result says so. False: that should not have been. */
static bool wake_if_due(int result)
{
	if (!(result & PROFBUF_RING_WAKE)) {
		forgotten = asleep;
		asleep = false;
		return true;
	}

	asleep = false;
	if (blocking_wake())
		return true;
	throw("double-wakeup");
	return false;
}

/* Checks the rules between bread and join for a command that wakes. */
static void check_waking(bool once)
{
	if (reading && !asleep)
		trace_fail("bread sleeps no more: join comes next");
	if (reading && !once)
		trace_fail("between bread and join may be one write, rep 1 or close");
}

static void check_not_nil(void)
{
	if (!ring)
		trace_fail("not for a nil ring");
}

static void check_not_reading(void)
{
	if (reading)
		trace_fail("not between bread and join");
}

static void new_ring(void)
{
	struct profbuf_ring_layout layout;
	u64 data_count = 0, tag_count = 0;
	s64 hdrsize, words, slots;
	struct word word;

	if (reading)
		trace_fail("new before join");
	in_trace = true;
	skipping = false;

	word = trace_word("HDR");
	if (word_is(word, "nil")) {
		trace_end();
		ring = NULL;
		answer_text("n 0 0");
		answer_end();
		return;
	}

	hdrsize = word_signed(word, "HDR");
	words = trace_signed("WORDS");
	slots = trace_signed("TAGS");
	if (hdrsize < 0)
		trace_fail("HDR is negative: %lld", hdrsize);
	if (trace_more()) {
		data_count = trace_unsigned("D", U32_MAX);
		tag_count = trace_unsigned("T", (1U << 30) - 1);
	}
	trace_end();

	if (profbuf_ring_layout(&layout, hdrsize, words, slots)) {
		throw("too-large");
		return;
	}
	clear_area(&data, layout.data_len);
	clear_area(&tags, layout.tag_len);
	clear_area(&overflow_record, profbuf_ring_overflow_words(&layout));

	ring = &the_ring;
	profbuf_ring_init(ring, &layout, data.words, tags.words, overflow_record.words);
	ring->w_counts = pack(data_count, tag_count);
	ring->r_next = ring->w_counts;
	atomic64_set(&ring->r, ring->w_counts);
	atomic64_set(&ring->w, ring->w_counts);

	answer_text("n");
	answer_value(ring->data_len);
	answer_value(ring->tag_len);
	answer_end();
}

static void append(struct list *list, struct word word, const char *what)
{
	if (list->length == list->size) {
		list->size = list->size ? 2 * list->size : 1024;
		list->values = realloc(list->values, list->size * sizeof(*list->values));
		if (!list->values)
			trace_give_up("no memory for %zu words", list->size);
	}
	list->values[list->length++] = word_unsigned(word, what, U64_MAX);
}

static u64 tags_written(void)
{
	return ring ? (u64)atomic64_read(&ring->w) >> TAG_SHIFT : 0;
}

/* The rest of a write command, @count times. */
static void write_records(u64 count)
{
	u64 records = 0;
	u64 tag = 0;
	struct word word;
	s64 now;

	now = trace_signed("TIME");
	word = trace_word("TAG");
	if (!word_is(word, "-"))
		tag = word_unsigned(word, "TAG", U64_MAX);
	if (!word_is(trace_word("H"), "H"))
		trace_fail("H expected");
	header.length = 0;
	while (word = trace_word("header word or S"), !word_is(word, "S"))
		append(&header, word, "header word");
	stack.length = 0;
	while (trace_more())
		append(&stack, trace_word("stack word"), "stack word");

	check_waking(count == 1);
	for (; count; count--) {
		u64 before = tags_written();
		int result = profbuf_ring_write(ring, now++, tag, header.values, header.length,
						stack.values, stack.length);

		if (result < 0) {
			throw("misuse");
			return;
		}
		before = (tags_written() - before) & ((1U << 30) - 1);
		if (before != (result & PROFBUF_RING_STORED))
			trace_give_up("the ring stored %llu records, but says %d", before,
				      result & PROFBUF_RING_STORED);
		records += before;
		if (!wake_if_due(result))
			return;
	}
	answer_text("w");
	answer_value(records);
	answer_end();
}

/* Answers a read. Did it return something? */
static bool answer_read(const struct read_result *result)
{
	const struct profbuf_ring_batch *batch = &result->batch;
	u32 i;

	if (result->status < 0 && result->status != -EAGAIN) {
		throw("out-of-sync");
		return false;
	}

	answer_text("r");
	answer_value(result->status == 0);
	answer_value(batch->words);
	for (i = 0; i < batch->words; i++)
		answer_value(batch->data[i]);
	answer_value(batch->records);
	for (i = 0; i < batch->records; i++)
		answer_value(batch->tags[i]);
	answer_end();
	return batch->words;
}

static bool read_once(void)
{
	struct read_result result;

	result.status = profbuf_ring_read(ring, &result.batch, U64_MAX);
	return answer_read(&result);
}

static void close_ring(void)
{
	int result = profbuf_ring_close(ring);

	if (result < 0) {
		throw("closed");
	} else if (wake_if_due(result)) {
		answer_text("c");
		answer_end();
	}
}

static void join(void)
{
	struct read_result result;

	if (!reading || asleep)
		trace_fail("join without a read that returns");
	if (forgotten) {
		forgotten = false;
		throw("lost-wakeup");
		return;
	}
	result = blocking_join();
	reading = false;
	answer_read(&result);
}

static void set_overflow_count(u32 count)
{
	u64 overflow = atomic64_read(&ring->overflow);

	if ((u32)overflow && count) {
		overflow = overflow >> 32 << 32 | count;
		atomic64_set(&ring->overflow, overflow);
	}
	answer_text("o");
	answer_value((u32)overflow);
	answer_end();
}

static void answer_state(void)
{
	u64 w = atomic64_read(&ring->w);
	u64 overflow = atomic64_read(&ring->overflow);

	answer_text("s");
	answer_counts(atomic64_read(&ring->r));
	answer_counts(ring->r_next);
	answer_counts(w);
	answer_value(w >> EXTRA_BIT & 1);
	answer_value(overflow >> 32);
	answer_value((u32)overflow);
	answer_value(READ_ONCE(ring->overflow_time));
	answer_value(READ_ONCE(ring->eof));
	answer_end();
}

static void command(struct word name)
{
	if (word_is(name, "write")) {
		write_records(1);
	} else if (word_is(name, "rep")) {
		u64 count = trace_unsigned("COUNT", U64_MAX);

		if (!word_is(trace_word("write"), "write"))
			trace_fail("write expected");
		write_records(count);
	} else if (word_is(name, "read")) {
		trace_end();
		check_not_reading();
		read_once();
	} else if (word_is(name, "drain")) {
		trace_end();
		check_not_reading();
		while (read_once())
			;
	} else if (word_is(name, "close")) {
		trace_end();
		check_not_nil();
		check_waking(true);
		close_ring();
	} else if (word_is(name, "bread")) {
		trace_end();
		check_not_reading();
		asleep = blocking_start(ring);
		reading = true;
		answer_text("b");
		answer_end();
	} else if (word_is(name, "join")) {
		trace_end();
		join();
	} else if (word_is(name, "ovf")) {
		u32 count = trace_unsigned("COUNT", U32_MAX);

		trace_end();
		check_not_nil();
		check_not_reading();
		set_overflow_count(count);
	} else if (word_is(name, "state")) {
		trace_end();
		check_not_nil();
		if (reading && !asleep)
			trace_fail("state between bread and join, but the read does not sleep");
		answer_state();
	} else {
		trace_fail("unknown command '%.*s'", (int)name.length, name.text);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		fprintf(stderr, "usage: %s <TRACE\n", argv[0]);
		return 2;
	}

	while (trace_next()) {
		struct word name = trace_word("command");

		if (word_is(name, "new"))
			new_ring();
		else if (!in_trace)
			trace_fail("'%.*s' before the first new", (int)name.length, name.text);
		else if (!skipping)
			command(name);
	}
	if (reading)
		trace_fail("the trace ends before join");
	answer_flush();
	return 0;
}
