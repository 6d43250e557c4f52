// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "explore.h"
#include "ledger.h"

#define SLEEPING	(1ULL << 32)

struct ledger *ledger;

u64 ledger_header_word(u64 time, u32 i)
{
	return time << 16 | 0x100 | i;
}

u64 ledger_stack_word(u64 time, u32 i)
{
	return time << 16 | 0x200 | i;
}

u64 ledger_tag(u64 time)
{
	return time << 16 | 0x300;
}

static struct sample *add_sample(u32 index, u64 time)
{
	if (ledger->admitted == LEDGER_SAMPLES)
		explore_fail("the scenario has more than %d samples", LEDGER_SAMPLES);

	memmove(&ledger->samples[index + 1], &ledger->samples[index],
		(ledger->admitted - index) * sizeof(*ledger->samples));
	ledger->samples[index] = (struct sample){ .time = time };
	ledger->admitted++;
	return &ledger->samples[index];
}

u8 ledger_enter(void)
{
	u8 interrupted = ledger->writer;

	ledger->inside++;
	ledger->offered++;
	ledger->writer = ++ledger->writers;
	return interrupted;
}

/*
 * One that interrupted the refusal of another is refused first, but is the later of the
 * two. Both interrupted the writer that is inside.
 */
void ledger_refused(u64 time, u8 interrupted)
{
	u32 index = ledger->admitted;
	struct sample *sample;
	u32 i;

	for (i = 0; i < ledger->admitted; i++)
		if (ledger->samples[i].outermost == ledger->writer)
			ledger->samples[i].outermost = interrupted;
	while (index > 0 && ledger->samples[index - 1].refused &&
	       ledger->samples[index - 1].time > time)
		index--;
	sample = add_sample(index, time);
	sample->refused = true;
	sample->fate = LOST;
	sample->writer = ledger->writer;
	sample->interrupted = interrupted;
	sample->outermost = interrupted;
}

/* Where a record of @words put at @place ends; at the beginning if it must go there. */
static u64 place_behind(const struct profbuf_ring *ring, u64 place, u64 words)
{
	u64 left = ring->data_len - place % ring->data_len;

	return words <= left ? place + words : place + left + words;
}

static u64 record_words(const struct profbuf_ring *ring, u32 nstack)
{
	return 2 + ring->hdrsize + nstack;
}

static u32 data_count(const atomic64_t *index)
{
	return index->counter;
}

static u32 tag_count(const atomic64_t *index)
{
	return (u64)index->counter >> 34;
}

static u32 pending(const struct profbuf_ring *ring)
{
	return ring->overflow.counter;
}

/* Is there room for a sample now? Whatever the reader does from now on only makes more. */
static bool has_room(const struct profbuf_ring *ring, u32 nstack)
{
	u64 used = (u32)(data_count(&ring->w) - data_count(&ring->r));
	u64 tags = (tag_count(&ring->w) - tag_count(&ring->r)) & 0x3fffffff;
	u64 begin = data_count(&ring->w);
	u64 end = begin;

	if (pending(ring) || ring->nested.counter) {
		end = place_behind(ring, end, record_words(ring, 1));
		tags++;
	}
	end = place_behind(ring, end, record_words(ring, nstack));
	tags++;
	return used + (end - begin) <= ring->data_len && tags <= ring->tag_len;
}

/* What interrupted a writer that had taken its time is later. */
u32 ledger_admitted(const struct profbuf_ring *ring, u64 time, u32 nstack)
{
	u32 index = ledger->admitted;
	struct sample *sample;

	while (index > 0 && ledger->samples[index - 1].outermost == ledger->writer &&
	       ledger->samples[index - 1].time > time)
		index--;
	sample = add_sample(index, time);
	sample->nstack = nstack;
	sample->writer = ledger->writer;
	sample->must_store = has_room(ring, nstack);
	return index;
}

static void decide(struct sample *sample, enum fate fate)
{
	if (sample->fate != UNDECIDED && sample->fate != fate)
		explore_fail("the sample of time %u was both stored and lost", sample->time);
	sample->fate = fate;
}

void ledger_settle(u32 index, u32 records)
{
	struct sample *sample = &ledger->samples[index];

	decide(sample, records ? STORED : LOST);
	if (sample->must_store && !records)
		explore_fail("the sample of time %u was lost though there was room", sample->time);
}

static void expect_total(const char *what, u64 is, u64 should_be)
{
	if (is != should_be)
		explore_fail("%llu samples are said to be %s, not %llu", is, what, should_be);
}

/* The sum of what was offered is exact whenever no writer is inside. */
void ledger_leave(const struct profbuf_ring *ring, u8 interrupted)
{
	u32 stored = 0, lost = 0, nested = 0;
	u32 i;

	ledger->writer = interrupted;
	if (--ledger->inside)
		return;

	for (i = 0; i < ledger->admitted; i++) {
		const struct sample *sample = &ledger->samples[i];

		if (sample->fate == UNDECIDED)
			explore_fail("nobody knows what became of the sample of time %u",
				     sample->time);
		stored += sample->fate == STORED;
		lost += sample->fate == LOST;
		nested += sample->refused;
	}
	ledger->settled = ledger->admitted;

	expect_total("written", ring->totals.written, stored);
	expect_total("lost", ring->totals.lost, lost);
	expect_total("nested", ring->totals.nested, nested);
	expect_total("filtered", ring->totals.filtered, ledger->filtered);
	expect_total("any of these", stored + lost + ledger->filtered, ledger->offered);
}

/* The first sample that was not told of which nobody knows that it is of the other kind. */
static const struct sample *next_lost(void)
{
	u32 lost = 0;
	u32 i;

	for (i = 0; i < ledger->admitted; i++)
		if (ledger->samples[i].fate != STORED && lost++ == ledger->told.lost)
			return &ledger->samples[i];
	return NULL;
}

static struct sample *next_record(void)
{
	u32 i;

	for (i = ledger->told.records_to; i < ledger->admitted; i++)
		if (ledger->samples[i].fate != LOST)
			return &ledger->samples[i];
	return NULL;
}

static u32 lost_among(u32 samples)
{
	u32 lost = 0;
	u32 i;

	for (i = 0; i < samples; i++)
		lost += ledger->samples[i].fate == LOST;
	return lost;
}

/* One of them interrupted the other, so that either may be counted first. */
static bool at_once(const struct sample *a, const struct sample *b)
{
	if (a->refused && b->refused)
		return a->interrupted == b->writer || b->interrupted == a->writer;
	return (a->refused && a->outermost == b->writer) ||
	       (b->refused && b->outermost == a->writer);
}

/*
 * An entry has the time of the first sample that it counts. Which of those it is that
 * came at once depends.
 */
static void deliver_overflow(u64 time, u64 count)
{
	const struct sample *first = next_lost();
	const struct sample *record = next_record();
	u32 may_be_lost = 0;
	bool found = false;
	u32 i;

	if (!first)
		explore_fail("the reader got an overflow entry of time %llu too many", time);
	if (record && record < first && record->fate == STORED)
		explore_fail("an overflow entry of time %llu ahead of a record of time %u",
			     time, record->time);
	for (i = 0; i < ledger->admitted; i++) {
		const struct sample *sample = &ledger->samples[i];

		if (sample->fate == STORED)
			continue;
		may_be_lost++;
		if (sample->time == time && (sample == first || at_once(sample, first)))
			found = true;
	}
	if (!found)
		explore_fail("the reader got an overflow entry of time %llu, not %u", time,
			     first->time);
	ledger->told.lost += count;
	if (!count || ledger->told.lost > may_be_lost)
		explore_fail("the reader got an overflow entry that counts %llu samples", count);
}

static void deliver_record(const struct profbuf_ring *ring, const u64 *record, u64 tag)
{
	struct sample *sample = next_record();
	u64 time = record[1];
	u32 lost, nested = 0;
	u32 i;

	if (!sample || time != sample->time)
		explore_fail("the reader got a record of time %llu, not %u", time,
			     sample ? sample->time : 0);
	decide(sample, STORED);

	/* Of those that were refused while it was written some may have been told. */
	ledger->told.records_to = sample - ledger->samples + 1;
	lost = lost_among(ledger->told.records_to);
	for (i = ledger->told.records_to; i < ledger->admitted; i++)
		nested += at_once(&ledger->samples[i], sample);
	if (ledger->told.lost < lost || ledger->told.lost > lost + nested)
		explore_fail("a record of time %llu, with %u samples lost before, not %u",
			     time, ledger->told.lost, lost);

	if (record[0] != record_words(ring, sample->nstack))
		explore_fail("the record of time %llu is torn: length", time);
	for (i = 0; i < ring->hdrsize; i++)
		if (record[2 + i] != ledger_header_word(time, i))
			explore_fail("the record of time %llu is torn: header", time);
	for (i = 0; i < sample->nstack; i++)
		if (record[2 + ring->hdrsize + i] != ledger_stack_word(time, i))
			explore_fail("the record of time %llu is torn: stack", time);
	if (tag != ledger_tag(time))
		explore_fail("the record of time %llu has the tag %llx", time, tag);
}

/* Go through a batch, and take a copy to see that it stays as it is until committed. */
void ledger_delivered(const struct profbuf_ring *ring, const struct profbuf_ring_batch *batch)
{
	u32 words = 0;
	u32 n, i;

	if (batch->words + batch->records > LEDGER_HELD || !batch->records)
		explore_fail("a batch of %u records and %u words", batch->records, batch->words);

	ledger->told_before_batch = ledger->told;
	for (n = 0; n < batch->records; n++) {
		const u64 *record = batch->data + words;

		if (record[0] < record_words(ring, 0) || record[0] > batch->words - words)
			explore_fail("record %u of a batch has the length %llu", n, record[0]);

		/* No sample has the tag 0. */
		if (batch->tags[n]) {
			deliver_record(ring, record, batch->tags[n]);
		} else {
			for (i = 0; i < ring->hdrsize; i++)
				if (record[2 + i])
					explore_fail("an overflow entry with a header");
			if (record[0] != record_words(ring, 1))
				explore_fail("an overflow entry of %llu words", record[0]);
			deliver_overflow(record[1], record[2 + ring->hdrsize]);
		}
		words += record[0];
	}
	if (words != batch->words)
		explore_fail("a batch of %u words has %u in records", batch->words, words);

	ledger->held_data = batch->data;
	ledger->held_tags = batch->tags;
	ledger->held_words = batch->words;
	ledger->held_records = batch->records;
	ledger->held_r = ring->r.counter;
	memcpy(ledger->held, batch->data, batch->words * sizeof(u64));
	memcpy(ledger->held + batch->words, batch->tags, batch->records * sizeof(u64));
}

static void hold_nothing(void)
{
	ledger->held_words = 0;
	ledger->held_records = 0;
}

/* A batch from the ring is held until r moves, the reader's own buffer only until now. */
void ledger_begin_read(const struct profbuf_ring *ring)
{
	if (ledger->held_data == ring->overflow_record)
		hold_nothing();
}

void ledger_unread(void)
{
	ledger->told = ledger->told_before_batch;
	hold_nothing();
}

struct look ledger_look(const struct profbuf_ring *ring)
{
	return (struct look){
		.settled = ledger->settled,
		.offered = ledger->offered,
		.inside = ledger->inside,
		.overflow = ring->overflow.counter,
	};
}

/*
 * The reader was told that nothing is there. Samples lost may be in nobody's sight: in an
 * overflow entry that a writer has taken, to store it. It is not so if the entry was
 * pending all the time, or nobody was inside who could have taken it.
 */
void ledger_nothing_to_read(const struct profbuf_ring *ring, const char *what, struct look before)
{
	const struct sample *record = next_record();
	u64 overflow = ring->overflow.counter;
	bool same_entry = before.overflow >> 32 == overflow >> 32;
	bool writer = before.inside || before.offered != ledger->offered;
	bool taken = !same_entry || (!(u32)overflow && writer);

	if (record && record < &ledger->samples[before.settled])
		explore_fail("%s, but the record of time %u was not delivered", what, record->time);
	if (!taken && ledger->told.lost < lost_among(before.settled))
		explore_fail("%s, but the reader was told of only %u samples lost", what,
			     ledger->told.lost);
}

static void watch_sleeping(const struct profbuf_ring *ring)
{
	bool sleeping = ring->w.counter & SLEEPING;

	if (sleeping && !ledger->sleeping)
		ledger->asked++;
	if (!sleeping && ledger->sleeping)
		ledger->wake_owed = true;
	ledger->sleeping = sleeping;
}

void ledger_wake(const struct profbuf_ring *ring)
{
	watch_sleeping(ring);
	if (!ledger->asked)
		explore_fail("a wakeup that nobody has asked for");
	ledger->asked--;
	ledger->wake_owed = false;
	ledger->reader.woken = true;
	ledger->poller.woken = true;
}

void ledger_ask(struct asker *asker)
{
	*asker = (struct asker){ 0 };
	ledger->firsts_left++;
}

void ledger_asked(const struct profbuf_ring *ring, struct asker *asker, bool readable)
{
	asker->asked = true;
	asker->asleep = !readable;
	asker->data_count = data_count(&ring->w);
}

void ledger_begin_deadline(void)
{
	if (!ledger->firsts_left)
		explore_fail("a first record that nobody has asked for");
	ledger->firsts_left--;
	ledger->deadline_begun = true;
	ledger->reader.promised = true;
	ledger->poller.promised = true;
}

bool ledger_deadline(void)
{
	if (!ledger->deadline_begun)
		return false;
	ledger->deadline_begun = false;
	ledger->reader.woken = true;
	ledger->poller.woken = true;
	return true;
}

static u32 unread(const struct profbuf_ring *ring)
{
	return data_count(&ring->w) - (u32)ring->r_next;
}

bool ledger_wake_due(const struct profbuf_ring *ring)
{
	return ring->eof || pending(ring) || unread(ring) >= ring->watermark;
}

/* Nobody is about to keep a promise, or to make one. */
static void check_asker(const struct profbuf_ring *ring, const struct asker *asker,
			const char *name)
{
	if (asker->woken)
		return;
	if (asker->asleep && ledger_wake_due(ring))
		explore_fail("the %s sleeps on, though something calls for a wakeup", name);
	if (asker->promised)
		return;
	if (asker->asleep && unread(ring))
		explore_fail("the %s sleeps on without a deadline, though something is unread",
			     name);
	/* Who was told of something, too, may count on hearing of what comes later. */
	if (asker->asked && asker->data_count != data_count(&ring->w))
		explore_fail("the %s was not told of a record that came after it asked", name);
}

void ledger_check(const struct profbuf_ring *ring)
{
	if ((u64)ring->r.counter == ledger->held_r &&
	    (memcmp(ledger->held, ledger->held_data, ledger->held_words * sizeof(u64)) ||
	     memcmp(ledger->held + ledger->held_words, ledger->held_tags,
		    ledger->held_records * sizeof(u64))))
		explore_fail("a batch changed before it was committed");

	watch_sleeping(ring);

	/* What follows holds while nobody is about to wake the reader. */
	if (ledger->inside || (ledger->closing && !ledger->closed))
		return;
	if (ledger->wake_owed)
		explore_fail("SLEEPING was cleared without a wakeup");
	/* A writer that cleared it twice on its way wakes once. */
	if (ledger->asked > ledger->sleeping)
		ledger->asked = ledger->sleeping;
	check_asker(ring, &ledger->reader, "reader");
	check_asker(ring, &ledger->poller, "poller");
}

void ledger_final(const struct profbuf_ring *ring)
{
	if (ledger->inside)
		explore_fail("a writer hangs");
	if (next_record())
		explore_fail("the record of time %u did not come out", next_record()->time);
	if (ledger->told.lost != lost_among(ledger->admitted))
		explore_fail("the reader was told of %u samples lost, not of %u", ledger->told.lost,
			     lost_among(ledger->admitted));
	if (pending(ring) || data_count(&ring->w) != (u32)ring->r_next)
		explore_fail("something is left in the ring");
}
