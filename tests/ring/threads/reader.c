// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

/* The sample that comes next, if none is lost. */
static u64 next;
static u64 random_state;

static bool fail(struct run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(run->failure, sizeof(run->failure), format, args);
	va_end(args);
	return false;
}

/* Interrupts take their numbers while others are written, which may be lost later. */
static bool check_number(struct run *run, u64 number, const char *what)
{
	if (run->scenario->interrupted ? number >= next : number == next)
		return true;
	return fail(run, "%s %llu instead of %llu", what, number, next);
}

static bool check_entry(struct run *run, const u64 *record)
{
	u32 hdrsize = run->ring.hdrsize;
	u32 i;

	if (record[0] != 2 + hdrsize + 1)
		return fail(run, "overflow entry of %llu words", record[0]);
	for (i = 0; i < hdrsize; i++) {
		if (record[2 + i])
			return fail(run, "overflow entry with a header");
	}
	if (!record[2 + hdrsize])
		return fail(run, "overflow entry without a loss");

	run->entries++;
	put(run->lost, run->lost + record[2 + hdrsize]);
	if (run->scenario->interrupted)
		return true;
	if (!check_number(run, record[1], "loss begins at"))
		return false;
	next += record[2 + hdrsize];
	return true;
}

static bool check_record(struct run *run, const u64 *record, u64 tag)
{
	u32 hdrsize = run->ring.hdrsize;
	struct sample sample;
	u32 i;

	if (!tag)
		return check_entry(run, record);
	if (!check_number(run, record[1], "sample"))
		return false;
	next = record[1] + 1;

	sample = sample_of(run, record[1]);
	if (record[0] != 2 + hdrsize + sample.nstack)
		return fail(run, "sample %llu has %llu words", record[1], record[0]);
	if (tag != sample.tag)
		return fail(run, "sample %llu has another's tag", record[1]);
	for (i = 0; i < hdrsize; i++) {
		if (record[2 + i] != (i < sample.nhdr ? sample_word(&sample, i) : 0))
			return fail(run, "sample %llu: header word %u", record[1], i);
	}
	for (i = 0; i < sample.nstack; i++) {
		if (record[2 + hdrsize + i] != sample_word(&sample, sample.nhdr + i))
			return fail(run, "sample %llu: stack word %u", record[1], i);
	}
	put(run->records, run->records + 1);
	return true;
}

static bool check_batch(struct run *run, const struct profbuf_ring_batch *batch)
{
	u32 words = 0;
	u32 i;

	for (i = 0; i < batch->records; i++) {
		u64 length = words < batch->words ? batch->data[words] : 0;

		if (length < 2 + run->ring.hdrsize || length > batch->words - words)
			return fail(run, "record %u of a batch has %llu words", i, length);
		if (!check_record(run, batch->data + words, batch->tags[i]))
			return false;
		words += length;
	}
	put(run->batches, run->batches + 1);
	return words == batch->words || fail(run, "words behind the last record");
}

static void lag(u32 turns)
{
	while (turns--)
		sched_yield();
}

/* Lets the writer lose as many samples as are asked for, or come to its end. */
static void stop(struct run *run)
{
	struct profbuf_ring_totals totals;
	u64 until;

	profbuf_ring_totals(&run->ring, &totals);
	until = totals.lost + run->scenario->stops;
	put(run->stopped, true);
	do {
		sched_yield();
		profbuf_ring_totals(&run->ring, &totals);
	} while (totals.lost < until && !get(run->closed));
	put(run->stopped, false);
}

static bool arm(struct run *run)
{
	__atomic_add_fetch(&run->asked, 1, __ATOMIC_RELAXED);
	return profbuf_ring_arm(&run->ring);
}

static void wait_for_data(struct run *run)
{
	u32 wakes = get(run->wakes);

	if (!run->scenario->sleeps) {
		sched_yield();
	} else if (!arm(run)) {
		put(run->sleeps, run->sleeps + 1);
		put(run->asleep, true);
		run_wait(&run->wakes, wakes);
		put(run->asleep, false);
	}
}

/* Reads to the end; false if something is wrong. */
static bool read_all(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	struct profbuf_ring_batch batch;
	u64 room = U64_MAX;

	for (;;) {
		u64 random = random_next(&random_state);
		int status;

		if (scenario->fussy && room == U64_MAX)
			room = random >> 32 & 63;
		status = profbuf_ring_read(&run->ring, &batch, room);
		if (status == -EMSGSIZE && scenario->fussy) {
			room = U64_MAX - 1;
			continue;
		}
		room = U64_MAX;
		if (status == 0)
			return true;
		if (status == -EAGAIN) {
			wait_for_data(run);
			continue;
		}
		if (status < 0)
			return fail(run, "read returned %d", status);
		if (scenario->fussy && random % 8 == 0) {
			profbuf_ring_unread(&run->ring);
			continue;
		}

		/* What it then sees must be what was there. */
		if (scenario->lags && random % scenario->lags == 0)
			lag(random >> 16 & 15);
		if (!check_batch(run, &batch))
			return false;
		if (scenario->stops && run->batches % scenario->stops == 0)
			stop(run);
		if (scenario->fussy && random >> 8 & 1)
			profbuf_ring_commit(&run->ring);
	}
}

void *run_reader(void *arg)
{
	struct profbuf_ring_batch batch;
	struct run *run = arg;

	next = 0;
	random_state = run->seed * 4 + 3;
	if (read_all(run) && profbuf_ring_read(&run->ring, &batch, U64_MAX) != 0)
		fail(run, "the end came, and went");
	put(run->ended, true);
	run_event(&run->wakes);
	run_event(&run->deadlines_begun);
	return NULL;
}

/* Wants to know when there is something to read, as poll() does. */
void *run_poller(void *arg)
{
	struct run *run = arg;

	while (!get(run->ended)) {
		u32 wakes = get(run->wakes);

		if (arm(run))
			sched_yield();
		else
			run_wait(&run->wakes, wakes);
	}
	return NULL;
}

/* The timer of whoever uses the ring. */
void *run_deadline(void *arg)
{
	struct run *run = arg;
	u64 random = 1;
	u32 begun = 0;

	for (;;) {
		run_wait(&run->deadlines_begun, begun);
		if (get(run->ended))
			return NULL;
		begun = get(run->deadlines_begun);
		lag(random_next(&random) & 15);
		put(run->deadlines, run->deadlines + 1);
		run_event(&run->wakes);
	}
}
